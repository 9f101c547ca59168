package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestWhatIsSealedOpensAtItsPlaceOnly(t *testing.T) {
	old, young := NewKey(), NewKey()
	before, after, stranger := NewKeyring(old), NewKeyring(young, old), NewKeyring(NewKey())
	sealed := before.Seal("keys/a", []byte("secret"))
	change := func(at int) []byte {
		b := bytes.Clone(sealed)
		b[(at+len(b))%len(b)] ^= 1
		return b
	}
	for _, c := range []struct {
		desc   string
		ring   *Keyring
		place  string
		sealed []byte
		want   error
	}{
		{"at its place", before, "keys/a", sealed, nil},
		{"after a rotation", after, "keys/a", sealed, nil},
		{"at another place", before, "keys/b", sealed, ErrBroken},
		{"at a place that continues its own", before, "keys/ab", sealed, ErrBroken},
		{"under another key", stranger, "keys/a", sealed, ErrKey},
		{"sealed after the rotation, opened before it", before, "keys/a", after.Seal("keys/a", nil), ErrKey},
		{"of another version", before, "keys/a", change(0), ErrBroken},
		{"with another key id", before, "keys/a", change(1), ErrKey},
		{"with another salt", before, "keys/a", change(valueHead - 1), ErrBroken},
		{"with another first byte", before, "keys/a", change(valueHead), ErrBroken},
		{"with another tag", before, "keys/a", change(-1), ErrBroken},
		{"without its last byte", before, "keys/a", sealed[:len(sealed)-1], ErrBroken},
		{"with one byte more", before, "keys/a", append(bytes.Clone(sealed), 0), ErrBroken},
		{"without anything", before, "keys/a", nil, ErrBroken},
		{"as its plain text", before, "keys/a", []byte("secret"), ErrBroken},
	} {
		plain, err := c.ring.Open(c.place, c.sealed)
		if !errors.Is(err, c.want) || err == nil && string(plain) != "secret" {
			t.Errorf("%s: %q, %v; want %v", c.desc, plain, err, c.want)
		}
		if err != nil && (plain != nil || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: the refusal tells of the content: %q, %v", c.desc, plain, err)
		}
	}
}

func TestNoTwoSealsAreAlike(t *testing.T) {
	ring := NewKeyring(NewKey())
	a, b := ring.Seal("p", []byte("x")), ring.Seal("p", []byte("x"))
	if bytes.Equal(a[valueHead-saltSize:valueHead], b[valueHead-saltSize:valueHead]) || bytes.Equal(a[valueHead:], b[valueHead:]) {
		t.Errorf("%x and %x", a, b)
	}
	if len(a) != 1+Overhead {
		t.Errorf("%d bytes more, want %d", len(a)-1, Overhead)
	}
}

func TestStaleTellsWhatToSealAgain(t *testing.T) {
	old, young := NewKey(), NewKey()
	sealed := NewKeyring(old).Seal("p", nil)
	for _, c := range []struct {
		desc   string
		ring   *Keyring
		sealed []byte
		want   bool
	}{
		{"under the key that seals", NewKeyring(old, young), sealed, false},
		{"under an older key", NewKeyring(young, old), sealed, true},
		{"what was never sealed", NewKeyring(young), []byte("x"), false},
	} {
		if got := c.ring.Stale(c.sealed); got != c.want {
			t.Errorf("%s: %v", c.desc, got)
		}
	}
}

// The format is read for years: these bytes must open for ever.
func TestWhatWasSealedOnceOpens(t *testing.T) {
	key, err := Parse("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
	if err != nil {
		t.Fatal(err)
	}
	const want = "99baa5a0d4850077"
	if key.ID() != want {
		t.Errorf("the id is %s, was %s", key.ID(), want)
	}
	const text = "ghkey1_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8cXfEB"
	if key.Reveal() != text {
		t.Errorf("the key is written %s, was %s", key.Reveal(), text)
	}
	ring := NewKeyring(key)
	value, _ := hex.DecodeString("0199baa5a0d48500776579d9ed3463a62725c8a735bd10885973c3c100799450c35f1091135d7442df48a4dbb04f7082388275ca66b690a3")
	if plain, err := ring.Open("place", value); err != nil || string(plain) != "content" {
		t.Errorf("a value of the first version: %q, %v; now it is %x", plain, err, ring.Seal("place", []byte("content")))
	}
	stream, _ := hex.DecodeString("4748530199baa5a0d4850077ef2c2fe6a3b75879c86ceea4316ee70f4539ed45a5088ba9e43923beca70a0ae6289f50c4f5ae44cba8a48116f3f67")
	if plain, err := read(ring, "place", stream); err != nil || string(plain) != "content" {
		t.Errorf("a stream of the first version: %q, %v; now it is %x", plain, err, write(ring, "place", []byte("content")))
	}
}

func TestParse(t *testing.T) {
	k := NewKey()
	text := k.Reveal()
	digits := strings.Repeat("0123456789abcdef", 4)
	for _, c := range []struct {
		desc, text, says string
	}{
		{"as it was written", text, ""},
		{"with white space around", "\n " + text + "\r\n", ""},
		{"as 64 digits", digits, ""},
		{"as 64 digits in upper case", strings.ToUpper(digits), ""},
		{"nothing", "", "0 characters"},
		{"62 digits", digits[:62], "62 characters"},
		{"66 digits", digits + "00", "66 characters"},
		{"63 digits", digits[:63], "63 characters"},
		{"without its last character", text[:len(text)-1], "47 characters"},
		{"with one more", text + "A", "49 characters"},
		{"with a character changed", keyPrefix + strings.Map(flip, text[len(keyPrefix):len(keyPrefix)+1]) + text[len(keyPrefix)+1:], "checksum"},
		{"with a space in it", text[:20] + " " + text[20:], "49 characters"},
		{"of another version", "ghkey2" + text[6:], "are no key"},
		{"zeros", strings.Repeat("0", 64), "one byte repeated"},
		{"a password", "correct horse battery staple", "28 characters"},
	} {
		got, err := Parse(c.text)
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", c.desc, err)
		case c.says == "" && strings.HasPrefix(strings.TrimSpace(c.text), keyPrefix) && got.Reveal() != text:
			t.Errorf("%s: is another key", c.desc)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v, want %q", c.desc, err, c.says)
		case c.says != "" && len(c.text) > 8 && strings.Contains(err.Error(), c.text[8:]):
			t.Errorf("%s: the error repeats the key: %v", c.desc, err)
		}
	}
}

func flip(r rune) rune {
	if r == 'A' {
		return 'B'
	}
	return 'A'
}

func TestAKeyDoesNotShowItself(t *testing.T) {
	k := NewKey()
	holder := struct {
		Key          *Key
		Bare         Key
		hidden, Ring any
		bare         Key
	}{k, *k, k, NewKeyring(k), *k}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "key", k, "holder", holder)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "key", k, "holder", holder)
	shown := log.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown += fmt.Sprintf(verb, k) + fmt.Sprintf(verb, *k) + fmt.Sprintf(verb, holder)
	}
	text, _ := json.Marshal(holder)
	shown += string(text)
	secret := k.secret()
	for _, form := range []string{k.Reveal()[len(keyPrefix) : len(keyPrefix)+8], hex.EncodeToString(secret[:4]),
		hex.EncodeToString(k.root()[:4]), strings.Trim(fmt.Sprint(secret[:4]), "[]"), fmt.Sprintf("%#v", secret[:3])[7:21]} {
		if strings.Contains(strings.ToLower(shown), strings.ToLower(form)) {
			t.Errorf("%s shows", form)
		}
	}
	if !strings.Contains(shown, k.ID()) {
		t.Errorf("the id does not: %s", shown)
	}
}

func FuzzOpen(f *testing.F) {
	key, _ := Parse(strings.Repeat("0123456789abcdef", 4))
	ring := NewKeyring(key)
	f.Add("p", []byte("plain"), []byte{}, uint16(0))
	f.Add("p", []byte{}, ring.Seal("p", nil), uint16(70))
	f.Fuzz(func(t *testing.T, place string, plain, other []byte, at uint16) {
		if got, err := ring.Open(place, other); err == nil && !bytes.Contains(other, key.id[:]) {
			t.Fatalf("opened %x of %x", got, other)
		}
		sealed := ring.Seal(place, plain)
		if got, err := ring.Open(place, sealed); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%x, %v", got, err)
		}
		sealed[int(at)%len(sealed)] ^= 0x10
		if got, err := ring.Open(place, sealed); err == nil {
			t.Fatalf("opened %x although byte %d was changed", got, int(at)%len(sealed))
		}
	})
}
