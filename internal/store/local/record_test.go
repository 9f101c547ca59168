package local

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/store"
)

func TestRecordsComeBack(t *testing.T) {
	for _, c := range []store.Commit{
		{Revision: 1, Changes: []store.Change{{Op: store.Put, Key: "k", Value: []byte("v")}}},
		{Revision: 1 << 60, Changes: []store.Change{
			{Op: store.Delete, Key: "é"}, {Op: store.Put, Key: "z", Value: []byte{}},
			{Op: store.Put, Key: string(bytes.Repeat([]byte("k"), 200)), Value: bytes.Repeat([]byte("v"), 70_000)},
		}},
	} {
		got, err := decodeCommit(encodeRevision(c.Revision), encodeCommit(c))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c, got); d != "" {
			t.Error(d)
		}
	}
	want := tally{revision: 3, docs: 2, sum: 1}
	if got, err := decodeTally(want.encode()); err != nil || got != want {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestATallyDoesNotDependOnTheOrder(t *testing.T) {
	a, b, b2 := encodeDoc("a", 1, []byte("1")), encodeDoc("b", 2, nil), encodeDoc("b", 3, nil)
	var one, two, empty tally
	one.swap(nil, a)
	one.swap(nil, b)
	one.swap(b, b2)
	two.swap(nil, b2)
	two.swap(nil, a)
	if one != two || one.docs != 2 {
		t.Errorf("%v and %v", one, two)
	}
	one.swap(a, nil)
	one.swap(b2, nil)
	if one != empty {
		t.Errorf("without documents: %v", one)
	}
}

// FuzzRecords gives the decoders what a disk might: anything, and also anything
// under a checksum that holds. They must neither panic nor accept a wrong sum.
func FuzzRecords(f *testing.F) {
	f.Add([]byte("key"), encodeDoc("key", 1, []byte("value")), uint32(0))
	f.Add(encodeRevision(7), encodeCommit(store.Commit{Revision: 7, Changes: []store.Change{{Op: store.Put, Key: "k", Value: []byte("v")}}}), uint32(0))
	f.Add([]byte{}, tally{revision: 1}.encode(), uint32(1))
	f.Fuzz(func(t *testing.T, key, b []byte, flip uint32) {
		if d, err := decodeDoc(key, b); err == nil && !bytes.Equal(encodeDoc(d.Key, d.Revision, d.Value), b) {
			t.Errorf("document %v of %x", d, b)
		}
		if ta, err := decodeTally(b); err == nil && !bytes.Equal(ta.encode(), b) {
			t.Errorf("tally %v of %x", ta, b)
		}
		if len(key) != 8 || len(b) < 4 {
			return
		}
		b = bytes.Clone(b)
		binary.BigEndian.PutUint32(b, sumCommit(key, b)^flip)
		c, err := decodeCommit(key, b)
		if flip != 0 && !errors.Is(err, errSum) {
			t.Errorf("a wrong sum: %v", err)
		}
		for _, x := range c.Changes {
			if len(x.Key)+len(x.Value) > len(b) {
				t.Errorf("%d bytes of %d", len(x.Key)+len(x.Value), len(b))
			}
		}
	})
}
