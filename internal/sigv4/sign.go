// Package sigv4 speaks AWS Signature Version 4, by which a caller proves with
// each request that it holds a secret key, without sending it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Credentials are what a caller signs with.
type Credentials struct {
	AccessKeyID, SecretAccessKey string
	SessionToken                 string // of temporary credentials; else empty
}

// A Scope limits what a signature is good for: one day, one region, one service.
type Scope struct{ Region, Service string }

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	timeFormat = "20060102T150405Z"
	dayFormat  = "20060102"
)

// unsigned are fields that proxies and clients may add or change on the way.
// AWS's own signers leave them out as well.
var unsigned = map[string]bool{
	"authorization": true, "user-agent": true, "x-amzn-trace-id": true, "expect": true,
	"connection": true, "transfer-encoding": true, "accept-encoding": true,
}

// Sign sets the fields X-Amz-Date, X-Amz-Security-Token (with a session token)
// and Authorization of a request whose body is payload, as of the time at.
// Everything else of the request must have its final form, the fields above
// excepted: what they hold is replaced.
//
// The path is encoded once more for the signature than on the wire, as every
// service but S3 wants it.
func Sign(r *http.Request, payload []byte, c Credentials, s Scope, at time.Time) {
	at = at.UTC()
	r.Header.Set("X-Amz-Date", at.Format(timeFormat))
	r.Header.Del("X-Amz-Security-Token")
	if c.SessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", c.SessionToken)
	}
	names, fields := canonicalFields(r, len(payload))
	request := strings.Join([]string{
		r.Method, canonicalPath(r.URL), canonicalQuery(r.URL.RawQuery), fields, names, sum(payload),
	}, "\n")
	day := at.Format(dayFormat)
	scope := day + "/" + s.Region + "/" + s.Service + "/" + terminator
	text := strings.Join([]string{algorithm, at.Format(timeFormat), scope, sum([]byte(request))}, "\n")
	signature := hex.EncodeToString(mac(key(c.SecretAccessKey, day, s), text))
	r.Header.Set("Authorization", algorithm+" Credential="+c.AccessKeyID+"/"+scope+
		", SignedHeaders="+names+", Signature="+signature)
}

// key derives the key of a day, region and service from a secret.
func key(secret, day string, s Scope) []byte {
	k := []byte("AWS4" + secret)
	for _, part := range []string{day, s.Region, s.Service, terminator} {
		k = mac(k, part)
	}
	return k
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// canonicalPath encodes each segment of the escaped path once more.
func canonicalPath(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		return "/"
	}
	segments := strings.Split(path, "/")
	for i := range segments {
		segments[i] = encode(segments[i])
	}
	return strings.Join(segments, "/")
}

// canonicalQuery sorts the pairs by their encoded form. A key without "=" has
// the empty value.
func canonicalQuery(raw string) string {
	var pairs [][2]string
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		k, v, _ := strings.Cut(pair, "=")
		pairs = append(pairs, [2]string{recode(k), recode(v)})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int {
		if c := strings.Compare(a[0], b[0]); c != 0 {
			return c
		}
		return strings.Compare(a[1], b[1])
	})
	list := make([]string, len(pairs))
	for i, p := range pairs {
		list[i] = p[0] + "=" + p[1]
	}
	return strings.Join(list, "&")
}

// recode brings a part of a query into the one form that counts. What is not
// encoded correctly is taken as it stands.
func recode(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		s = plain
	}
	return encode(s)
}

// encode percent-encodes all but the unreserved characters of RFC 3986, with
// capital digits.
func encode(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	return b.String()
}

// canonicalFields are the names of the signed fields and the fields, sorted,
// each field with its line end.
func canonicalFields(r *http.Request, length int) (names, fields string) {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	list := map[string]string{"host": host}
	if length > 0 {
		list["content-length"] = strconv.Itoa(length)
	}
	for name, values := range r.Header {
		if name = strings.ToLower(name); unsigned[name] {
			continue
		}
		trimmed := make([]string, len(values))
		for i, v := range values {
			trimmed[i] = strings.Join(strings.Fields(v), " ")
		}
		list[name] = strings.Join(trimmed, ",")
	}
	sorted := make([]string, 0, len(list))
	for name := range list {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	var b strings.Builder
	for _, name := range sorted {
		b.WriteString(name + ":" + list[name] + "\n")
	}
	return strings.Join(sorted, ";"), b.String()
}
