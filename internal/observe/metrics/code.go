package metrics

import (
	"strconv"
	"sync/atomic"
)

// commonCodes have a counter at a fixed place; the first is for exchanges that
// ended before any status was written.
var commonCodes = [...]uint16{
	0, 200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308,
	400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415, 422, 429, 431,
	500, 501, 502, 503, 504,
}

// place maps a status to its index in commonCodes plus one; 0: a rare one.
var place = func() (p [600]uint8) {
	for i, code := range commonCodes {
		p[code] = uint8(i + 1)
	}
	return p
}()

const (
	rareCodes  = 16
	firstRare  = len(commonCodes)
	otherCode  = firstRare + rareCodes // what finds no place
	codeSlots  = otherCode + 1
	_          = uint(63 - codeSlots) // a slot has a bit in each mask of admission
	otherLabel = "(other)"
)

// codes counts by status: an array for the common ones and a bounded set of
// slots, taken when first needed, for the rare ones.
type codes struct {
	n    [codeSlots]atomic.Uint64
	rare [rareCodes]atomic.Uint32 // the status that owns slot firstRare+i; 0: free
	seats
}

// slot is where the status is counted.
func (c *codes) slot(status int) int {
	if uint(status) < uint(len(place)) {
		if i := place[status]; i != 0 {
			return int(i) - 1
		}
	}
	return c.rareSlot(status)
}

func (c *codes) rareSlot(status int) int {
	if status < 100 || status > 999 {
		return otherCode
	}
	for i := range c.rare {
		own := c.rare[i].Load()
		if own == 0 && c.rare[i].CompareAndSwap(0, uint32(status)) {
			return firstRare + i
		}
		// Somebody else may have taken the slot just now, for the same status.
		if own == uint32(status) || c.rare[i].Load() == uint32(status) {
			return firstRare + i
		}
	}
	return otherCode
}

// status is the status that a slot counts, -1 for otherCode.
func (c *codes) status(slot int) int {
	switch {
	case slot < firstRare:
		return int(commonCodes[slot])
	case slot < otherCode:
		return int(c.rare[slot-firstRare].Load())
	}
	return -1
}

// codeLabel is the label text: three digits, "000" where nothing was written
// (as curl and nginx print it).
func codeLabel(status int) string {
	switch {
	case status < 0:
		return otherLabel
	case status == 0:
		return "000"
	}
	return strconv.Itoa(status)
}
