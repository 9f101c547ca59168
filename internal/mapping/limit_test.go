package mapping

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// upload is a client's body.
type upload struct {
	io.Reader
	trailer *field.List
	closed  int
}

func (u *upload) Close() error         { u.closed++; return nil }
func (u *upload) Trailer() *field.List { return u.trailer }

// tooLarge reports whether err is the fault of a body over the limit.
func tooLarge(err error) bool {
	var f *gate.Fault
	return errors.As(err, &f) && f.Kind == gate.RequestTooLarge && strings.Contains(err.Error(), "limits.body")
}

// TestLimit is the table of bodies at the limit of 8 bytes and around it. What
// is over it is refused before the step inside is called where the length is
// declared, else with the byte too many, which is never handed on.
func TestLimit(t *testing.T) {
	const max = 8
	for _, tc := range []struct {
		desc   string
		sent   int
		chunks bool // the length is not declared
		called bool
		fault  bool
	}{
		{"Nothing.", 0, false, true, false},
		{"Nothing in chunks.", 0, true, true, false},
		{"One byte less, declared.", max - 1, false, true, false},
		{"One byte less in chunks.", max - 1, true, true, false},
		{"The last byte that may be, declared.", max, false, true, false},
		{"The last byte that may be in chunks.", max, true, true, false},
		{"One over, declared.", max + 1, false, false, true},
		{"One over in chunks.", max + 1, true, true, true},
		{"Far over, declared.", 1 << 20, false, false, true},
		{"Far over in chunks.", 1 << 20, true, true, true},
	} {
		for how, read := range map[string]func(io.Reader) io.Reader{
			"at once":                 func(r io.Reader) io.Reader { return r },
			"byte by byte":            iotest.OneByteReader,
			"the end with the last":   iotest.DataErrReader,
			"byte by byte to the end": func(r io.Reader) io.Reader { return iotest.DataErrReader(iotest.OneByteReader(r)) },
		} {
			t.Run(tc.desc+" "+how, func(t *testing.T) {
				x, text := begun(t), strings.Repeat("x", tc.sent)
				length := int64(tc.sent)
				if tc.chunks {
					length = flow.Unknown
				}
				x.In.Body = flow.Streamed(&upload{Reader: read(strings.NewReader(text))}, length)
				called, got := false, ""
				err := Limit(max)(flow.HandlerFunc(func(x *flow.Exchange) error {
					called = true
					if x.In.Body.Len() != length {
						t.Errorf("the length became %d", x.In.Body.Len())
					}
					s := x.In.Body.Stream()
					b, err := io.ReadAll(s)
					got = string(b)
					if n, again := s.Read(make([]byte, 1)); err != nil && (n > 0 || again != err) {
						t.Errorf("read again: %d, %v", n, again)
					}
					return err
				})).Serve(x)
				if tooLarge(err) != tc.fault || (err != nil) != tc.fault || called != tc.called {
					t.Errorf("got %v, called %v", err, called)
				}
				if want := text[:min(tc.sent, max)]; called && got != want {
					t.Errorf("%d bytes were handed on, want %d", len(got), len(want))
				}
			})
		}
	}
}

// TestLimitUnderBuffer holds that who wants a body in memory gets no more of it
// than may be, and meets the fault whichever bound is the lower one.
func TestLimitUnderBuffer(t *testing.T) {
	for _, tc := range []struct {
		desc            string
		sent, max, want int
		whole, fault    bool
	}{
		{"A body that fits both.", 8, 8, 8, true, false},
		{"A body over the limit.", 9, 8, 100, false, true},
		{"A body over the limit, of which exactly as much is wanted.", 9, 8, 8, false, true},
		{"A body that is longer than wanted stays a stream.", 8, 8, 4, false, false},
		{"A body that is longer than wanted and over the limit: the fault comes when it is read.", 9, 8, 4, false, false},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			x, text := begun(t), "123456789"[:tc.sent]
			x.In.Body = flow.Streamed(&upload{Reader: strings.NewReader(text)}, flow.Unknown)
			err := Limit(int64(tc.max))(flow.HandlerFunc(func(x *flow.Exchange) error {
				whole, err := x.In.Body.Buffer(tc.want)
				if whole != tc.whole {
					t.Errorf("whole = %v", whole)
				}
				if whole {
					if got := string(x.In.Body.Bytes()); got != text {
						t.Errorf("got %q", got)
					}
					return err
				}
				rest, again := io.ReadAll(x.In.Body.Stream())
				if string(rest) != text[:min(tc.sent, tc.max)] || tooLarge(again) != (tc.sent > tc.max) {
					t.Errorf("it then reads %q, %v", rest, again)
				}
				return err
			})).Serve(x)
			if tooLarge(err) != tc.fault || (err != nil) != tc.fault {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestLimitPassesTheRest holds that the stream around a body hides nothing
// else of it, and that a broken one breaks in its own way.
func TestLimitPassesTheRest(t *testing.T) {
	sum := &field.List{}
	sum.Add("X-Sum", "1")
	broken := errors.New("reset")
	body := &upload{Reader: io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken)), trailer: sum}
	x := begun(t)
	x.In.Body = flow.Streamed(body, flow.Unknown)
	err := Limit(8)(flow.HandlerFunc(func(x *flow.Exchange) error {
		s := x.In.Body.Stream()
		if s.Trailer() != sum {
			t.Error("the trailer is lost")
		}
		b, err := io.ReadAll(s)
		if string(b) != "abc" {
			t.Errorf("got %q", b)
		}
		return errors.Join(err, s.Close())
	})).Serve(x)
	if !errors.Is(err, broken) || tooLarge(err) || body.closed != 1 {
		t.Errorf("got %v, closed %d times", err, body.closed)
	}
}
