package flow

import "unsafe"

// A Trail tells why: each step notes what it decided. It is nil and costs one
// comparison unless somebody listens (explain, test-invoke, an execution log).
// Notes are enums with two short texts, copied into one arena that is capped;
// the reader renders them.
type Trail struct {
	notes []Note
	arena []byte
	full  bool
}

// MaxTrail bounds the texts of one Trail in bytes.
const MaxTrail = 64 << 10

// maxNotes bounds the number of notes of one Trail.
const maxNotes = 1024

// A Note is one decision.
type Note struct {
	What Decision
	at   uint32
	a, b uint32
}

// A Decision is a kind of Note. The comments say what A and B hold.
type Decision uint8

// The decisions.
const (
	FoundHost      Decision = iota + 1 // A: the host; B: how it was found
	FoundMapping                       // A: the path below the custom domain; B: API and stage
	FoundAPI                           // A: the API's id; B: its name
	FoundStage                         // A: the stage; B: the deployment
	RouteTried                         // A: the candidate's key; B: why it did not match
	RouteMatched                       // A: the route key
	ParamBound                         // A: the name; B: the value
	NothingMatched                     // A: method and path
	Authorized                         // A: the kind; B: who
	Refused                            // A: the fault's kind; B: the reason
	Shaped                             // A: the parameter; B: the new value
	TargetChosen                       // A: method and URL
	TargetCalled                       // A: the address; B: fresh or reused
	BackendAnswer                      // A: the status; B: the latency
	Replied                            // A: the status
	CORSAllowed                        // A: the origin; B: the rule that allows it
	CORSRefused                        // A: the origin; B: what a browser will not do, and why
	ShapedFrom                         // A: the parameter that the next note, Shaped or Dropped, is about; B: its value until then. No note: it had none
	Dropped                            // A: the parameter, which is there no more
)

// Add notes a decision. Add on a nil Trail does nothing.
func (t *Trail) Add(what Decision, a, b string) {
	if t == nil || t.full {
		return
	}
	if len(t.arena)+len(a)+len(b) > MaxTrail || len(t.notes) == maxNotes {
		t.full = true
		return
	}
	t.notes = append(t.notes, Note{what, uint32(len(t.arena)), uint32(len(a)), uint32(len(b))})
	t.arena = append(append(t.arena, a...), b...)
}

// Len is the number of notes.
func (t *Trail) Len() int {
	if t == nil {
		return 0
	}
	return len(t.notes)
}

// At returns note i and its texts.
func (t *Trail) At(i int) (what Decision, a, b string) {
	n := t.notes[i]
	return n.What, string(t.arena[n.at : n.at+n.a]), string(t.arena[n.at+n.a : n.at+n.a+n.b])
}

// View is At without copies: a and b die with the Trail, or with its next use.
func (t *Trail) View(i int) (what Decision, a, b string) {
	n := t.notes[i]
	text := unsafe.String(unsafe.SliceData(t.arena), len(t.arena))[n.at:]
	return n.What, text[:n.a], text[n.a : n.a+n.b]
}

// Truncated reports that notes were dropped because the Trail was full.
func (t *Trail) Truncated() bool { return t != nil && t.full }
