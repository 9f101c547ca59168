package logs

import (
	"bytes"
	"io"
)

// An outlet writes lines to an output that may fail in the middle of one. It
// belongs to one goroutine.
type outlet struct {
	out  io.Writer
	torn bool // the last write ended inside a line
}

// put writes whole lines and returns how many the output did not take. A line
// that it took in part is ended before the next.
func (o *outlet) put(b []byte) (lost int, err error) {
	if o.torn {
		if _, err := io.WriteString(o.out, "\n"); err != nil {
			return bytes.Count(b, newline), err
		}
		o.torn = false
	}
	n, err := o.out.Write(b)
	if err == nil {
		return 0, nil
	}
	n = min(max(n, 0), len(b))
	o.torn = n > 0 && b[n-1] != '\n'
	return bytes.Count(b[n:], newline), err
}
