package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/internal/store"
)

func TestSweepRemovesWhatNobodyNames(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	defer s.Close()
	b, err := OpenBlobs(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	put := func(content string) string {
		name, err := b.Put(t.Context(), strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	named, mentioned, garbage := put("named"), put("mentioned within JSON"), put("garbage")
	commit(t, s,
		store.Change{Op: store.Put, Key: "a", Value: []byte(named)},
		store.Change{Op: store.Put, Key: "b", Value: []byte(`{"code":"` + mentioned + `","none":"` + strings.Repeat("0", 64) + `"}`)})
	half, strange := filepath.Join(dir, "blobs", "new-123"), filepath.Join(dir, "blobs", "readme.txt")
	for _, path := range []string{half, strange} {
		if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := Swept{Kept: 2, KeptBytes: 26, Removed: 2, RemovedBytes: 11}
	for _, c := range []struct {
		desc string
		dry  bool
		want Swept
		gone bool
	}{
		{"a dry run", true, want, false},
		{"for good", false, want, true},
		{"again", false, Swept{Kept: 2, KeptBytes: 26}, true},
	} {
		got, err := b.Sweep(t.Context(), s, c.dry)
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v", c.desc, got, err)
		}
		for path, gone := range map[string]bool{b.path(named): false, b.path(mentioned): false, strange: false, b.path(garbage): c.gone, half: c.gone} {
			if _, err := os.Stat(path); (err != nil) != gone {
				t.Errorf("%s: %s: %v", c.desc, path, err)
			}
		}
	}
}
