package clients_test

import (
	"os"
	"slices"
	"strings"
)

// note remembers a call and each member of it, at any depth. The keys of maps
// and the places of lists count as *, as docs/coverage.md writes them.
func (w *walker) note(op string, in m) {
	w.sent[strings.ToLower(op)] = true
	w.noteMembers(strings.ToLower(op+" "), in)
}

func (w *walker) noteMembers(path string, in m) {
	for name, v := range in {
		w.noteMember(path+strings.ToLower(name), v)
		w.noteMember(path+"*", v)
	}
}

func (w *walker) noteMember(path string, v any) {
	w.sent[path] = true
	switch v := v.(type) {
	case m:
		w.noteMembers(path+".", v)
	case []any:
		for _, item := range v {
			w.noteMember(path+".*", item)
		}
	}
}

// leavesOutNothing holds the walk to docs/coverage.md: every operation that
// exists was called, and every member that acts or is kept was sent.
func (w *walker) leavesOutNothing() {
	w.Helper()
	text, err := os.ReadFile("../../docs/coverage.md")
	if err != nil {
		w.Fatal(err)
	}
	_, mine, found := strings.Cut(string(text), "\n## apigatewayv2\n")
	mine, _, _ = strings.Cut(mine, "\n## ")
	mine, _, _ = strings.Cut(mine, "\n### Operations that do not exist yet")
	if !found {
		w.Fatal("docs/coverage.md has no section apigatewayv2")
	}
	op, members := "", 0
	for line := range strings.Lines(mine) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "### "); ok {
			if op = strings.ToLower(name); !w.sent[op] && (w.newest || !strings.HasSuffix(strings.TrimSuffix(op, "s"), "routingrule")) {
				w.Errorf("the walk does not call %s", name)
			}
			continue
		}
		cells := strings.Split(line, " | ")
		if len(cells) < 3 || !strings.HasPrefix(line, "| `") || !w.sendable(line, cells[1]) {
			continue
		}
		members++
		name := strings.Trim(cells[0], "|` ")
		if w.sent[op] && !w.sent[op+" "+strings.ToLower(name)] {
			w.Errorf("the walk does not send %s of %s", name, op)
		}
	}
	if members < 100 {
		w.Errorf("docs/coverage.md has %d members: it is not read rightly", members)
	}
}

// sendable reports whether the client of this walk has reason to send a member.
func (w *walker) sendable(line, class string) bool {
	if class == "refused" || strings.Contains(line, "the gateway's to say") {
		return false
	}
	recent := []string{"| `ipAddressType`", "ipAddressType` |", "| `routingMode`"}
	return w.newest || !slices.ContainsFunc(recent, func(name string) bool { return strings.Contains(line, name) })
}
