package value

import (
	"hash/maphash"
	"unsafe"
)

// crowd is the number of members from which on an object carries a table.
// Below it, comparing lengths and bytes is as cheap as hashing; above it, a
// hostile object of a million names would cost a million comparisons a look.
const crowd = 16

// A table finds the members of a large object by name. The seed is its own:
// nobody outside can choose names that collide.
type table struct {
	seed  maphash.Seed
	slots []uint32 // member number + 1, open addressing; 0 is free
}

// settle drops members whose name is met again: the last value moves to the
// first place. kids holds names and values by turns and is changed in place;
// the returned slice may be followed by one more Value that holds the table.
func settle(kids []Value) ([]Value, form) {
	if len(kids) > 2*crowd {
		return settleCrowd(kids)
	}
	end := 0
next:
	for i := 0; i < len(kids); i += 2 {
		for j := 0; j < end; j += 2 {
			if sameText(kids[j], kids[i]) {
				kids[j+1] = kids[i+1]
				continue next
			}
		}
		kids[end], kids[end+1] = kids[i], kids[i+1]
		end += 2
	}
	return kids[:end], plain
}

func settleCrowd(kids []Value) ([]Value, form) {
	t := &table{seed: maphash.MakeSeed(), slots: make([]uint32, tableSize(len(kids)/2))}
	end := 0
	for i := 0; i < len(kids); i += 2 {
		name := kids[i].Text()
		slot, at := t.seek(kids[:end], name)
		if at >= 0 {
			kids[2*at+1] = kids[i+1]
			continue
		}
		kids[end], kids[end+1] = kids[i], kids[i+1]
		t.slots[slot] = uint32(end/2) + 1
		end += 2
	}
	kids = append(kids[:end], Value{p: unsafe.Pointer(t)})
	return kids[:end], indexed
}

// tableSize keeps a table at most half full.
func tableSize(members int) int {
	size := 64
	for size < 2*members {
		size *= 2
	}
	return size
}

// seek returns the slot where name is or would be, and its member number or -1.
func (t *table) seek(kids []Value, name string) (slot, member int) {
	mask := len(t.slots) - 1
	for slot = int(maphash.String(t.seed, name)) & mask; ; slot = (slot + 1) & mask {
		m := int(t.slots[slot]) - 1
		if m < 0 || kids[2*m].is(name) {
			return slot, m
		}
	}
}

func (t *table) find(kids []Value, name string) int {
	_, member := t.seek(kids, name)
	return member
}

// table returns the table behind the members of an indexed object.
func (v Value) table() *table {
	kids := unsafe.Slice((*Value)(v.p), 2*uint64(v.n)+1)
	return (*table)(kids[2*v.n].p)
}

// sameText says whether two strings read the same.
func sameText(a, b Value) bool {
	if a.form == escaped || b.form == escaped {
		return a.Text() == b.Text()
	}
	return a.n == b.n && a.written() == b.written()
}
