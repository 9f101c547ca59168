// Package seal keeps secrets readable for one installation and for nobody else:
// authenticated encryption under a master key, for each secret that is stored
// and, as a stream, for backups.
//
// A sealed value belongs to a place, such as the key of the document that it is
// kept in. It opens there and nowhere else, so that whoever can write to the
// store cannot move one secret to where another is expected.
//
// Every message is encrypted under a key of its own:
//
//	root        = HKDF-Extract(salt "gatehouse seal", master key)
//	message key = HKDF-Expand(root, kind || salt || place), 32 bytes
//
// with SHA-256 (RFC 5869) and a salt of 24 random bytes. So AES-256-GCM never
// sees a key twice, its nonce may be fixed, and no number of messages wears a
// master key out. What is sealed looks like this:
//
//	value    0x01 | key id (8) | salt (24) | ciphertext and tag
//	stream   "GHS\x01" | key id (8) | salt (24) | chunks (stream.go)
//
// The head is authenticated as well. The key id tells which key of a Keyring
// to take: after a rotation old values open and new ones are sealed under the
// new key.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// Why nothing was opened, for errors.Is. Neither says anything about the
// content: who can send sealed bytes must not learn from the refusals.
var (
	// ErrKey: sealed under a key that the Keyring does not hold.
	ErrKey = errors.New("sealed under another master key")
	// ErrBroken: cut short, changed, moved from its place, or never sealed.
	ErrBroken = errors.New("not intact: cut short, changed, or of another place")
)

const (
	idSize   = 8
	saltSize = 24
	tagSize  = 16

	valueMagic = "\x01"
	valueHead  = len(valueMagic) + idSize + saltSize
)

// Overhead is the number of bytes by which a sealed value is longer than its content.
const Overhead = valueHead + tagSize

// A Keyring seals under one key and opens under any that it holds. It is
// immutable; any number of goroutines may use it.
type Keyring struct {
	first *Key
	byID  map[[idSize]byte]*Key
}

// NewKeyring returns a Keyring that seals under the first key. The others are
// those from before a rotation. A key may be given twice.
func NewKeyring(first *Key, older ...*Key) *Keyring {
	r := &Keyring{first: first, byID: map[[idSize]byte]*Key{first.id: first}}
	for _, k := range older {
		r.byID[k.id] = k
	}
	return r
}

// ID names the key that seals, as Key.ID does.
func (r *Keyring) ID() string { return r.first.ID() }

// Seal encrypts plain for a place. Two calls never return the same bytes. plain
// stays the caller's, and so does the result. It does not hide the length.
func (r *Keyring) Seal(place string, plain []byte) []byte {
	out := make([]byte, 0, len(plain)+Overhead)
	out = append(out, valueMagic...)
	out = r.first.salted(out)
	head := out[:valueHead:valueHead]
	return r.first.aead(kindValue, head[len(head)-saltSize:], place).Seal(out, make([]byte, nonceSize), plain, head)
}

// Open returns what was sealed for the place: ErrKey if that was done under a
// key that is not at hand, ErrBroken for everything else that does not open.
// sealed stays the caller's, and so does the result.
func (r *Keyring) Open(place string, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead || string(sealed[:len(valueMagic)]) != valueMagic {
		return nil, fmt.Errorf("open %q: %w", place, ErrBroken)
	}
	head := sealed[:valueHead]
	key, err := r.key(head[len(valueMagic):])
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", place, err)
	}
	plain, err := key.aead(kindValue, head[valueHead-saltSize:], place).Open(nil, make([]byte, nonceSize), sealed[valueHead:], head)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", place, ErrBroken)
	}
	return plain, nil
}

// Stale reports whether a sealed value names another key than the one that
// seals: after a rotation it should be opened and sealed again.
func (r *Keyring) Stale(sealed []byte) bool {
	if len(sealed) < Overhead {
		return false
	}
	return [idSize]byte(sealed[len(valueMagic):]) != r.first.id
}

// key is the key of which b begins with the id.
func (r *Keyring) key(b []byte) (*Key, error) {
	if k := r.byID[[idSize]byte(b)]; k != nil {
		return k, nil
	}
	return nil, fmt.Errorf("%w, %x; at hand is %s", ErrKey, b[:idSize], r.ID())
}

// The kinds of messages. A key for one is never the key for another.
const (
	kindValue  = "value"
	kindStream = "stream"
)

const nonceSize = 12

// salted appends the key's id and a new salt.
func (k *Key) salted(b []byte) []byte {
	b = append(b, k.id[:]...)
	b = b[:len(b)+saltSize]
	rand.Read(b[len(b)-saltSize:]) // ends the process rather than fail
	return b
}

// aead is AES-256-GCM under the key of one message. kind and salt cannot run
// into one another or into place: the one is of a closed set of which none
// begins another, the other has a fixed length.
func (k *Key) aead(kind string, salt []byte, place string) cipher.AEAD {
	block, err := aes.NewCipher(k.derive(kind+string(salt)+place, 32))
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has blocks of 16 bytes
	}
	return gcm
}

func (k *Key) derive(info string, size int) []byte {
	b, err := hkdf.Expand(sha256.New, k.root(), info, size)
	if err != nil {
		panic(err) // only for more than 255*32 bytes
	}
	return b
}
