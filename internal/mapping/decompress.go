package mapping

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// Decompress undoes the coding of request bodies, as REST APIs do before
// anything looks at them: gzip and deflate, one of them. Another coding, or
// data that is not what the field says, is 415; a body that grows beyond max
// bytes, 413 (runtime 1.17). Content-Encoding goes with the coding.
func Decompress(max int64) flow.Step {
	return func(next flow.Handler) flow.Handler { return &decompress{max, next} }
}

type decompress struct {
	max  int64
	next flow.Handler
}

func (h *decompress) Serve(x *flow.Exchange) error {
	if _, ok := x.In.Header.Lookup(field.ContentEncoding); !ok {
		return h.next.Serve(x)
	}
	if err := h.undo(x); err != nil {
		return err
	}
	return h.next.Serve(x)
}

func (h decompress) undo(x *flow.Exchange) error {
	coding, err := codingOf(&x.In.Header)
	switch {
	case err != nil:
		return err
	case coding == "":
		return nil
	}
	x.In.Header.Del("Content-Encoding")
	if x.In.Body.Len() == 0 {
		return nil
	}
	in := x.In.Body.Stream()
	if in == nil {
		in = &pieces{b: x.In.Body.Bytes()}
	}
	s := &inflated{in: in, coding: coding}
	x.In.Body = flow.Streamed(&counted{in: s, max: h.max, left: h.max, text: lengthText(h.max)}, flow.Unknown)
	return nil
}

// codingOf is the coding that a request names; "": none.
func codingOf(l *field.List) (coding string, err error) {
	for v := range l.Values("Content-Encoding") {
		for one := range strings.SplitSeq(v, ",") {
			one = strings.ToLower(strings.TrimSpace(one))
			switch {
			case one == "" || one == "identity":
			case coding == "" && (one == "gzip" || one == "x-gzip" || one == "deflate"):
				coding = strings.TrimPrefix(one, "x-")
			default:
				return "", gate.Failf(gate.UnsupportedMediaType, "content-encoding %q: one of gzip and deflate is supported, once", v)
			}
		}
	}
	return coding, nil
}

// inflated is a stream without its coding. The reader is made by the first
// Read, since making it reads.
type inflated struct {
	in     flow.Stream
	coding string
	out    io.Reader
	broken error
}

func (s *inflated) Read(p []byte) (int, error) {
	if s.broken != nil {
		return 0, s.broken
	}
	if s.out == nil {
		out, err := s.open()
		if err != nil {
			return 0, s.fail(err)
		}
		s.out = out
	}
	n, err := s.out.Read(p)
	if err != nil && err != io.EOF {
		err = s.fail(err)
	}
	return n, err
}

func (s *inflated) open() (io.Reader, error) {
	in := &watched{Reader: s.in}
	if s.coding == "gzip" {
		return gzip.NewReader(in)
	}
	return zlib.NewReader(in)
}

// fail sorts an error: what the client's connection said is handed on as it
// is, and what the data are not is 415.
func (s *inflated) fail(err error) error {
	var read *readError
	switch {
	case errors.As(err, &read):
		s.broken = read.err
	default:
		s.broken = gate.Fail(gate.UnsupportedMediaType, fmt.Errorf("the request body is no %s: %w", s.coding, err))
	}
	return s.broken
}

func (s *inflated) Close() error         { return s.in.Close() }
func (s *inflated) Trailer() *field.List { return nil } // the coding was of the body; trailers described its coded form

// watched marks the errors of the stream itself, which the readers of a coding
// would otherwise mix with their own.
type watched struct{ io.Reader }

type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = &readError{err}
	}
	return n, err
}

// pieces is a stream of bytes.
type pieces struct{ b []byte }

func (s *pieces) Read(p []byte) (int, error) {
	n := copy(p, s.b)
	if s.b = s.b[n:]; len(s.b) == 0 {
		return n, io.EOF
	}
	return n, nil
}
func (s *pieces) Close() error         { return nil }
func (s *pieces) Trailer() *field.List { return nil }
