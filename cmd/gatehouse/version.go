package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// A build is what this binary is made of.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of the source; "+" at its end: with changes not committed
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// thisBuild reads what the Go tool wrote into the binary. A build from a
// checkout has no version but that of its commit.
func thisBuild() build {
	b := build{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	bi, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := bi.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	modified := ""
	for _, s := range bi.Settings {
		switch {
		case s.Key == "vcs.revision":
			b.Revision = s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "+"
		}
	}
	if b.Revision != "" {
		b.Revision += modified
	}
	return b
}

type versionCommand struct{}

// Run prints the version.
func (*versionCommand) Run(t *terminal) error {
	b := thisBuild()
	if t.structured() {
		return t.print(b)
	}
	revision := ""
	if b.Revision != "" {
		revision = " (" + b.Revision + ")"
	}
	_, err := fmt.Fprintf(t.out, "gatehouse %s%s %s %s\n", b.Version, revision, b.Go, b.Platform)
	return err
}
