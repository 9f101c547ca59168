package flow

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"unsafe"
)

// newID writes a request id into buf and returns a view of it: 15 characters
// of the base64 alphabet and "=", the form of Apigw-Requestid on AWS, which is
// 11 bytes in base64. It identifies and does not authenticate, so the fast
// generator of the runtime will do.
func newID(buf *[16]byte) string {
	var raw [16]byte
	binary.LittleEndian.PutUint64(raw[:], rand.Uint64())
	binary.LittleEndian.PutUint64(raw[8:], rand.Uint64())
	base64.StdEncoding.Encode(buf[:], raw[:11])
	return unsafe.String(&buf[0], len(buf))
}

// replacedID is what stands for the id of a client that is none (developer
// guide, "x-amzn-RequestId": a value that is no UUID is replaced by it).
const replacedID = "UUID_REPLACED_INVALID_REQUEST_ID"

// Identify gives the exchange its UUID: the client's own where it sent one,
// else a new one of version 4 (RFC 9562 section 5.4).
func (x *Exchange) Identify() {
	switch own, ok := x.In.Header.Get("x-amzn-RequestId"); {
	case !ok:
		x.UUID = newUUID(&x.uuid)
	case uuid(own):
		x.UUID = unsafe.String(&x.uuid[0], copy(x.uuid[:], own))
	default:
		x.UUID = replacedID
	}
}

func newUUID(buf *[36]byte) string {
	var raw [16]byte
	binary.LittleEndian.PutUint64(raw[:], rand.Uint64())
	binary.LittleEndian.PutUint64(raw[8:], rand.Uint64())
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	at, from := 0, 0
	for _, n := range [...]int{4, 2, 2, 2, 6} {
		if at > 0 {
			buf[at] = '-'
			at++
		}
		at += hex.Encode(buf[at:], raw[from:from+n])
		from += n
	}
	return unsafe.String(&buf[0], len(buf))
}

// uuid reports whether s has the form of a UUID: RFC 9562 section 4.
func uuid(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f') {
			return false
		}
	}
	return true
}
