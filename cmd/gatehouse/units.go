package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Duration is written as in Go: 250ms, 30s, 1h30m.
type Duration time.Duration

// String writes the duration without units that are zero: 30s, not 0h0m30s.
func (d Duration) String() string { return time.Duration(d).String() }

func parseDuration(s string) (int64, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration: write a number with its unit, such as 500ms, 30s or 5m", s)
	}
	return int64(d), nil
}

// A Size is a number of bytes, written as such or with a unit: 65536, 64KiB,
// 10MiB, 100MB.
type Size int64

// String writes the size in the largest unit that divides it.
func (s Size) String() string {
	for i := len(sizeUnits) - 1; i >= 0; i-- {
		if u := sizeUnits[i]; u.binary && s != 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

// sizeUnits, a longer name before its ending.
var sizeUnits = [...]struct {
	name   string
	bytes  int64
	binary bool
}{
	{"KiB", 1 << 10, true}, {"MiB", 1 << 20, true}, {"GiB", 1 << 30, true}, {"TiB", 1 << 40, true},
	{"KB", 1e3, false}, {"MB", 1e6, false}, {"GB", 1e9, false}, {"TB", 1e12, false}, {"B", 1, false},
}

func parseSize(s string) (int64, error) {
	number, unit := s, int64(1)
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(s, u.name); ok {
			number, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 63)
	if err != nil || n > uint64(math.MaxInt64/unit) {
		return 0, fmt.Errorf("%q is not a size: write bytes or a unit, such as 65536, 64KiB or 10MiB", s)
	}
	return int64(n) * unit, nil
}
