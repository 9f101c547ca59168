package value

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// MakeFloat returns a number that is written as Java's Double.toString writes
// it: 55.0, 0.1, 1.0E10, 4.9E-324. AWS computes in doubles, and a template's
// output shows it. It is an error if f is infinite or not a number, because
// JSON has no such numbers.
func MakeFloat(f float64) (Value, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return Value{}, fmt.Errorf("make a number: JSON cannot write %v", f)
	}
	return view(Number, string(AppendFloat(nil, f))), nil
}

// AppendFloat appends a finite f as Java's Double.toString writes it: with a
// point always, and with an exponent below 0.001 and from 10,000,000 on.
func AppendFloat(dst []byte, f float64) []byte {
	if size := math.Abs(f); size == 0 || size >= 1e-3 && size < 1e7 {
		begin := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		if !bytes.Contains(dst[begin:], []byte{'.'}) {
			dst = append(dst, ".0"...)
		}
		return dst
	}
	var room [32]byte
	mantissa, exponent, _ := strings.Cut(string(strconv.AppendFloat(room[:0], f, 'e', -1, 64)), "e")
	if len(strings.TrimPrefix(mantissa, "-")) == 1 {
		// Java writes two digits where one would do, and the nearest two:
		// the smallest double is 4.9E-324, not 5.0E-324.
		mantissa, exponent, _ = strings.Cut(string(strconv.AppendFloat(room[:0], f, 'e', 1, 64)), "e")
	}
	dst = append(dst, mantissa...)
	dst = append(dst, 'E')
	if exponent[0] == '-' {
		dst = append(dst, '-')
	}
	return append(dst, strings.TrimLeft(exponent[1:], "0")...)
}

// Int returns the integer that a number writes without point and exponent. It
// returns false if v is not such a number or is beyond 64 bits.
func (v Value) Int() (int64, bool) {
	if v.kind != Number {
		return 0, false
	}
	i, err := strconv.ParseInt(v.written(), 10, 64)
	return i, err == nil
}

// Float returns the double nearest to a number. It returns false if v is no
// number or is too large for a double.
func (v Value) Float() (float64, bool) {
	if v.kind != Number {
		return 0, false
	}
	f, err := strconv.ParseFloat(v.written(), 64)
	return f, err == nil
}

// Whole says whether v is a number that is written without point and exponent.
func (v Value) Whole() bool {
	return v.kind == Number && !strings.ContainsAny(v.written(), ".eE")
}

// CompareNumbers compares two texts of JSON numbers by what they denote: -1,
// 0 or 1. It is exact, costs no more than their lengths, and never expands an
// exponent; an exponent beyond ±10^17 counts as that.
func CompareNumbers(a, b string) int {
	x, y := readDecimal(a), readDecimal(b)
	if x.sign != y.sign {
		return cmpInt(x.sign, y.sign)
	}
	if x.sign == 0 {
		return 0
	}
	if x.top != y.top {
		return x.sign * cmpInt(x.top, y.top)
	}
	return x.sign * compareDigits(x.digits, y.digits)
}

// A decimal is sign * 0.digits * 10^top, where the first digit is not 0.
type decimal struct {
	sign   int    // -1, 0, 1
	digits string // may hold the point, which counts for nothing
	top    int
}

func readDecimal(s string) decimal {
	d := decimal{sign: 1}
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		d.sign, s = -1, rest
	}
	if e := strings.IndexAny(s, "eE"); e >= 0 {
		d.top = readExponent(s[e+1:])
		s = s[:e]
	}
	point := strings.IndexByte(s, '.')
	if point < 0 {
		point = len(s)
	}
	first := strings.IndexAny(s, "123456789")
	if first < 0 {
		return decimal{}
	}
	d.digits = s[first:]
	if first < point {
		d.top += point - first
	} else {
		d.top -= first - point - 1
	}
	return d
}

func readExponent(s string) int {
	const far = 100_000_000_000_000_000
	e, err := strconv.Atoi(s)
	if err != nil && strings.HasPrefix(s, "-") {
		return -far
	}
	if err != nil {
		return far
	}
	return max(-far, min(far, e))
}

// compareDigits compares digits from the left; a shorter text goes on in zeros.
func compareDigits(a, b string) int {
	for len(a) > 0 || len(b) > 0 {
		var x, y byte
		x, a = nextDigit(a)
		y, b = nextDigit(b)
		if x != y {
			return cmpInt(int(x), int(y))
		}
	}
	return 0
}

func nextDigit(s string) (byte, string) {
	if s != "" && s[0] == '.' {
		s = s[1:]
	}
	if s == "" {
		return '0', ""
	}
	return s[0], s[1:]
}

func cmpInt(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Equal says whether two values are the same: of one kind, strings after
// decoding, numbers by what they denote (1, 1.0 and 10e-1 are equal), arrays
// in order, objects in any order.
func (v Value) Equal(w Value) bool {
	if v.kind != w.kind || v.Len() != w.Len() {
		return false
	}
	switch v.kind {
	case Bool:
		return v.form == w.form
	case Number:
		return CompareNumbers(v.written(), w.written()) == 0
	case String:
		return sameText(v, w)
	case Array:
		for i, e := range v.kids() {
			if !e.Equal(w.kids()[i]) {
				return false
			}
		}
	case Object:
		for name, e := range v.Members() {
			if f, ok := w.Get(name); !ok || !e.Equal(f) {
				return false
			}
		}
	}
	return true
}
