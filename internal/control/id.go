package control

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"
)

// Lengths of generated ids, in characters of [a-z0-9]. No client validates
// them; these are the ones seen on AWS.
const (
	APIIDLength        = 10
	RouteIDLength      = 7 // and integrations
	DeploymentIDLength = 6
	ResourceIDLength   = 6 // authorizers, models, VPC links and API mappings
)

const idAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// NewID returns n random characters of [a-z0-9]. An id is no secret, but one
// that can be guessed invites guessing. Whoever stores it makes sure that it is
// new: Tx.Put of a key that was not loaded does.
func NewID(n int) string {
	// 252 is the largest multiple of 36 in a byte; what lies above would favour
	// the first letters.
	const fair = 256 / len(idAlphabet) * len(idAlphabet)
	id := make([]byte, 0, n)
	var raw [64]byte
	for {
		rand.Read(raw[:]) // never fails: the runtime ends the process rather
		for _, b := range raw {
			if len(id) == n {
				return string(id)
			}
			if int(b) < fair {
				id = append(id, idAlphabet[int(b)%len(idAlphabet)])
			}
		}
	}
}

// CustomIDTag is the tag with which the creator of a thing chooses its id. It
// is not kept as a tag.
const CustomIDTag = "_custom_id_"

// An id stands in a Host as one label, so it is lower case, and at most 63
// characters (RFC 1035 section 2.3.4).
var customID = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// vpcMark stands between an API's id and that of a VPC endpoint in a Host
// (developer guide, "Invoke a private API"): an id that held it would be cut
// there, and found by no Host.
const vpcMark = "-vpce-"

// checkCustomID takes an id that its API can be reached by.
func checkCustomID(id string) error {
	switch {
	case !customID.MatchString(id):
		return fmt.Errorf("tag %s: %.80q is no id: use 1 to 63 characters of a-z, 0-9 and inner hyphens", CustomIDTag, id)
	case strings.Contains(id, vpcMark):
		return fmt.Errorf("tag %s: %q is no id: in a host name %s ends an API's id and begins that of a VPC endpoint", CustomIDTag, id, vpcMark)
	}
	return nil
}
