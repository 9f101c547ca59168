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

// leavesOutNothing holds the walk to its service's section of docs/coverage.md:
// every operation that exists was called, and every member that acts or is kept
// was sent.
func (w *walker) leavesOutNothing() {
	w.Helper()
	text, err := os.ReadFile("../../docs/coverage.md")
	if err != nil {
		w.Fatal(err)
	}
	_, mine, found := strings.Cut(string(text), "\n## "+w.service+"\n")
	mine, _, _ = strings.Cut(mine, "\n## ")
	mine, _, _ = strings.Cut(mine, "\n### Operations that do not exist yet")
	if !found {
		w.Fatalf("docs/coverage.md has no section %s", w.service)
	}
	op, members := "", 0
	for line := range strings.Lines(mine) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "### "); ok {
			if op = strings.ToLower(name); !w.sent[op] && !w.unknown(op, "") {
				w.Errorf("the walk does not call %s", name)
			}
			continue
		}
		cells := strings.Split(line, " | ")
		name := strings.ToLower(strings.Trim(cells[0], "|` "))
		if len(cells) < 3 || !strings.HasPrefix(line, "| `") || cells[1] == "refused" || strings.Contains(line, "the gateway's to say") || w.unknown(op, name) {
			continue
		}
		members++
		if w.sent[op] && !w.sent[op+" "+name] {
			w.Errorf("the walk does not send %s of %s", name, op)
		}
	}
	if members < 100 {
		w.Errorf("docs/coverage.md has %d members: it is not read rightly", members)
	}
}

// unknown reports whether the client of this walk is too old for an operation or
// one of its members, all in lower case.
func (w *walker) unknown(op, member string) bool {
	if w.newest {
		return false
	}
	recent := []string{"ipaddresstype", "routingmode", "endpointaccessmode", "integrationtarget", "responsetransfermode", "domainnameid", "resourceowner"}
	return slices.Contains(recent, member[strings.LastIndexByte(member, '.')+1:]) ||
		strings.Contains(op, "routingrule") || strings.Contains(op, "accessassociation") ||
		op == "createrestapi" && member == "securitypolicy" || op == "createdomainname" && member == "policy"
}
