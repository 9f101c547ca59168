package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/seal"
	"gatehouse/internal/store"
	"gatehouse/internal/store/memory"
)

func TestKeysInAText(t *testing.T) {
	a, b := seal.NewKey(), seal.NewKey()
	for _, c := range []struct {
		desc, text string
		ids        []string // nil: refused
	}{
		{"one key", a.Reveal(), []string{a.ID()}},
		{"two lines", a.Reveal() + "\n" + b.Reveal() + "\n", []string{a.ID(), b.ID()}},
		{"on one line, as in a variable", b.Reveal() + ", " + a.Reveal(), []string{b.ID(), a.ID()}},
		{"nothing", " \n", nil},
		{"a key and a slip", a.Reveal() + "\n" + b.Reveal()[1:], nil},
		{"more than anybody rotates", strings.Repeat(a.Reveal()+"\n", maxKeys+1), nil},
	} {
		r, err := newRing("here", []byte(c.text))
		if (err == nil) != (c.ids != nil) {
			t.Errorf("%s: %v", c.desc, err)
		}
		if err != nil {
			if f := failureOf(err); f.Exit != exitRefused || strings.Contains(f.Error(), a.Reveal()[8:20]) || strings.Contains(f.Error(), b.Reveal()[8:20]) {
				t.Errorf("%s: %v", c.desc, f)
			}
			continue
		}
		if r.ID() != c.ids[0] || len(r.keys) != len(c.ids) || r.keys[len(r.keys)-1].ID() != c.ids[len(c.ids)-1] {
			t.Errorf("%s: %v", c.desc, r.keys)
		}
		if again, err := newRing("again", r.reveal()); err != nil || again.ID() != r.ID() || len(again.keys) != len(r.keys) {
			t.Errorf("%s: written and read again: %v", c.desc, err)
		}
	}
}

func TestManyFirstStartsMakeOneKey(t *testing.T) {
	source := keySource{dir: t.TempDir()}
	ids := make([]string, 8)
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() {
			r, err := source.open(t.Context(), true)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = r.ID()
		})
	}
	group.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("several keys: %v", ids)
		}
	}
	entries, err := os.ReadDir(source.dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestACommandForTheKeyIsBounded(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := keySource{command: []string{"/bin/sh", "-c", "sleep 20 & sleep 20"}}.open(ctx, false)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	for _, c := range []struct{ desc, script, says string }{
		{"prints nothing", "true", "holds no key"},
		{"prints too much", "yes", "more than 4096 bytes"},
		{"fails", "echo hush >&2; false", "exit status 1"},
	} {
		_, err := keySource{command: []string{"/bin/sh", "-c", c.script}}.open(t.Context(), false)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", c.desc, err)
		}
	}
}

func TestAStoreKnowsItsKey(t *testing.T) {
	old, young := seal.NewKey(), seal.NewKey()
	given := func(keys ...*seal.Key) keySource {
		var text []string
		for _, k := range keys {
			text = append(text, k.Reveal())
		}
		return keySource{environ: environ{masterKeyVariable + "=" + strings.Join(text, ",")}}
	}
	s := memory.New()
	defer s.Close()
	for _, c := range []struct {
		desc   string
		source keySource
		ok     bool
	}{
		{"the first start takes any key", given(old), true},
		{"the next takes it again", given(old), true},
		{"another key is refused", given(young), false},
		{"as the first of two it is a rotation", given(young, old), true},
		{"after which it is enough", given(young), true},
		{"and the old one is not", given(old), false},
		{"a directory without its key gets none", keySource{dir: t.TempDir()}, false},
	} {
		if _, err := openKeys(t.Context(), s, c.source); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.desc, err)
		}
	}
	if _, err := s.Commit(t.Context(), store.Change{Op: store.Put, Key: checkKey, Base: store.Any, Value: []byte("rubbish")}); err != nil {
		t.Fatal(err)
	}
	if _, err := openKeys(t.Context(), s, given(young)); err == nil {
		t.Error("a check that nobody sealed passes")
	}
}

func TestAKeyFileIsPrivate(t *testing.T) {
	text := seal.NewKey().Reveal()
	for _, c := range []struct {
		desc string
		make func(path string) error
		says string
	}{
		{"as it is made", func(p string) error { return os.WriteFile(p, []byte(text), 0o600) }, ""},
		{"read-only", func(p string) error { return os.WriteFile(p, []byte(text), 0o400) }, ""},
		{"readable for the group", func(p string) error { return os.WriteFile(p, []byte(text), 0o640) }, "permissions 0640"},
		{"readable for others", func(p string) error { return os.WriteFile(p, []byte(text), 0o604) }, "permissions 0604"},
		{"a directory", func(p string) error { return os.Mkdir(p, 0o700) }, "is no file"},
		{"a link to a good one", func(p string) error {
			return errors.Join(os.WriteFile(p+".real", []byte(text), 0o600), os.Symlink(p+".real", p))
		}, "symbolic link"},
		{"a link to nowhere", func(p string) error { return os.Symlink(p+".none", p) }, "symbolic link"},
		{"endless", func(p string) error { return os.WriteFile(p, []byte(strings.Repeat(text+"\n", 100)), 0o600) }, "longer than 4096"},
		{"empty", func(p string) error { return os.WriteFile(p, nil, 0o600) }, "holds no key"},
	} {
		dir := t.TempDir()
		if err := c.make(filepath.Join(dir, masterKeyFile)); err != nil {
			t.Fatal(err)
		}
		_, err := keySource{dir: dir}.open(t.Context(), true)
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, want %q", c.desc, err, c.says)
		}
	}
}
