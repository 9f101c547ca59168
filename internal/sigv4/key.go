package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	timeForm   = "20060102T150405Z" // of X-Amz-Date, in UTC
	dayForm    = "20060102"
)

// scope is what one signing key is good for.
type scope struct {
	day, region, service string
}

func (s scope) String() string {
	return s.day + "/" + s.region + "/" + s.service + "/" + terminator
}

// key derives the signing key of a scope from a secret.
func (s scope) key(secret string) []byte {
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.day, s.region, s.service, terminator} {
		key = mac(key, part)
	}
	return key
}

// signature signs a canonical request as of a time: lower-case hexadecimal, 64 digits.
func (s scope) signature(secret string, at time.Time, c canonical) string {
	text := algorithm + "\n" + at.UTC().Format(timeForm) + "\n" + s.String() + "\n" + HashPayload([]byte(c.String()))
	return hex.EncodeToString(mac(s.key(secret), text))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
