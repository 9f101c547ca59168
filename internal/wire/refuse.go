package wire

import (
	"encoding/binary"
	"encoding/xml"
	"net/http"
)

// refuse answers a call whose service is not known yet, in the form of the protocol that the request seems to speak: a client that
// cannot read the refusal would report a parse error instead of the reason.
func (e *Error) refuse(w http.ResponseWriter, r *http.Request) {
	id := newRequestID()
	a := e.answer()
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		// The JSON protocols look for the type in the body only.
		typed := *e
		typed.Fields = map[string]any{"__type": e.Type}
		a = typed.answer()
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		a.body = e.cbor()
		a.header.Set("Content-Type", "application/cbor")
		a.header.Set("Smithy-Protocol", "rpc-v2-cbor")
	case isForm(r) || r.URL.Query().Has("Action"):
		a.body = e.xml(id)
		a.header.Set("Content-Type", "text/xml")
	}
	a.write(w, r, id)
}

// xml is the error of the query protocol.
func (e *Error) xml(requestID string) []byte {
	type fault struct {
		Type, Code, Message string
	}
	text, _ := xml.Marshal(struct { // three strings always marshal
		XMLName   xml.Name `xml:"ErrorResponse"`
		Error     fault
		RequestID string `xml:"RequestId"`
	}{Error: fault{"Sender", e.Type, e.Message}, RequestID: requestID})
	return text
}

// cbor is the error of the RPC v2 CBOR protocol: a map of two texts (RFC 8949).
func (e *Error) cbor() []byte {
	b := []byte{5<<5 | 2}
	for _, s := range []string{"__type", e.Type, "message", e.Message} {
		b = append(b, 3<<5|25) // a text whose length follows in two bytes
		s = s[:min(len(s), 1<<16-1)]
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
	}
	return b
}
