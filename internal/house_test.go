package internal_test

import (
	"strings"
	"testing"
	"testing/fstest"
)

// The guard itself is tested with small houses that break one rule each: a
// guard that cannot fail guards nothing.
func TestTheSurveyNamesEachOffender(t *testing.T) {
	const doc = "// Package x is documented.\n"
	tests := []struct {
		desc string
		path string
		src  string
		want string // part of the only offence; empty: none
	}{
		{desc: "a room may know the floors below it", path: "internal/plan/a.go",
			src: doc + `package plan; import _ "embed"; import "gatehouse/internal/flow"; var x flow.Step = nil`},
		{desc: "a room without a floor is named", path: "internal/attic/a.go",
			src: doc + "package attic", want: "internal/attic has no floor"},
		{desc: "a room must not look up", path: "internal/flow/a.go",
			src: doc + `package flow; import "gatehouse/internal/plan"`, want: "higher floor"},
		{desc: "neighbours do not know each other", path: "internal/upstream/a.go",
			src: doc + `package upstream; import "gatehouse/internal/cert"`, want: "do not know each other"},
		{desc: "a child may know its parent", path: "internal/store/local/a.go",
			src: doc + `package local; import "gatehouse/internal/store"`},
		{desc: "children of one parent do not know each other", path: "internal/store/local/a.go",
			src: doc + `package local; import "gatehouse/internal/store/memory"`, want: "do not know each other"},
		{desc: "the front door knows less than its floor allows", path: "internal/edge/a.go",
			src: doc + `package edge; import "gatehouse/internal/throttle"`, want: "whatever handler the plan finds"},
		{desc: "a module of others belongs to the rooms that are listed", path: "internal/plan/a.go",
			src: doc + `package plan; import "go.etcd.io/bbolt"`, want: "only internal/store/local may use"},
		{desc: "a listed room may use it, and its children packages", path: "internal/store/local/a.go",
			src: doc + `package local; import "go.etcd.io/bbolt/errors"`},
		{desc: "an unlisted module is refused everywhere", path: "internal/plan/a.go",
			src: doc + `package plan; import "example.org/thing"`, want: "no room borrows"},
		{desc: "ground rooms open no files", path: "internal/gate/a.go",
			src: doc + `package gate; import "os"`, want: "opens files"},
		{desc: "only an excused ground room may name a connection", path: "internal/h1/a.go",
			src: doc + `package h1; import "net"; type conn struct{ net.Conn }`},
		{desc: "an excused room is held to its excuse", path: "internal/h1/a.go",
			src: doc + `package h1; import "net"; func f() { net.Dial("tcp", "") }`, want: "uses net.Dial"},
		{desc: "what stands outside imports no room", path: "test/bench/a.go",
			src: doc + `package main; import "gatehouse/internal/gate"`, want: "as a stranger does"},
		{desc: "side-effect imports are refused", path: "internal/plan/a.go",
			src: doc + `package plan; import _ "image/png"`, want: "side effects"},
		{desc: "dot imports are refused", path: "internal/plan/a.go",
			src: doc + `package plan; import . "strings"`, want: "by dot"},
		{desc: "cgo is refused", path: "internal/plan/a.go",
			src: doc + `package plan; import "C"`, want: "without cgo"},
		{desc: "a package needs a comment", path: "internal/plan/a.go",
			src: "package plan", want: "no package comment"},
		{desc: "init functions are refused", path: "internal/plan/a.go",
			src: doc + "package plan\nfunc init() {}", want: "init function"},
		{desc: "a method named init is not an init function", path: "internal/plan/a.go",
			src: doc + "package plan\ntype t int\nfunc (t) init() {}"},
		{desc: "tests are exempt", path: "internal/plan/a_test.go",
			src: "package plan\nvar x = make(map[string]int)"},
		{desc: "the words of one AWS API stay above", path: "internal/plan/a.go",
			src: doc + "package plan\nconst CreateRestApi = 1", want: "says RestApi"},
		{desc: "comments may use them", path: "internal/plan/a.go",
			src: doc + "package plan // not RestApi\n"},
		{desc: "control planes may say them", path: "internal/control/apigateway/a.go",
			src: doc + "package apigateway\nconst CreateRestApi = 1"},

		{desc: "an error sentinel is a constant in all but name", path: "internal/plan/a.go",
			src: doc + `package plan; import "errors"; var ErrX = errors.New("x")`},
		{desc: "a table that nobody writes is one too", path: "internal/plan/a.go",
			src: doc + `package plan; var t = map[string]int{"a": 1}; func f() int { t := map[string]int{}; t["b"] = 2; return t["a"] }`},
		{desc: "a table that is written is state", path: "internal/plan/a.go",
			src: doc + `package plan; var t = map[string]int{}; func f() { t["a"] = 1 }`, want: "written after"},
		{desc: "a counter is state", path: "internal/plan/a.go",
			src: doc + `package plan; var n = 1; func f() { n++ }`, want: "written after"},
		{desc: "an address that is taken may be written through", path: "internal/plan/a.go",
			src: doc + `package plan; var n = 1; func f() *int { return &n }`, want: "written after"},
		{desc: "an exported table can be written by strangers", path: "internal/plan/a.go",
			src: doc + `package plan; var T = []int{1}`, want: "strangers"},
		{desc: "a variable without a value waits for a writer", path: "internal/plan/a.go",
			src: doc + `package plan; var n int`, want: "no value"},
		{desc: "a mutex is state", path: "internal/plan/a.go",
			src: doc + `package plan; import "sync"; var mu sync.Mutex`, want: "exists to change"},
		{desc: "a pool of spare memory is not", path: "internal/plan/a.go",
			src: doc + `package plan; import "sync"; var p = sync.Pool{New: func() any { return new(int) }}`},
		{desc: "unless strangers can put things in it", path: "internal/plan/a.go",
			src: doc + `package plan; import "sync"; var P = sync.Pool{}`, want: "exists to change"},
		{desc: "an atomic pointer is state", path: "internal/plan/a.go",
			src: doc + `package plan; import "sync/atomic"; var p atomic.Pointer[int]`, want: "exists to change"},
		{desc: "what make creates is there to change", path: "internal/plan/a.go",
			src: doc + `package plan; var c = make(chan int)`, want: "what make creates"},
		{desc: "a pointer is state", path: "internal/plan/a.go",
			src: doc + `package plan; var p = &struct{}{}`, want: "points to something"},
		{desc: "generated tables are trusted", path: "internal/wire/sts/a.go",
			src: "// Code generated by wiregen. DO NOT EDIT.\n\n" + doc + `package sts; var T = []int{1}`},
	}
	for _, tt := range tests {
		t.Run(tt.desc, func(t *testing.T) {
			got, err := survey(fstest.MapFS{tt.path: {Data: []byte(tt.src)}})
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case tt.want == "" && len(got) != 0:
				t.Errorf("want no offence, got %q", got)
			case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
				t.Errorf("want one offence with %q, got %q", tt.want, got)
			case tt.want != "" && !strings.HasPrefix(got[0], tt.path+":"):
				t.Errorf("the offence does not name the file %s: %q", tt.path, got[0])
			}
		})
	}
}

// Packages that go does not build are not judged.
func TestTheSurveyLeavesOutWhatGoLeavesOut(t *testing.T) {
	got, err := survey(fstest.MapFS{
		"internal/plan/testdata/a.go":       {Data: []byte("package a; import \"C\"")},
		"test/clients/js/node_modules/a.go": {Data: []byte("package a; import \"C\"")},
		".ci/a.go":                          {Data: []byte("package a; import \"C\"")},
	})
	if err != nil || len(got) != 0 {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTheSurveySaysWhichFileDoesNotParse(t *testing.T) {
	_, err := survey(fstest.MapFS{"internal/plan/a.go": {Data: []byte("pakcage plan")}})
	if err == nil || !strings.Contains(err.Error(), "internal/plan/a.go") {
		t.Errorf("got %v", err)
	}
}
