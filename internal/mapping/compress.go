package mapping

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strconv"
	"strings"
	"sync"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
)

// Compress codes replies of at least min bytes for clients that name a coding
// which is supported and want none more (runtime 1.17; developer guide,
// "Payload compression"). A reply that has a coding keeps it. The step is nil
// where min is.
func Compress(min *int) flow.Step {
	if min == nil {
		return nil
	}
	c := &compress{min: *min}
	c.gzip.New = func() any { w, _ := gzip.NewWriterLevel(nil, level); return w }    // the level is one that exists
	c.deflate.New = func() any { w, _ := zlib.NewWriterLevel(nil, level); return w } // as above
	return func(next flow.Handler) flow.Handler { return &compressed{c, next} }
}

// level is nginx's default: most of the gain for little of the time.
const level = gzip.BestSpeed

type compress struct {
	min           int
	gzip, deflate sync.Pool
}

// A coder is a *gzip.Writer or a *zlib.Writer.
type coder interface {
	io.WriteCloser
	Reset(io.Writer)
}

type compressed struct {
	*compress
	next flow.Handler
}

func (h *compressed) Serve(x *flow.Exchange) error {
	err := h.next.Serve(x)
	if err != nil || x.Out.Status == 206 || x.In.HeadOnly() || x.In.Method == "HEAD" || bodiless(x.Out.Status) {
		return err
	}
	coding := accepted(&x.In.Header)
	if coding == "" {
		return nil
	}
	if _, coded := x.Out.Header.Lookup(field.ContentEncoding); coded {
		return nil
	}
	long, err := h.long(&x.Out.Body)
	if err != nil || !long {
		return nil // whoever reads the body meets the error
	}
	h.code(x, coding)
	return nil
}

// long reports whether a body has min bytes.
func (c *compress) long(b *flow.Body) (bool, error) {
	if n := b.Len(); n != flow.Unknown {
		return n >= int64(c.min) && n > 0, nil
	}
	least := max(c.min, 1)
	text, err := b.Peek(least)
	return len(text) >= least, err
}

func (c *compress) code(x *flow.Exchange, coding string) {
	pool := &c.gzip
	if coding == "deflate" {
		pool = &c.deflate
	}
	x.Out.Header.Del("Content-Length")
	x.Out.Header.Add("Content-Encoding", coding)
	in := x.Out.Body.Stream()
	if in == nil {
		x.Out.Body = flow.Bytes(atOnce(pool, x.Out.Body.Bytes()))
		return
	}
	s := &deflating{in: in, pool: pool, w: pool.Get().(coder)}
	s.w.Reset(&s.held)
	x.Out.Body = flow.Streamed(s, flow.Unknown)
}

// atOnce codes what is there already.
func atOnce(pool *sync.Pool, text []byte) []byte {
	var b bytes.Buffer
	w := pool.Get().(coder)
	w.Reset(&b)
	_, _ = w.Write(text) // a buffer takes everything
	_ = w.Close()
	w.Reset(nil)
	pool.Put(w)
	return b.Bytes()
}

// deflating is a stream that is coded while it is read.
type deflating struct {
	in   flow.Stream
	pool *sync.Pool
	w    coder // nil once it went back
	held bytes.Buffer
	err  error
	buf  [8 << 10]byte
}

func (s *deflating) Read(p []byte) (int, error) {
	for s.held.Len() == 0 {
		if s.err != nil {
			return 0, s.err
		}
		n, err := s.in.Read(s.buf[:])
		if n > 0 {
			_, _ = s.w.Write(s.buf[:n]) // a buffer takes everything
		}
		if err == io.EOF {
			_ = s.w.Close()
			s.giveBack()
		}
		s.err = err
	}
	return s.held.Read(p)
}

func (s *deflating) giveBack() {
	if s.w != nil {
		s.w.Reset(nil)
		s.pool.Put(s.w)
		s.w = nil
	}
}

func (s *deflating) Close() error {
	s.giveBack()
	if s.err == nil {
		s.err = io.ErrClosedPipe
	}
	return s.in.Close()
}

func (s *deflating) Trailer() *field.List { return s.in.Trailer() }

// accepted is the coding that a reply to the request is to have; "": none. The
// one that the client wants most decides; of several alike, one that is
// supported. A client that names none wants none.
func accepted(l *field.List) string {
	best, other := 0.0, 0.0 // of what is supported, and of the rest
	coding := ""
	for v := range l.Values("Accept-Encoding") {
		for one := range strings.SplitSeq(v, ",") {
			name, q := quality(one)
			switch {
			case q <= 0:
			case (strings.EqualFold(name, "gzip") || strings.EqualFold(name, "deflate")) && q > best:
				best, coding = q, strings.ToLower(name)
			case !strings.EqualFold(name, "gzip") && !strings.EqualFold(name, "deflate"):
				other = max(other, q)
			}
		}
	}
	if other > best {
		return ""
	}
	return coding
}

// quality reads an element of Accept-Encoding (RFC 9110 section 12.5.3). A
// weight that is none counts as 0.
func quality(s string) (name string, q float64) {
	name, params, weighted := strings.Cut(s, ";")
	name = strings.TrimSpace(name)
	if !weighted {
		return name, 1
	}
	key, v, _ := strings.Cut(strings.TrimSpace(params), "=")
	if !strings.EqualFold(strings.TrimSpace(key), "q") {
		return name, 0
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return name, 0
	}
	return name, q
}
