package edge

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2/hpack"
)

// The frames that the tests write and read: RFC 9113 section 6.
const (
	frameData     = 0
	frameHeaders  = 1
	frameSettings = 4
	frameGoAway   = 7
	frameContinue = 9

	endStream  = 1
	endHeaders = 4
	maxFrame   = 16 << 10
)

// frames is a client of HTTP/2 that writes its frames by hand.
type frames struct {
	t *testing.T
	net.Conn
	fields *hpack.Decoder
}

type frame struct {
	kind, flags byte
	stream      uint32
	payload     []byte
}

func dialFrames(t *testing.T, addr string) *frames {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(10 * time.Second))
	f := &frames{t, nc, hpack.NewDecoder(4096, nil)}
	if _, err := io.WriteString(nc, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	f.write(frame{kind: frameSettings})
	return f
}

func (f *frames) write(w frame) {
	f.t.Helper()
	n := len(w.payload)
	b := []byte{byte(n >> 16), byte(n >> 8), byte(n), w.kind, w.flags}
	b = binary.BigEndian.AppendUint32(b, w.stream)
	if _, err := f.Write(append(b, w.payload...)); err != nil {
		f.t.Fatal(err)
	}
}

// head opens a stream. Pseudo fields go first, whatever their place in list.
func (f *frames) head(stream uint32, end bool, list [][2]string) {
	f.t.Helper()
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	for _, pseudo := range []bool{true, false} {
		for _, l := range list {
			if strings.HasPrefix(l[0], ":") == pseudo {
				enc.WriteField(hpack.HeaderField{Name: l[0], Value: l[1]})
			}
		}
	}
	w := frame{kind: frameHeaders, stream: stream}
	if end {
		w.flags = endStream
	}
	for {
		w.payload = block.Next(maxFrame)
		if block.Len() == 0 {
			w.flags |= endHeaders
			f.write(w)
			return
		}
		f.write(w)
		w = frame{kind: frameContinue, stream: stream}
	}
}

// next reads frames until one of that kind.
func (f *frames) next(kind byte) frame {
	f.t.Helper()
	for {
		var h [9]byte
		if _, err := io.ReadFull(f, h[:]); err != nil {
			f.t.Fatalf("no frame of kind %d: %v", kind, err)
		}
		r := frame{kind: h[3], flags: h[4], stream: binary.BigEndian.Uint32(h[5:])}
		r.payload = make([]byte, int(h[0])<<16|int(h[1])<<8|int(h[2]))
		if _, err := io.ReadFull(f, r.payload); err != nil {
			f.t.Fatal(err)
		}
		if r.kind == kind {
			return r
		}
	}
}

// reply reads the next head.
func (f *frames) reply() map[string]string {
	f.t.Helper()
	list, err := f.fields.DecodeFull(f.next(frameHeaders).payload)
	if err != nil {
		f.t.Fatal(err)
	}
	got := map[string]string{}
	for _, l := range list {
		got[l.Name] = l.Value
	}
	return got
}
