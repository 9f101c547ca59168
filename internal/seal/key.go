package seal

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

const (
	keySize   = 32
	checkSize = 4
	keyPrefix = "ghkey1_"
)

// MaxKeyText is more than the text of any key has bytes, spaces around included.
const MaxKeyText = 256

// A Key is a master key. It does not show itself: package fmt, encoders and
// logs print its id. Only Reveal tells the secret. It is immutable.
type Key struct {
	// Functions: package fmt calls no methods of what lies in unexported fields
	// of others and prints the bytes there, sometimes through pointers too.
	secret func() [keySize]byte
	root   func() []byte // what all else is derived from
	id     [idSize]byte
}

// NewKey makes a random key.
func NewKey() *Key {
	var secret [keySize]byte
	rand.Read(secret[:]) // ends the process rather than fail
	return newKey(secret)
}

func newKey(secret [keySize]byte) *Key {
	root, err := hkdf.Extract(sha256.New, secret[:], []byte("gatehouse seal"))
	if err != nil {
		panic(err) // never for SHA-256 and 32 bytes
	}
	k := &Key{secret: func() [keySize]byte { return secret }, root: func() []byte { return root }}
	copy(k.id[:], k.derive("id", idSize))
	return k
}

// Parse reads a key as Reveal writes it, or as 64 hexadecimal digits, which is
// what `openssl rand -hex 32` prints. White space around it is ignored. The
// error does not repeat the text.
func Parse(text string) (*Key, error) {
	text = strings.TrimSpace(text)
	b, err := hex.DecodeString(text)
	if rest, ok := strings.CutPrefix(text, keyPrefix); ok {
		b, err = decodeKey(rest)
	} else if err != nil || len(b) != keySize {
		err = fmt.Errorf("master key: %d characters that are no key: want %s and 48 characters as gatehouse makes it, or 64 hexadecimal digits as `openssl rand -hex 32` prints them", len(text), keyPrefix)
	}
	if err != nil {
		return nil, err
	}
	if bytes.Count(b, b[:1]) == len(b) {
		return nil, errors.New("master key: is one byte repeated, so anybody could guess it: take 64 hexadecimal digits of `openssl rand -hex 32`")
	}
	return newKey([keySize]byte(b)), nil
}

// decodeKey reads what follows the prefix: the key and a sum that tells a slip
// of the hand from a wrong key.
func decodeKey(text string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != keySize+checkSize {
		return nil, fmt.Errorf("master key: %s is followed by %d characters that are no key: want 48 of A-Z, a-z, 0-9, - and _", keyPrefix, len(text))
	}
	if subtle.ConstantTimeCompare(check(b[:keySize]), b[keySize:]) != 1 {
		return nil, errors.New("master key: its checksum does not match: it was not copied as it was; copy it again")
	}
	return b[:keySize], nil
}

func check(secret []byte) []byte {
	sum := sha256.Sum256(append([]byte("gatehouse key check "), secret...))
	return sum[:checkSize]
}

// Reveal is the text of the key, for the one file that it is kept in. It must
// be neither logged nor shown.
func (k *Key) Reveal() string {
	secret := k.secret()
	return keyPrefix + base64.RawURLEncoding.EncodeToString(append(secret[:], check(secret[:])...))
}

// ID names the key, in 16 hexadecimal digits. It is no secret: every sealed
// value carries it.
func (k Key) ID() string { return hex.EncodeToString(k.id[:]) }

// String names the key.
func (k Key) String() string { return "master key " + k.ID() }

// Format implements fmt.Formatter for all verbs, so that no log ever shows the
// secret by accident.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.String()) }

// MarshalText names the key, so that no encoder shows more.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
