package seal

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func write(ring *Keyring, place string, content []byte) []byte {
	var b bytes.Buffer
	w := ring.NewWriter(place, &b)
	if _, err := w.Write(content); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func read(ring *Keyring, place string, sealed []byte) ([]byte, error) {
	r, err := ring.NewReader(place, bytes.NewReader(sealed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func content(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

func TestAStreamComesBack(t *testing.T) {
	ring := NewKeyring(NewKey())
	for _, n := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 2 * chunkSize, 3*chunkSize + 5} {
		want := content(n)
		sealed := write(ring, "backup", want)
		chunks := max((n+chunkSize-1)/chunkSize, 1)
		if len(sealed) != streamHead+n+chunks*tagSize {
			t.Errorf("%d bytes: sealed are %d in %d chunks", n, len(sealed), chunks)
		}
		for desc, src := range map[string]io.Reader{
			"at once": bytes.NewReader(sealed), "byte by byte": iotest.OneByteReader(bytes.NewReader(sealed)),
			"with EOF beside the last byte": iotest.DataErrReader(bytes.NewReader(sealed)),
		} {
			r, err := ring.NewReader("backup", src)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(iotest.OneByteReader(r))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes read %s: %d come back, %v", n, desc, len(got), err)
			}
		}
	}
}

func TestWritesMayBeOfAnySize(t *testing.T) {
	ring := NewKeyring(NewKey())
	want := content(2*chunkSize + 77)
	var b bytes.Buffer
	w := ring.NewWriter("p", &b)
	for rest, n := want, 1; len(rest) > 0; n = n*2 + 1 {
		n = min(n, len(rest))
		if m, err := w.Write(rest[:n]); m != n || err != nil {
			t.Fatal(m, err)
		}
		rest = rest[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := read(ring, "p", b.Bytes()); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestAStreamThatWasChangedDoesNotEnd(t *testing.T) {
	ring := NewKeyring(NewKey())
	const chunks, size = 4, chunkSize + tagSize
	sealed := write(ring, "p", content(chunks*chunkSize-9))
	other := write(ring, "p", content(chunks*chunkSize-9))
	short := write(ring, "p", content(9))
	head, body := sealed[:streamHead], sealed[streamHead:]
	chunk := func(i int) []byte { return body[i*size : min((i+1)*size, len(body))] }
	join := slices.Concat[[]byte]
	for _, c := range []struct {
		desc   string
		sealed []byte
		whole  int // chunks that may be read before the error
	}{
		{"cut within the head", sealed[:streamHead-1], 0},
		{"cut behind the head", head, 0},
		{"cut within the first chunk", sealed[:streamHead+100], 0},
		{"cut between two chunks", sealed[:streamHead+2*size], 1},
		{"cut one byte into a chunk", sealed[:streamHead+2*size+1], 2},
		{"without its last byte", sealed[:len(sealed)-1], 3},
		{"with one byte more", append(bytes.Clone(sealed), 0), 3},
		{"with a chunk left out", join(head, chunk(0), chunk(2), chunk(3)), 1},
		{"with a chunk twice", join(head, chunk(0), chunk(0), chunk(1), chunk(2), chunk(3)), 1},
		{"with two chunks exchanged", join(head, chunk(1), chunk(0), chunk(2), chunk(3)), 0},
		{"with the last chunk first", join(head, chunk(3)), 0},
		{"with a chunk of another stream", join(head, chunk(0), other[streamHead+size:streamHead+2*size], chunk(2), chunk(3)), 1},
		{"with the head of another stream", join(other[:streamHead], body), 0},
		{"with a short stream behind it", join(sealed, short), 3},
	} {
		got, err := read(ring, "p", c.sealed)
		if !errors.Is(err, ErrBroken) || len(got) > c.whole*chunkSize {
			t.Errorf("%s: %d bytes and %v, want at most %d", c.desc, len(got), err, c.whole*chunkSize)
		}
		if !bytes.HasPrefix(content(chunks*chunkSize), got) {
			t.Errorf("%s: something else was read", c.desc)
		}
	}
	if _, err := read(ring, "q", sealed); !errors.Is(err, ErrBroken) {
		t.Errorf("at another place: %v", err)
	}
	if _, err := read(NewKeyring(NewKey()), "p", sealed); !errors.Is(err, ErrKey) {
		t.Errorf("under another key: %v", err)
	}
	if _, err := read(ring, "p", ring.Seal("p", content(500))); !errors.Is(err, ErrBroken) {
		t.Errorf("a value as a stream: %v", err)
	}
}

// A last chunk that is empty, behind others, would be a second form of the same
// content.
func TestAnEmptyLastChunkIsRefused(t *testing.T) {
	ring := NewKeyring(NewKey())
	var b bytes.Buffer
	w := ring.NewWriter("p", &b)
	w.Write(content(chunkSize))
	w.flush(false)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := read(ring, "p", b.Bytes()); !errors.Is(err, ErrBroken) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestErrorsOfTheFileAreTold(t *testing.T) {
	ring := NewKeyring(NewKey())
	disk := errors.New("disk full")
	w := ring.NewWriter("p", failing{disk})
	_, err := w.Write(content(3 * chunkSize))
	if !errors.Is(err, disk) || !errors.Is(w.Close(), disk) {
		t.Errorf("written: %v", err)
	}
	sealed := write(ring, "p", content(3*chunkSize))
	r, err := ring.NewReader("p", io.MultiReader(bytes.NewReader(sealed[:chunkSize*2]), iotest.ErrReader(disk)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); !errors.Is(err, disk) || len(got) != chunkSize {
		t.Errorf("read: %d bytes, %v", len(got), err)
	}
	w = ring.NewWriter("p", io.Discard)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("x")); err == nil || w.Close() == nil {
		t.Error("a closed stream takes more")
	}
}

type failing struct{ error }

func (f failing) Write([]byte) (int, error) { return 0, f.error }

func FuzzReader(f *testing.F) {
	key, _ := Parse(strings.Repeat("0123456789abcdef", 4))
	ring := NewKeyring(key)
	f.Add([]byte("x"), []byte("y"), uint32(0), uint8(1))
	f.Add([]byte{}, write(ring, "p", content(99)), uint32(50), uint8(0))
	f.Fuzz(func(t *testing.T, plain, other []byte, at uint32, times uint8) {
		// Nobody without the key can make a stream: what opens has been sealed.
		if got, err := read(ring, "p", other); err == nil && !bytes.Contains(other, key.id[:]) {
			t.Fatalf("read %x of %x", got, other)
		}
		want := bytes.Repeat(plain, int(times)*8)
		sealed := write(ring, "p", want)
		if got, err := read(ring, "p", sealed); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes of %d, %v", len(got), len(want), err)
		}
		i := int(at % uint32(len(sealed)))
		if got, err := read(ring, "p", sealed[:i]); err == nil {
			t.Fatalf("cut at %d of %d: read %d bytes", i, len(sealed), len(got))
		}
		sealed[i] ^= 0x10
		if got, err := read(ring, "p", sealed); err == nil || !bytes.HasPrefix(want, got) {
			t.Fatalf("byte %d of %d changed: read %d bytes", i, len(sealed), len(got))
		}
	})
}

func BenchmarkStream(b *testing.B) {
	ring := NewKeyring(NewKey())
	data := content(8 << 20)
	b.Run("write", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			w := ring.NewWriter("p", io.Discard)
			w.Write(data)
			w.Close()
		}
	})
	sealed := write(ring, "p", data)
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			r, _ := ring.NewReader("p", bytes.NewReader(sealed))
			if n, err := io.Copy(io.Discard, r); err != nil || n != int64(len(data)) {
				b.Fatal(n, err)
			}
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	ring := NewKeyring(NewKey())
	plain := content(64)
	for b.Loop() {
		ring.Open("p", ring.Seal("p", plain))
	}
}
