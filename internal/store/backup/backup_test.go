package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"gatehouse/internal/seal"
	"gatehouse/internal/store"
	"gatehouse/internal/store/local"
	"gatehouse/internal/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A house is a store with its blobs.
type house struct {
	store.Store
	blobs store.Blobs
}

func inMemory() house { return house{memory.New(), &memory.Blobs{}} }

func onDisk(t *testing.T) house {
	t.Helper()
	dir := t.TempDir()
	s, err := local.Open(dir, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	b, err := local.OpenBlobs(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	return house{s, b}
}

func (h house) source() Source {
	return Source{Store: h.Store, Blobs: h.blobs, Schema: 1, Program: "test", Created: time.Now()}
}

func (h house) target() Target { return Target{Store: h.Store, Put: h.blobs.Put, Schema: 1} }

func (h house) put(t *testing.T, key, value string) {
	t.Helper()
	if _, err := h.Commit(t.Context(), store.Change{Op: store.Put, Key: key, Base: store.Any, Value: []byte(value)}); err != nil {
		t.Fatal(err)
	}
}

// fill puts n documents between a and z, a hundred a commit.
func (h house) fill(t *testing.T, n int) {
	t.Helper()
	for at := 0; at < n; at += 100 {
		var changes []store.Change
		for i := at; i < at+100; i++ {
			changes = append(changes, store.Change{Op: store.Put, Key: fmt.Sprintf("many/%d", i), Base: store.Any, Value: []byte("between")})
		}
		if _, err := h.Commit(t.Context(), changes...); err != nil {
			t.Fatal(err)
		}
	}
}

func (h house) blob(t *testing.T, content string) string {
	t.Helper()
	name, err := h.blobs.Put(t.Context(), strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// contents are all documents, without their revisions.
func (h house) contents(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	if _, err := h.Scan(t.Context(), "", func(d store.Doc) error { all[d.Key] = string(d.Value); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func create(t *testing.T, keys *seal.Keyring, s Source) ([]byte, Manifest) {
	t.Helper()
	var b bytes.Buffer
	m, err := Create(t.Context(), &b, keys, s)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), m
}

func TestABackupBringsAllBack(t *testing.T) {
	keys := seal.NewKeyring(seal.NewKey())
	for desc, from := range map[string]house{"from memory": inMemory(), "from disk": onDisk(t)} {
		for desc2, to := range map[string]house{"to memory": inMemory(), "to disk": onDisk(t)} {
			t.Run(desc+" "+desc2, func(t *testing.T) {
				big := from.blob(t, strings.Repeat("big ", 50_000))
				from.blob(t, "garbage that no document names")
				from.put(t, "a", "")
				from.put(t, "function/x", `{"code":"`+big+`","other":"`+strings.Repeat("0", 64)+`"}`)
				from.put(t, "é", strings.Repeat("v", store.MaxCommitBytes-2))
				from.fill(t, 300)
				sealed, made := create(t, keys, from.source())
				if made.Documents.Count != 303 || made.Blobs.Count != 1 || made.Blobs.Bytes != 200_000 || made.Revision == 0 {
					t.Errorf("made: %+v", made)
				}
				got, err := Restore(t.Context(), bytes.NewReader(sealed), keys, to.target())
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(made, got); d != "" {
					t.Error(d)
				}
				if d := cmp.Diff(from.contents(t), to.contents(t)); d != "" {
					t.Error(d)
				}
				r, err := to.blobs.Open(t.Context(), big)
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				if content, err := io.ReadAll(r); len(content) != 200_000 || err != nil {
					t.Errorf("blob of %d bytes, %v", len(content), err)
				}
				again, err := Restore(t.Context(), bytes.NewReader(sealed), keys, to.target())
				if !errors.Is(err, ErrNotEmpty) {
					t.Errorf("a second time: %+v, %v", again, err)
				}
			})
		}
	}
}

func TestAnEmptyStoreHasABackupToo(t *testing.T) {
	keys := seal.NewKeyring(seal.NewKey())
	s := inMemory().source()
	s.Blobs = nil
	sealed, made := create(t, keys, s)
	got, err := Restore(t.Context(), bytes.NewReader(sealed), keys, inMemory().target())
	if err != nil || got != made || got.Documents.Count != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestMeasureIsWhatTheManifestSays(t *testing.T) {
	h := onDisk(t)
	h.put(t, "a", h.blob(t, "12345"))
	h.put(t, "b", strings.Repeat("f", 64))
	_, m := create(t, seal.NewKeyring(seal.NewKey()), h.source())
	n, err := Measure(t.Context(), h.source())
	if want := m.Documents.Bytes + m.Blobs.Bytes; n != want || err != nil {
		t.Errorf("%d, %v, want %d", n, err, want)
	}
}

// Each commit keeps two documents equal. A backup that is no snapshot would
// find them different sooner or later.
func TestABackupIsOfOneRevision(t *testing.T) {
	keys := seal.NewKeyring(seal.NewKey())
	for desc, from := range map[string]house{"memory": inMemory(), "disk": onDisk(t)} {
		t.Run(desc, func(t *testing.T) {
			from.fill(t, 500)
			ctx, stop := context.WithCancel(t.Context())
			var writers sync.WaitGroup
			var last atomic.Uint64
			writers.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					v := []byte(fmt.Sprint(i))
					r, err := from.Commit(context.Background(), store.Change{Op: store.Put, Key: "a", Base: store.Any, Value: v},
						store.Change{Op: store.Put, Key: "z", Base: store.Any, Value: v})
					if err != nil {
						t.Error(err)
						return
					}
					last.Store(r)
				}
			})
			var before uint64
			for n := 0; n < 10 || last.Load() < 10; n++ { // until enough was written meanwhile
				if t.Failed() {
					break
				}
				sealed, m := create(t, keys, from.source())
				to := inMemory()
				if _, err := Restore(t.Context(), bytes.NewReader(sealed), keys, to.target()); err != nil {
					t.Fatal(err)
				}
				if got := to.contents(t); got["a"] != got["z"] {
					t.Errorf("a is %s, z is %s", got["a"], got["z"])
				}
				if m.Revision < before {
					t.Errorf("revision %d behind %d", m.Revision, before)
				}
				before = m.Revision
			}
			stop()
			writers.Wait()
		})
	}
}

func TestWhatIsNoGoodBackupIsRefused(t *testing.T) {
	keys := seal.NewKeyring(seal.NewKey())
	from := inMemory()
	from.put(t, "a", from.blob(t, strings.Repeat("x", 200_000)))
	good, _ := create(t, keys, from.source())
	newer := from.source()
	newer.Schema = 2
	ofNewer, _ := create(t, keys, newer)
	changed := bytes.Clone(good)
	changed[100] ^= 1
	for _, c := range []struct {
		desc string
		file []byte
		keys *seal.Keyring
		want error
	}{
		{"cut short", good[:len(good)-100], keys, seal.ErrBroken},
		{"cut between two chunks", good[:36+2*(64<<10+16)], keys, seal.ErrBroken},
		{"changed", changed, keys, seal.ErrBroken},
		{"empty", nil, keys, seal.ErrBroken},
		{"something else", bytes.Repeat([]byte("text "), 100), keys, seal.ErrBroken},
		{"with something behind it", append(bytes.Clone(good), 'x'), keys, seal.ErrBroken},
		{"under another key", good, seal.NewKeyring(seal.NewKey()), seal.ErrKey},
		{"of a newer schema", ofNewer, keys, ErrNewer},
	} {
		if m, err := Restore(t.Context(), bytes.NewReader(c.file), c.keys, inMemory().target()); !errors.Is(err, c.want) || m != (Manifest{}) {
			t.Errorf("%s: %+v, %v", c.desc, m, err)
		}
	}
	disk := errors.New("disk on fire")
	if _, err := Restore(t.Context(), io.MultiReader(bytes.NewReader(good[:1000]), iotest.ErrReader(disk)), keys, inMemory().target()); !errors.Is(err, disk) {
		t.Errorf("an error of the file: %v", err)
	}
}

// sealedRecords seals what a defect might write.
func sealedRecords(keys *seal.Keyring, records ...[]byte) []byte {
	var b bytes.Buffer
	w := keys.NewWriter(Place, &b)
	for _, r := range records {
		w.Write(r)
	}
	w.Close()
	return b.Bytes()
}

func record(kind byte, v any) []byte {
	text, _ := json.Marshal(v)
	return appendBytes([]byte{kind}, text)
}

func TestABackupThatContradictsItselfIsRefused(t *testing.T) {
	keys := seal.NewKeyring(seal.NewKey())
	h := Head{Format: 1, Schema: 1, Created: time.Now().UTC().Truncate(time.Second)}
	head := record(kindHead, h)
	none := newTally().sum()
	empty := Manifest{Head: h, Documents: none, Blobs: none}
	one := newTally()
	doc := one.document(nil, store.Doc{Key: "k", Value: []byte("v")})
	withDoc := Manifest{Head: h, Documents: one.sum(), Blobs: none}
	x := sha256.Sum256([]byte("x"))
	blobs := newTally()
	blobs.blob(x, 1)
	blob := append(append([]byte{kindBlob}, x[:]...), 1, 'x')
	other := h
	other.Schema = 2
	for _, c := range []struct {
		desc    string
		records [][]byte
		says    string // "" if it is good
	}{
		{"nothing in it", [][]byte{head, record(kindManifest, empty)}, ""},
		{"a document", [][]byte{head, doc, record(kindManifest, withDoc)}, ""},
		{"a blob", [][]byte{head, blob, record(kindManifest, Manifest{Head: h, Documents: none, Blobs: blobs.sum()})}, ""},
		{"no records", nil, "ends early"},
		{"no head", [][]byte{record(kindManifest, empty)}, "begins with"},
		{"a head that is no JSON", [][]byte{appendBytes([]byte{kindHead}, []byte("x"))}, "no JSON"},
		{"a head that is too long", [][]byte{appendBytes([]byte{kindHead}, make([]byte, maxJSON+1))}, "at most 4096"},
		{"a head without numbers", [][]byte{record(kindHead, Head{})}, "format 0"},
		{"no end", [][]byte{head, doc}, "ends early"},
		{"two heads", [][]byte{head, head}, "where none may be"},
		{"two heads that differ", [][]byte{head, record(kindManifest, Manifest{Head: other, Documents: none, Blobs: none})}, "two heads"},
		{"a document behind a blob", [][]byte{head, blob, doc}, "where none may be"},
		{"a blob twice", [][]byte{head, blob, blob}, "behind"},
		{"a blob of another content", [][]byte{head, append(bytes.Clone(blob[:34]), 'y')}, "whose sum is"},
		{"a blob that ends early", [][]byte{head, blob[:34]}, "ends early"},
		{"a document that ends early", [][]byte{head, doc[:3]}, "ends early"},
		{"a key that is too long", [][]byte{head, appendBytes([]byte{kindDocument}, make([]byte, 513))}, "at most 512"},
		{"a length that is no number", [][]byte{head, {kindDocument}, bytes.Repeat([]byte{0xff}, 11)}, "overflows"},
		{"fewer documents than counted", [][]byte{head, record(kindManifest, withDoc)}, "says that its documents"},
		{"more documents than counted", [][]byte{head, doc, record(kindManifest, empty)}, "says that its documents"},
		{"fewer blobs than counted", [][]byte{head, record(kindManifest, Manifest{Head: h, Documents: none, Blobs: blobs.sum()})}, "says that its blobs"},
		{"a document twice", [][]byte{head, doc, doc, record(kindManifest, empty)}, "says that its documents"},
		{"an unknown record", [][]byte{head, {'?'}}, "where none may be"},
		{"more behind the end", [][]byte{head, record(kindManifest, empty), {0}}, "behind its end"},
	} {
		_, err := Restore(t.Context(), bytes.NewReader(sealedRecords(keys, c.records...)), keys, inMemory().target())
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, want %q", c.desc, err, c.says)
		}
	}
}

func TestABlobThatIsDamagedMakesNoBackup(t *testing.T) {
	dir := t.TempDir()
	blobs, err := local.OpenBlobs(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	h := house{memory.New(), blobs}
	name := h.blob(t, "as it was")
	h.put(t, "k", name)
	if err := os.WriteFile(filepath.Join(dir, "blobs", name[:2], name), []byte("otherwise"), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := Create(t.Context(), &b, seal.NewKeyring(seal.NewKey()), h.source()); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("got %v", err)
	}
}

func TestWhatFailsOnTheWayIsTold(t *testing.T) {
	keys := seal.NewKeyring(seal.NewKey())
	from := inMemory()
	from.put(t, "k", from.blob(t, "x"))
	full := errors.New("disk full")
	if _, err := Create(t.Context(), failing{full}, keys, from.source()); !errors.Is(err, full) {
		t.Errorf("create: %v", err)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Create(ended, io.Discard, keys, from.source()); !errors.Is(err, context.Canceled) {
		t.Errorf("create after its context ended: %v", err)
	}
	sealed, _ := create(t, keys, from.source())
	target := inMemory().target()
	target.Put = func(context.Context, io.Reader) (string, error) { return "", full }
	if _, err := Restore(t.Context(), bytes.NewReader(sealed), keys, target); !errors.Is(err, full) {
		t.Errorf("restore: %v", err)
	}
	target = Target{Store: forgetful{memory.New()}, Put: (&memory.Blobs{}).Put, Schema: 1}
	if _, err := Restore(t.Context(), bytes.NewReader(sealed), keys, target); err == nil || !strings.Contains(err.Error(), "does not keep") {
		t.Errorf("into a store that forgets: %v", err)
	}
}

type failing struct{ error }

func (f failing) Write([]byte) (int, error) { return 0, f.error }

type forgetful struct{ store.Store }

func (forgetful) Commit(context.Context, ...store.Change) (uint64, error) { return 1, nil }

// FuzzRestore reads anything under a seal that holds.
func FuzzRestore(f *testing.F) {
	keys := seal.NewKeyring(seal.NewKey())
	t := newTally()
	h := Head{Format: 1, Schema: 1}
	doc := t.document(nil, store.Doc{Key: "k", Value: []byte("v")})
	x := sha256.Sum256([]byte("x"))
	f.Add(record(kindHead, h), doc, append(append([]byte{kindBlob}, x[:]...), 1, 'x'), record(kindManifest, Manifest{Head: h, Documents: t.sum(), Blobs: newTally().sum()}))
	f.Fuzz(func(t *testing.T, a, b, c, d []byte) {
		to := inMemory()
		m, err := Restore(t.Context(), bytes.NewReader(sealedRecords(keys, a, b, c, d)), keys, to.target())
		if err == nil && int(m.Documents.Count) != len(to.contents(t)) {
			t.Errorf("%d documents, and %d are there", m.Documents.Count, len(to.contents(t)))
		}
	})
}

func TestAHeadIsBounded(t *testing.T) {
	c := &creation{w: bufio.NewWriter(io.Discard)}
	if err := c.json(kindHead, Head{Program: strings.Repeat("p", maxJSON)}); err == nil {
		t.Error("a head that nobody could read was written")
	}
}

func TestBlobNames(t *testing.T) {
	a, b := strings.Repeat("0a", 32), hex.EncodeToString(bytes.Repeat([]byte{0xfe}, 32))
	for _, c := range []struct {
		desc, value string
		want        []string
	}{
		{"none", "", nil},
		{"the whole value", a, []string{a}},
		{"two, with one byte between", a + "," + b, []string{a, b}},
		{"as a member of JSON", `{"a":"` + a + `","b":"sha256:` + b + `"}`, []string{a, b}},
		{"too long", a + "0", nil},
		{"too short", a[1:], nil},
		{"in upper case", strings.ToUpper(a), nil},
	} {
		var got []string
		for name := range store.BlobNames([]byte(c.value)) {
			got = append(got, name)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.desc, d)
		}
	}
}
