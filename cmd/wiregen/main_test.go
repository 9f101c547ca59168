package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommittedPackagesAreWhatTheModelsGive keeps the generated packages and the models together.
func TestCommittedPackagesAreWhatTheModelsGive(t *testing.T) {
	for _, c := range []struct {
		service string
		files   int
	}{{"apigateway", 5}, {"apigatewayv2", 5}, {"management", 4}} {
		text, err := os.ReadFile(filepath.Join("models", c.service+".json"))
		if err != nil {
			t.Fatal(err)
		}
		files, err := render(text)
		if err != nil {
			t.Fatal(err)
		}
		if len(files) != c.files {
			t.Errorf("%s: %d files, want %d", c.service, len(files), c.files)
		}
		for name, want := range files {
			path := filepath.Join("..", "..", "internal", "wire", c.service, name)
			if got, _ := os.ReadFile(path); string(got) != string(want) {
				t.Errorf("%s is stale: run go generate ./internal/wire/...", path)
			}
		}
	}
}

func TestRenderIsDeterministic(t *testing.T) {
	text, err := os.ReadFile("models/apigatewayv2.json")
	if err != nil {
		t.Fatal(err)
	}
	first, _ := render(text)
	second, _ := render(text)
	for name := range first {
		if string(first[name]) != string(second[name]) {
			t.Errorf("%s differs between two runs", name)
		}
	}
}

// The models hold facts of public packages: no address of a registry, and no prose.
func TestModelsHoldFactsOnly(t *testing.T) {
	paths, _ := filepath.Glob("models/*.json")
	if len(paths) != 3 {
		t.Fatalf("%d models", len(paths))
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, foreign := range []string{"://", "<p>", "resolved", "integrity"} {
			if strings.Contains(string(text), foreign) {
				t.Errorf("%s holds %q", path, foreign)
			}
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	for _, c := range []struct{ desc, model string }{
		{"a word that it does not know", `{"service":"x","colour":"red"}`},
		{"two structures of one name in Go", `{"service":"x","operations":[{"name":"Do","input":"DoRequest"}],"structures":[{"name":"DoRequest"},{"name":"DoInput"}]}`},
		{"a structure named like the interface", `{"service":"x","structures":[{"name":"Service"}]}`},
		{"an operation without its input", `{"service":"x","operations":[{"name":"Do","method":"GET","uri":"/","code":200,"input":"DoRequest"}]}`},
		{"a member of an unknown type", `{"service":"x","structures":[{"name":"A","members":[{"name":"b","wire":"b","type":"B"}]}]}`},
		{"a member of an unknown enum", `{"service":"x","structures":[{"name":"A","members":[{"name":"b","wire":"b","type":"string","enum":"B"}]}]}`},
	} {
		if _, err := render([]byte(c.model)); err == nil {
			t.Errorf("%s: accepted", c.desc)
		}
	}
}
