package flow

import (
	"encoding/base64"
	"encoding/binary"
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
