package h1

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// slow runs a server over a pipe in a bubble of fake time. serve is the
// server's side; the test's function is the client's.
func slow(t *testing.T, o *ServerOptions, serve func(c *ServerConn) error, client func(nc net.Conn), check func(t *testing.T, err error, took time.Duration)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		timed, _, peer := timedPipe(t)
		done := make(chan struct{})
		go func() { defer close(done); client(peer) }()
		from := time.Now()
		c := NewServerConn(timed, o)
		err := serve(c)
		check(t, err, time.Since(from))
		timed.Conn.Close()
		<-done
	})
}

// wants checks an error's status and when it came.
func wants(status int, after time.Duration) func(*testing.T, error, time.Duration) {
	return func(t *testing.T, err error, took time.Duration) {
		t.Helper()
		if e, ok := errors.AsType[*SyntaxError](err); !ok || e.Status != status || took != after {
			t.Errorf("got %v after %v, want status %d after %v", err, took, status, after)
		}
	}
}

func readHead(c *ServerConn) error {
	var h Head
	err := c.Wait()
	for err == ErrQuiet {
		err = c.Wait()
	}
	return errors.Join(err, c.ReadHead(&h))
}

func readAll(c *ServerConn) error {
	if err := readHead(c); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, c.Body())
	return err
}

func TestSlowHeads(t *testing.T) {
	t.Run("A byte a second ends 10 s behind the first byte.", func(t *testing.T) {
		slow(t, &ServerOptions{}, readHead, func(nc net.Conn) {
			time.Sleep(5 * time.Second)
			for _, c := range []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n") {
				nc.Write([]byte{c})
				time.Sleep(time.Second)
			}
		}, wants(408, 15*time.Second))
	})
	t.Run("The limit can be set.", func(t *testing.T) {
		slow(t, &ServerOptions{Timeouts: Timeouts{Head: time.Second}}, readHead, func(nc net.Conn) {
			nc.Write([]byte("GET /"))
		}, wants(408, time.Second))
	})
	t.Run("A lone CR LF is no request.", func(t *testing.T) {
		slow(t, &ServerOptions{}, readHead, func(nc net.Conn) { nc.Write([]byte("\r\n")) }, wants(408, 10*time.Second))
	})
}

func TestSlowBodies(t *testing.T) {
	head := "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
	drip := func(every time.Duration, size int) func(nc net.Conn) {
		return func(nc net.Conn) {
			nc.Write([]byte(head))
			for {
				time.Sleep(every)
				if _, err := nc.Write(make([]byte, size)); err != nil {
					return
				}
			}
		}
	}
	t.Run("A body that stops ends after 30 s.", func(t *testing.T) {
		slow(t, &ServerOptions{Timeouts: Timeouts{MinRate: -1}}, readAll, func(nc net.Conn) { nc.Write([]byte(head)) }, wants(408, 30*time.Second))
	})
	t.Run("A body that never starts has used its grace after 10 s.", func(t *testing.T) {
		slow(t, &ServerOptions{}, readAll, func(nc net.Conn) { nc.Write([]byte(head)) }, wants(408, 10*time.Second))
	})
	t.Run("A body below the rate ends when grace and credit are used up.", func(t *testing.T) {
		// 90 bytes a second earn three eighths of the time that they take.
		slow(t, &ServerOptions{}, readAll, drip(time.Second, 90), wants(408, 15625*time.Millisecond))
	})
	t.Run("A drip is allowed where no rate is asked.", func(t *testing.T) {
		slow(t, &ServerOptions{Timeouts: Timeouts{MinRate: -1}}, readAll, func(nc net.Conn) {
			nc.Write([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"))
			for range 10 {
				time.Sleep(29 * time.Second)
				nc.Write([]byte("a"))
			}
		}, func(t *testing.T, err error, took time.Duration) {
			if err != nil || took != 290*time.Second {
				t.Errorf("%v after %v", err, took)
			}
		})
	})
	t.Run("A slow reader of the body is not held against the client.", func(t *testing.T) {
		slow(t, &ServerOptions{}, func(c *ServerConn) error {
			if err := readHead(c); err != nil {
				return err
			}
			for range 20 {
				time.Sleep(time.Minute)
				if _, err := c.Body().Read(make([]byte, 10)); err != nil {
					return err
				}
			}
			return nil
		}, func(nc net.Conn) {
			nc.Write([]byte(head))
			nc.Write(make([]byte, 1000))
		}, func(t *testing.T, err error, took time.Duration) {
			if err != nil {
				t.Errorf("%v after %v", err, took)
			}
		})
	})
	t.Run("The exchange's own deadline comes first.", func(t *testing.T) {
		slow(t, &ServerOptions{}, func(c *ServerConn) error {
			if err := readHead(c); err != nil {
				return err
			}
			c.Body().By(time.Now().Add(3 * time.Second))
			_, err := io.Copy(io.Discard, c.Body())
			return err
		}, drip(100*time.Millisecond, 1000), wants(408, 3*time.Second))
	})
}

// TestQuietAndIdle follows a connection from its first byte to its idle end.
func TestQuietAndIdle(t *testing.T) {
	slow(t, &ServerOptions{}, func(c *ServerConn) error {
		if c.in.buf != nil || c.out != nil {
			t.Error("a new connection holds a buffer")
		}
		if err := readHead(c); err != nil {
			return err
		}
		c.WriteHead(&ReplyOut{Status: 204})
		if err := c.Finish(nil); err != nil {
			return err
		}
		if !c.Next() {
			t.Error("no next request")
		}
		if c.in.buf == nil {
			t.Error("a busy connection gave up its buffer")
		}
		from := time.Now()
		if err := c.Wait(); err != ErrQuiet || time.Since(from) != 2*time.Second {
			t.Errorf("%v after %v, want ErrQuiet after 2s", err, time.Since(from))
		}
		if c.in.buf != nil || c.out != nil {
			t.Error("a quiet connection holds a buffer")
		}
		return c.Wait()
	}, func(nc net.Conn) {
		nc.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
		io.Copy(io.Discard, nc)
	}, func(t *testing.T, err error, took time.Duration) {
		if err != ErrIdle || took != 75*time.Second {
			t.Errorf("%v after %v, want ErrIdle after 75s", err, took)
		}
	})
}

func TestStalledClient(t *testing.T) {
	slow(t, &ServerOptions{}, func(c *ServerConn) error {
		if err := readHead(c); err != nil {
			return err
		}
		time.Sleep(time.Hour) // the handler's time is not the client's
		c.WriteHead(&ReplyOut{Status: 200, Length: 2})
		time.Sleep(time.Hour)
		io.WriteString(c, "hi")
		err := c.Finish(nil)
		if c.Next() {
			t.Error("the connection is kept")
		}
		return err
	}, func(nc net.Conn) {
		nc.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	}, func(t *testing.T, err error, took time.Duration) {
		if _, ok := errors.AsType[*ConnError](err); !ok || took != 2*time.Hour+30*time.Second {
			t.Errorf("%v after %v, want a ConnError 30s after the write", err, took-2*time.Hour)
		}
	})
}

func TestDrain(t *testing.T) {
	const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	t.Run("A connection that waits ends.", func(t *testing.T) {
		slow(t, &ServerOptions{}, func(c *ServerConn) error {
			time.AfterFunc(time.Second, c.Drain)
			return c.Wait()
		}, func(net.Conn) {}, func(t *testing.T, err error, took time.Duration) {
			if err != ErrDraining || took > time.Second+lastLookTime {
				t.Errorf("%v after %v", err, took)
			}
		})
	})
	t.Run("A connection that waits with a buffer ends.", func(t *testing.T) {
		slow(t, &ServerOptions{}, func(c *ServerConn) error {
			if err := readHead(c); err != nil {
				return err
			}
			c.WriteHead(&ReplyOut{Status: 204})
			c.Finish(nil)
			c.Next()
			time.AfterFunc(time.Second, c.Drain)
			return c.Wait()
		}, func(nc net.Conn) { nc.Write([]byte(get)); io.Copy(io.Discard, nc) }, func(t *testing.T, err error, took time.Duration) {
			if err != ErrDraining || took > time.Second+lastLookTime {
				t.Errorf("%v after %v", err, took)
			}
		})
	})
	t.Run("An open request is finished, and its reply says close.", func(t *testing.T) {
		var got string
		slow(t, &ServerOptions{}, func(c *ServerConn) error {
			if err := readHead(c); err != nil {
				return err
			}
			c.Drain()
			if err := errors.Join(c.WriteHead(&ReplyOut{Status: 204}), c.Finish(nil)); err != nil {
				return err
			}
			if c.Next() {
				t.Error("the connection is kept")
			}
			return nil
		}, func(nc net.Conn) {
			nc.Write([]byte(get))
			p := make([]byte, 1000)
			n, _ := nc.Read(p)
			got = string(p[:n])
		}, func(t *testing.T, err error, took time.Duration) {
			if synctest.Wait(); err != nil || !strings.Contains(got, "\r\nConnection: close\r\n") {
				t.Errorf("%v, reply %q", err, got)
			}
		})
	})
	t.Run("A request that has come meanwhile is served.", func(t *testing.T) {
		slow(t, &ServerOptions{}, func(c *ServerConn) error {
			c.Drain()
			if err := readHead(c); err != nil {
				return err
			}
			if c.KeepAlive() {
				t.Error("the connection would be kept")
			}
			return nil
		}, func(nc net.Conn) { nc.Write([]byte(get)) }, func(t *testing.T, err error, _ time.Duration) {
			if err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("The options drain all.", func(t *testing.T) {
		o := &ServerOptions{}
		o.Draining.Store(true)
		slow(t, o, func(c *ServerConn) error { return c.Wait() }, func(net.Conn) {}, func(t *testing.T, err error, _ time.Duration) {
			if err != ErrDraining {
				t.Error(err)
			}
		})
	})
}

// tcpPair is a connection over loopback, for what a pipe cannot do.
func tcpPair(t *testing.T) (server, client net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close(); client.Close() })
	return server, client
}

// TestLinger holds that a client which is still sending when it is refused can
// read why: without lingering the unread bytes would reset the connection.
func TestLinger(t *testing.T) {
	for _, secure := range []bool{false, true} {
		down, client := tcpPair(t)
		var nc net.Conn = NewTimed(down)
		if secure {
			config := selfSigned(t)
			nc, client = tls.Server(nc, config), tls.Client(client, config)
		}
		done := make(chan error)
		go func() {
			c := NewServerConn(nc, &ServerOptions{})
			err := readHead(c)
			if err == nil {
				c.Refuse(&SyntaxError{Status: 413}, []byte("too large"), "text/plain")
			}
			done <- errors.Join(err, c.Close())
		}()
		io.WriteString(client, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
		time.Sleep(20 * time.Millisecond)
		for range 10 { // what is sent behind the refusal must not destroy it
			if _, err := client.Write(make([]byte, 10000)); err != nil {
				t.Fatalf("TLS %v: the write failed: %v", secure, err)
			}
		}
		got, err := io.ReadAll(client)
		if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 413 Content Too Large\r\n") || !strings.HasSuffix(string(got), "\r\nConnection: close\r\n\r\ntoo large") {
			t.Errorf("TLS %v: %q, %v", secure, got, err)
		}
		client.Close()
		if err := <-done; err != nil {
			t.Errorf("TLS %v: close: %v", secure, err)
		}
	}
}

// TestAbort holds that a reply which is cut short does not look whole.
func TestAbort(t *testing.T) {
	for _, tc := range []struct {
		desc string
		head ReplyOut
		send func(c *ServerConn) error
	}{
		{"A source that fails.", ReplyOut{Status: 200, Length: -1}, func(c *ServerConn) error {
			err := c.WriteFrom(io.MultiReader(strings.NewReader("abc"), failing{}))
			if _, ok := errors.AsType[*SourceError](err); !ok {
				return errors.New("no SourceError")
			}
			c.Abort()
			return nil
		}},
		{"A body that is too short.", ReplyOut{Status: 200, Length: 5}, func(c *ServerConn) error {
			if _, err := io.WriteString(c, "abc"); err != nil {
				return err
			}
			c.Flush()
			if err := c.Finish(nil); err != ErrLength {
				return errors.New("Finish took it")
			}
			return nil
		}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			down, client := tcpPair(t)
			c := NewServerConn(NewTimed(down), &ServerOptions{})
			io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if err := errors.Join(readHead(c), c.WriteHead(&tc.head), tc.send(c)); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(client); err == nil && strings.HasSuffix(string(got), "0\r\n\r\n") {
				t.Errorf("the client saw %q, %v", got, err)
			}
			if c.Next() || c.Close() != nil {
				t.Error("the connection goes on")
			}
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("out of order") }

func TestPreface(t *testing.T) {
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	for _, in := range [][][]byte{pieces(preface), pieces(splitBytes([]byte(preface))...)} {
		c := NewServerConn(&wire{in: append(in, pieces("frames")...)}, &ServerOptions{})
		var h Head
		if err := c.Wait(); err != nil {
			t.Fatal(err)
		}
		if err := c.ReadHead(&h); err != ErrPreface {
			t.Fatalf("got %v, want ErrPreface", err)
		}
		got, err := io.ReadAll(c.Hijack())
		if err != nil || string(got) != preface+"frames" {
			t.Errorf("the handed-on connection reads %q, %v", got, err)
		}
	}
}
