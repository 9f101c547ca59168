package h1

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// overTCP returns both ends of a loopback connection, under TLS if asked for.
func overTCP(t *testing.T, secure bool) (server, client net.Conn, timed *Timed) {
	down, client := tcpPair(t)
	timed = NewTimed(down)
	if !secure {
		return timed, client, timed
	}
	config := selfSigned(t)
	return tls.Server(timed, config), tls.Client(client, config), timed
}

// TestEchoOverTCP sends requests of all framings, some of them at once, with
// bodies far larger than any buffer.
func TestEchoOverTCP(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 100_000)
	for _, secure := range []bool{false, true} {
		server, client, _ := overTCP(t, secure)
		done := make(chan error)
		go func() { done <- serveEcho(NewServerConn(server, &ServerOptions{})) }()
		go func() {
			var b []byte
			for _, text := range []string{"", "small", big} {
				b = append(b, "PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"...)
				b = AppendLastChunk(AppendChunk(b, []byte(text)), nil)
			}
			b = append(b, "GET /y HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"...)
			client.Write(b)
		}()
		c := NewClientConn(NewTimed(struct{ net.Conn }{client}), &ClientOptions{})
		var h ReplyHead
		for _, want := range []string{"PUT /x ", "PUT /x small", "PUT /x " + big, "GET /y "} {
			err := c.ReadHead(&h, "GET")
			got, rerr := io.ReadAll(c.Body())
			if err := errors.Join(err, rerr); err != nil || string(got) != want {
				t.Fatalf("TLS %v: %d bytes, %v; want %d", secure, len(got), err, len(want))
			}
		}
		if err := <-done; err != nil {
			t.Errorf("TLS %v: %v", secure, err)
		}
		c.Close()
	}
}

// TestLingerIsBounded holds that a client which never stops gets a bounded
// amount of attention.
func TestLingerIsBounded(t *testing.T) {
	for _, sends := range []bool{false, true} {
		server, client, _ := overTCP(t, false)
		io.WriteString(client, "nonsense\n")
		sender := make(chan struct{})
		go func() {
			defer close(sender)
			for sends {
				if _, err := client.Write(make([]byte, 1000)); err != nil {
					return
				}
			}
		}()
		c := NewServerConn(server, &ServerOptions{Timeouts: Timeouts{Linger: 100 * time.Millisecond}})
		if err := readHead(c); err == nil {
			t.Fatal("nonsense is taken")
		}
		from := time.Now()
		c.Close()
		if took := time.Since(from); took > 5*time.Second {
			t.Errorf("sends %v: the close took %v", sends, took)
		}
		<-sender
	}
}

// TestDrainUnderTLS holds that the interrupted read leaves the TLS connection
// usable: a request that comes at that moment is served.
func TestDrainUnderTLS(t *testing.T) {
	server, client, _ := overTCP(t, true)
	c := NewServerConn(server, &ServerOptions{})
	done := make(chan error)
	go func() { done <- serveEcho(c) }()
	io.WriteString(client, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n")
	p := make([]byte, 1000)
	if n, err := client.Read(p); err != nil || !bytes.HasSuffix(p[:n], []byte("GET /1 ")) {
		t.Fatalf("%q, %v", p[:n], err)
	}
	for c.state.Load() != waiting {
		time.Sleep(time.Millisecond)
	}
	c.Drain()
	if err := <-done; err != ErrDraining {
		t.Errorf("got %v, want ErrDraining", err)
	}
	if _, err := client.Read(p); err != io.EOF {
		t.Errorf("the client sees %v, want the end", err)
	}
}

// TestDrainRace drains connections at any moment of their work. Whatever a
// client sent is answered whole or not at all.
func TestDrainRace(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 50 {
		server, client, _ := overTCP(t, false)
		c := NewServerConn(server, &ServerOptions{})
		wg.Go(func() { serveEcho(c) })
		wg.Go(func() {
			time.Sleep(time.Duration(i) * 40 * time.Microsecond)
			c.Drain()
		})
		wg.Go(func() {
			defer client.Close()
			up := NewClientConn(NewTimed(client), &ClientOptions{})
			var h ReplyHead
			for {
				if _, err := io.WriteString(up, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
					return
				}
				if err := up.ReadHead(&h, "GET"); err != nil {
					if !errors.Is(err, ErrStale) {
						t.Errorf("a reply was cut: %v", err)
					}
					return
				}
				if got, err := io.ReadAll(up.Body()); err != nil || string(got) != "GET /a " {
					t.Errorf("got %q, %v", got, err)
				}
				if !up.Reusable() {
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestClientLeaves holds what each side makes of a peer that goes away.
func TestClientLeaves(t *testing.T) {
	server, client, timed := overTCP(t, false)
	c := NewServerConn(server, &ServerOptions{})
	io.WriteString(client, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
	if err := readHead(c); err != nil {
		t.Fatal(err)
	}
	NewTimed(client).Abort()
	if _, err := io.ReadAll(c.Body()); err == nil {
		t.Error("the body is whole")
	}
	c.WriteHead(&ReplyOut{Status: 200, Length: -1})
	err := c.WriteFrom(endless{})
	if _, ok := errors.AsType[*ConnError](err); !ok {
		t.Errorf("WriteFrom: %v, want a ConnError", err)
	}
	if _, err := c.Write([]byte("x")); err == nil || c.Next() {
		t.Error("the connection goes on")
	}
	c.Close()
	timed.Close()
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestPoison holds that a view kept beyond its buffer's life reads as rubbish
// in race builds.
func TestPoison(t *testing.T) {
	if !raceEnabled {
		t.Skip("buffers are poisoned in race builds only")
	}
	c := NewClientConn(&wire{in: pieces("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")}, &ClientOptions{})
	var h ReplyHead
	if err := c.ReadHead(&h, "GET"); err != nil {
		t.Fatal(err)
	}
	kept := c.Body().Buffered()
	c.Body().Skip(len(kept))
	if !c.Reusable() || string(kept) == "secret" {
		t.Errorf("the kept view still reads %q", kept)
	}
}

// TestClientSides holds the limits of what may run at the same time: one
// goroutine writes while another reads an early answer.
func TestClientSides(t *testing.T) {
	server, client, _ := overTCP(t, false)
	go func() {
		c := NewServerConn(server, &ServerOptions{})
		if readHead(c) == nil {
			c.Refuse(&SyntaxError{Status: 413}, nil, "")
		}
		c.Close()
	}()
	c := NewClientConn(NewTimed(client), &ClientOptions{})
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
		for {
			if _, err := c.Write(make([]byte, 10000)); err != nil {
				return
			}
		}
	}()
	var h ReplyHead
	if err := c.ReadHead(&h, "POST"); err != nil || h.Status != 413 || c.Reusable() {
		t.Errorf("status %d, %v", h.Status, err)
	}
	c.Interrupt()
	<-wrote
	c.Close()
}
