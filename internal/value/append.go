package value

// Append appends v as JSON without white space. What was parsed comes out as
// it was written, numbers and escapes included; made strings are escaped as by
// AppendString. An Absent value is written as null.
func (v Value) Append(dst []byte) []byte {
	switch v.kind {
	case Bool:
		if v.form == yes {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case Number:
		return append(dst, v.written()...)
	case String:
		dst = append(dst, '"')
		if v.form == unsafed {
			dst = appendEscaped(dst, v.written())
		} else {
			dst = append(dst, v.written()...)
		}
		return append(dst, '"')
	case Array:
		dst = append(dst, '[')
		for i, e := range v.kids() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = e.Append(dst)
		}
		return append(dst, ']')
	case Object:
		dst = append(dst, '{')
		for i, e := range v.kids() {
			if i > 0 {
				dst = append(dst, ",:"[i&1])
			}
			dst = e.Append(dst)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// String returns v as JSON, for messages and tests.
func (v Value) String() string { return string(v.Append(nil)) }
