package upstream

import (
	"io"

	"gatehouse/internal/field"
)

// A source is a client's body: text, then fail or the end. step runs before
// each read.
type source struct {
	text    string
	piece   int // bytes a read; 0: as many as fit
	idle    int // reads that bring nothing, before the others
	fail    error
	trailer *field.List
	step    func(left int)
}

func (s *source) Read(p []byte) (int, error) {
	if s.step != nil {
		s.step(len(s.text))
	}
	if s.idle > 0 {
		s.idle--
		return 0, nil
	}
	if s.piece > 0 {
		p = p[:min(s.piece, len(p))]
	}
	n := copy(p, s.text)
	s.text = s.text[n:]
	if s.text != "" {
		return n, nil
	}
	if s.fail != nil {
		if n > 0 {
			return n, nil
		}
		return 0, s.fail
	}
	return n, io.EOF
}

func (s *source) Close() error { return nil }

func (s *source) Trailer() *field.List {
	if s.text != "" {
		return nil
	}
	return s.trailer
}
