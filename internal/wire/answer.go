package wire

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
)

// answer is a whole response.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// answer turns an error into its response: type in x-amzn-ErrorType, where clients look first, and a JSON body.
func (e *Error) answer() answer {
	a := answer{status: e.Status, header: e.Header.Clone()}
	if a.header == nil {
		a.header = http.Header{}
	}
	var err error
	if a.body, err = json.Marshal(e.body()); err != nil {
		return internal(fmt.Errorf("error %s: fields: %w", e.Type, err)).answer()
	}
	a.header.Set("x-amzn-ErrorType", e.Type)
	a.header.Set("Content-Type", jsonType)
	return a
}

func (a answer) write(w http.ResponseWriter, r *http.Request, requestID string) {
	h := w.Header()
	maps.Copy(h, a.header)
	h.Set("x-amzn-RequestId", requestID)
	h.Set("x-amz-apigw-id", newExtendedID())
	if a.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
		if len(a.body) == 0 && h.Get("Content-Type") == "" {
			h.Set("Content-Type", jsonType)
		}
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead && len(a.body) > 0 {
		_, _ = w.Write(a.body) // a client that went away is nobody's error
	}
}

// newRequestID is a random UUID (RFC 9562, version 4).
func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the process instead
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// newExtendedID has the form of x-amz-apigw-id: 16 characters of base64, the last of them padding.
func newExtendedID() string {
	var b [11]byte
	_, _ = rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}
