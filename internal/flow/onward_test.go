package flow

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestPeek holds that looking at the beginning of a body takes nothing from
// whoever reads it, however often and in whatever order one looks.
func TestPeek(t *testing.T) {
	for _, tc := range []struct {
		desc string
		body func() Body
		max  []int
		want []string
		left string
		err  string
	}{
		{"Nothing to see.", func() Body { return Body{} }, []int{3}, []string{""}, "", ""},
		{"Bytes are cut.", func() Body { return Bytes([]byte("abcdef")) }, []int{3, 9}, []string{"abc", "abcdef"}, "abcdef", ""},
		{"A stream is read as far as is asked.", func() Body {
			return Streamed(&pieces{Reader: iotest.OneByteReader(strings.NewReader("abcdef"))}, Unknown)
		}, []int{3, 2, 5}, []string{"abc", "ab", "abcde"}, "abcdef", ""},
		{"A short one is seen whole.", func() Body {
			return Streamed(&pieces{Reader: iotest.DataErrReader(strings.NewReader("ab"))}, Unknown)
		}, []int{3, 3}, []string{"ab", "ab"}, "ab", ""},
		{"One of declared length too.", func() Body {
			return Streamed(&pieces{Reader: strings.NewReader("abcdef")}, 6)
		}, []int{2}, []string{"ab"}, "abcdef", ""},
		{"An error waits at its place.", func() Body {
			return Streamed(&pieces{Reader: io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(errors.New("gone")))}, Unknown)
		}, []int{2}, []string{"ab"}, "abc", "gone"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			b := tc.body()
			length := b.Len()
			for i, max := range tc.max {
				got, err := b.Peek(max)
				if err != nil || string(got) != tc.want[i] {
					t.Fatalf("Peek(%d) = %q, %v, want %q", max, got, err, tc.want[i])
				}
			}
			if b.Len() != length {
				t.Errorf("the length became %d", b.Len())
			}
			got, err := b.Bytes(), error(nil)
			if s := b.Stream(); s != nil {
				got, err = io.ReadAll(s)
			}
			if string(got) != tc.left || tc.err == "" && err != nil || tc.err != "" && (err == nil || err.Error() != tc.err) {
				t.Errorf("then it reads %q, %v", got, err)
			}
		})
	}
}

// TestPeekThenBuffer holds that the two may be mixed, and that a failure is
// met again by the next reader.
func TestPeekThenBuffer(t *testing.T) {
	b := Streamed(&pieces{Reader: iotest.OneByteReader(strings.NewReader("abcdef"))}, Unknown)
	if _, err := b.Peek(2); err != nil {
		t.Fatal(err)
	}
	if whole, err := b.Buffer(4); whole || err != nil {
		t.Fatal(whole, err)
	}
	if whole, err := b.Buffer(6); !whole || err != nil || string(b.Bytes()) != "abcdef" || b.Len() != 6 {
		t.Errorf("%v %v %q %d", whole, err, b.Bytes(), b.Len())
	}
	b = Streamed(&pieces{Reader: iotest.ErrReader(errors.New("gone"))}, Unknown)
	for range 2 {
		if _, err := b.Peek(2); err == nil || err.Error() != "gone" {
			t.Errorf("Peek says %v", err)
		}
	}
	if _, err := b.Stream().Read(make([]byte, 1)); err == nil || err.Error() != "gone" {
		t.Errorf("Read says %v", err)
	}
}

// TestOnward holds that an edit leaves what the client asked alone, and that
// views outlive a buffer that moves.
func TestOnward(t *testing.T) {
	var x Exchange
	x.Query = "a=1"
	x.In.Header.Add("A", "b")
	o := x.Edit()
	o.Header.Del("a")
	o.Buf = append(o.Buf, "first"...)
	o.Path = o.View(0)
	o.Buf = append(o.Buf, strings.Repeat("x", 1000)...)
	if x.Edit() != o || o.Query != "a=1" || o.Path != "first" || o.View(len(o.Buf)) != "" {
		t.Errorf("query %q, path %q", o.Query, o.Path)
	}
	if v, ok := x.In.Header.Get("A"); !ok || v != "b" {
		t.Error("the client's own field is gone")
	}
	o.Buf = make([]byte, maxOnward+1)
	x.Reset()
	if o.Mapped || o.Path != "" || o.Query != "" || o.Header.Len() != 0 || o.Buf != nil {
		t.Errorf("Reset leaves %+v", o)
	}
}
