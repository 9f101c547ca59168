// Package field holds HTTP header fields in the order and spelling in which
// they were sent.
//
// A List keeps the bytes of all its fields in one buffer of its own and each
// field as a pair of spans into it, so a head of 40 fields costs two slices
// that are reused from one message to the next, and nothing points into a
// connection's read buffer.
//
// The strings that a List hands out are views of its buffer. They are valid
// until the List is changed by Reset, Load or Poison; Add, Set and Del leave
// them alone. Who keeps one longer calls strings.Clone.
package field

import (
	"iter"
	"unsafe"
)

// A List is an ordered sequence of header fields. The zero value is an empty
// list. A List belongs to one goroutine.
type List struct {
	buf []byte
	at  []entry
}

// entry is one field: two spans of buf and the name's identity.
type entry struct {
	name    uint32
	value   uint32
	size    uint32 // of the value
	nameLen uint16
	id      ID
	gone    bool
}

// Reset empties the list and keeps its memory.
func (l *List) Reset() {
	l.buf = l.buf[:0]
	l.at = l.at[:0]
}

// CopyFrom makes the list a copy of another one, with memory of its own.
func (l *List) CopyFrom(from *List) {
	l.buf = append(l.buf[:0], from.buf...)
	l.at = append(l.at[:0], from.at...)
}

// Load empties the list and copies a raw message head into its buffer. The
// caller (the parser of h1) then marks the fields that it finds in the
// returned bytes, which the list owns.
func (l *List) Load(head []byte) []byte {
	l.at = l.at[:0]
	l.buf = append(l.buf[:0], head...)
	return l.buf
}

// Mark appends the field whose name is buf[name:nameEnd] and whose value is
// buf[value:valueEnd] of the bytes that Load returned.
// The name is at most 65,535 bytes long; the parser has seen to that.
func (l *List) Mark(name, nameEnd, value, valueEnd int) ID {
	id := Identify(l.view(uint32(name), uint32(nameEnd-name)))
	l.at = append(l.at, entry{
		name: uint32(name), nameLen: uint16(nameEnd - name),
		value: uint32(value), size: uint32(valueEnd - value), id: id,
	})
	return id
}

// View is the text buf[from:to] of the bytes that Load returned, as a string
// with the lifetime of the list's other strings.
func (l *List) View(from, to int) string { return l.view(uint32(from), uint32(to-from)) }

func (l *List) view(at, n uint32) string {
	if n == 0 {
		return ""
	}
	return unsafe.String(&l.buf[at], n)
}

// Len is the number of slots to visit with At; removed fields keep theirs.
func (l *List) Len() int { return len(l.at) }

// At returns the field in slot i; ok is false for a removed one.
func (l *List) At(i int) (id ID, name, value string, ok bool) {
	e := &l.at[i]
	return e.id, l.view(e.name, uint32(e.nameLen)), l.view(e.value, e.size), !e.gone
}

// All yields the fields in order.
func (l *List) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i := range l.at {
			if _, name, value, ok := l.At(i); ok && !yield(name, value) {
				return
			}
		}
	}
}

// Add appends a field. It copies both strings. A name of more than 65,535
// bytes is cut off there; no caller that validates names can reach that.
//
// Strings handed out before stay valid: a buffer that has to move is copied,
// never freed under its readers.
func (l *List) Add(name, value string) {
	if len(name) > 1<<16-1 {
		name = name[:1<<16-1]
	}
	at := len(l.buf)
	l.buf = append(l.buf, name...)
	l.buf = append(l.buf, value...)
	l.at = append(l.at, entry{
		name: uint32(at), nameLen: uint16(len(name)),
		value: uint32(at + len(name)), size: uint32(len(value)), id: Identify(name),
	})
}

// Set replaces the first field of that name, drops the others, and appends
// the field where there was none.
func (l *List) Set(name, value string) {
	id, found := Identify(name), false
	for i := range l.at {
		if !l.is(i, id, name) {
			continue
		}
		if found {
			l.at[i].gone = true
			continue
		}
		found = true
		l.at[i].value, l.at[i].size = uint32(len(l.buf)), uint32(len(value))
		l.buf = append(l.buf, value...)
	}
	if !found {
		l.Add(name, value)
	}
}

// Del drops every field of that name and reports whether there was one.
func (l *List) Del(name string) (found bool) {
	id := Identify(name)
	for i := range l.at {
		if l.is(i, id, name) {
			l.at[i].gone, found = true, true
		}
	}
	return found
}

// Drop drops the field in slot i, for who visits them with At.
func (l *List) Drop(i int) { l.at[i].gone = true }

// Get returns the value of the first field of that name, compared without
// regard to case as RFC 9110 section 5.1 asks.
func (l *List) Get(name string) (value string, ok bool) {
	return l.find(Identify(name), name)
}

// Lookup is Get by identity: it compares numbers, not text. The id is not
// Other.
func (l *List) Lookup(id ID) (value string, ok bool) {
	for i := range l.at {
		if l.at[i].id == id && !l.at[i].gone {
			return l.view(l.at[i].value, l.at[i].size), true
		}
	}
	return "", false
}

// Values yields the values of all fields of that name, in order.
func (l *List) Values(name string) iter.Seq[string] {
	id := Identify(name)
	return func(yield func(string) bool) {
		for i := range l.at {
			if l.is(i, id, name) && !yield(l.view(l.at[i].value, l.at[i].size)) {
				return
			}
		}
	}
}

// Count is the number of fields of that name.
func (l *List) Count(name string) (n int) {
	for range l.Values(name) {
		n++
	}
	return n
}

// Append writes the fields in wire form, each ended by CR LF, behind dst.
func (l *List) Append(dst []byte) []byte {
	for i := range l.at {
		if _, name, value, ok := l.At(i); ok {
			dst = AppendField(dst, name, value)
		}
	}
	return dst
}

// AppendField writes one field in wire form behind dst.
func AppendField(dst []byte, name, value string) []byte {
	at, end := len(dst), len(dst)+len(name)+len(value)+4
	if end > cap(dst) {
		dst = append(append(append(dst, name...), ": "...), value...)
		return append(dst, "\r\n"...)
	}
	// Two copies instead of four: this is done for each field of each message.
	dst = dst[:end]
	at += copy(dst[at:], name)
	dst[at], dst[at+1] = ':', ' '
	at += 2 + copy(dst[at+2:], value)
	dst[at], dst[at+1] = '\r', '\n'
	return dst
}

// Poison overwrites the list's memory, so that a string kept beyond its
// lifetime reads as rubbish at once instead of as another exchange's header
// later. Race builds call it on every released exchange.
func (l *List) Poison() {
	b := l.buf[:cap(l.buf)]
	for i := range b {
		b[i] = 0xDB
	}
	l.Reset()
}

func (l *List) find(id ID, name string) (string, bool) {
	for i := range l.at {
		if l.is(i, id, name) {
			return l.view(l.at[i].value, l.at[i].size), true
		}
	}
	return "", false
}

// is reports whether slot i holds a live field of that name. Known names are
// told apart by number; only names outside the table are compared as text.
func (l *List) is(i int, id ID, name string) bool {
	e := &l.at[i]
	if e.gone || e.id != id {
		return false
	}
	return id != Other || Equal(l.view(e.name, uint32(e.nameLen)), name)
}
