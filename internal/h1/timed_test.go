package h1

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// counted counts how often the timers of a connection are set.
type counted struct {
	net.Conn
	reads, writes atomic.Int32
}

func (c *counted) SetReadDeadline(t time.Time) error {
	c.reads.Add(1)
	return c.Conn.SetReadDeadline(t)
}

func (c *counted) SetWriteDeadline(t time.Time) error {
	c.writes.Add(1)
	return c.Conn.SetWriteDeadline(t)
}

func timedPipe(t *testing.T) (*Timed, *counted, net.Conn) {
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	c := &counted{Conn: a}
	return NewTimed(c), c, b
}

// TestTimedIsExact reads once a second for a minute under a deadline of ten
// seconds a read, and then waits for the deadline: it comes to the instant, and
// the timer was set once in ten seconds.
func TestTimedIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timed, count, peer := timedPipe(t)
		go func() {
			for range 60 {
				time.Sleep(time.Second)
				peer.Write([]byte("x"))
			}
		}()
		p := make([]byte, 1)
		for range 60 {
			timed.ReadBy(time.Now().Add(10 * time.Second))
			if _, err := timed.Read(p); err != nil {
				t.Fatal(err)
			}
		}
		from := time.Now()
		timed.ReadBy(from.Add(10 * time.Second))
		_, err := timed.Read(p)
		if took := time.Since(from); !errors.Is(err, os.ErrDeadlineExceeded) || took != 10*time.Second {
			t.Errorf("%v after %v, want a timeout after 10s", err, took)
		}
		if n := count.reads.Load(); n > 9 {
			t.Errorf("the timer was set %d times in 70 seconds, want at most 9", n)
		}
		timed.ReadBy(time.Now().Add(time.Second))
		go peer.Write([]byte("y"))
		if _, err := timed.Read(p); err != nil {
			t.Errorf("a read behind a timeout: %v", err)
		}
	})
}

func TestTimedShortens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timed, _, peer := timedPipe(t)
		go peer.Write([]byte("x"))
		p := make([]byte, 1)
		timed.ReadBy(time.Now().Add(time.Hour))
		if _, err := timed.Read(p); err != nil {
			t.Fatal(err)
		}
		from := time.Now()
		timed.ReadBy(from.Add(time.Second))
		if _, err := timed.Read(p); err == nil || time.Since(from) != time.Second {
			t.Errorf("%v after %v, want a timeout after 1s", err, time.Since(from))
		}
		timed.ReadBy(time.Time{})
		go func() { time.Sleep(24 * time.Hour); peer.Write([]byte("x")) }()
		if _, err := timed.Read(p); err != nil {
			t.Errorf("without a deadline: %v", err)
		}
	})
}

// TestTimedWriteGoesOn holds that a write which an early timer cut in two
// arrives whole.
func TestTimedWriteGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timed, _, peer := timedPipe(t)
		timed.WriteBy(time.Now().Add(time.Second))
		go io.ReadFull(peer, make([]byte, 1))
		if _, err := timed.Write([]byte("a")); err != nil {
			t.Fatal(err)
		}
		timed.WriteBy(time.Now().Add(time.Minute))
		got := make([]byte, 6)
		done := make(chan error)
		go func() {
			time.Sleep(500 * time.Millisecond)
			_, err := io.ReadFull(peer, got[:3])
			time.Sleep(30 * time.Second)
			_, err2 := io.ReadFull(peer, got[3:])
			done <- errors.Join(err, err2)
		}()
		if n, err := timed.Write([]byte("abcdef")); n != 6 || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
		if err := <-done; err != nil || string(got) != "abcdef" {
			t.Errorf("read %q, %v", got, err)
		}
	})
}

// TestTimedStall holds that a slow reader is served and a stopped one is not.
func TestTimedStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timed, _, peer := timedPipe(t)
		timed.WriteStall(30 * time.Second)
		timed.WriteBy(time.Now().Add(30 * time.Second))
		go func() {
			for range 10 {
				time.Sleep(20 * time.Second)
				peer.Read(make([]byte, 1))
			}
		}()
		from := time.Now()
		n, err := timed.Write(make([]byte, 100))
		if took := time.Since(from); n != 10 || err == nil || took < 230*time.Second || took > 260*time.Second {
			t.Errorf("wrote %d, %v after %v; want 10 and a timeout 30 to 60 seconds behind the last", n, err, took)
		}
	})
}

func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timed, _, peer := timedPipe(t)
		for _, by := range []time.Time{{}, time.Now().Add(time.Hour)} {
			timed.ReadBy(by)
			timed.WriteBy(by)
			errs := make(chan error, 2)
			go func() { _, err := timed.Read(make([]byte, 1)); errs <- err }()
			go func() { _, err := timed.Write([]byte("x")); errs <- err }()
			synctest.Wait()
			timed.Interrupt()
			for range 2 {
				if err := <-errs; err != ErrInterrupted {
					t.Errorf("got %v, want ErrInterrupted", err)
				}
			}
			if _, err := timed.Read(make([]byte, 1)); err != ErrInterrupted {
				t.Errorf("a read behind it: %v", err)
			}
			timed.Resume()
			go peer.Write([]byte("x"))
			if _, err := timed.Read(make([]byte, 1)); err != nil {
				t.Errorf("a read behind Resume: %v", err)
			}
		}
	})
}

// TestSetReadDeadlineReachesAWaitingRead is what net/http's HTTP/2 server
// needs of a connection that it is handed.
func TestSetReadDeadlineReachesAWaitingRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timed, _, _ := timedPipe(t)
		timed.ReadBy(time.Now().Add(time.Hour))
		errs := make(chan error)
		go func() { _, err := timed.Read(make([]byte, 1)); errs <- err }()
		synctest.Wait()
		timed.SetDeadline(time.Unix(1, 0))
		if err := <-errs; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// selfSigned is a TLS configuration for both ends.
func selfSigned(t *testing.T) *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"x"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, InsecureSkipVerify: true, ServerName: "x"}
}

// TestTimedUnderTLS holds that early timers, which would end a TLS connection,
// never reach it: in an exchange every 900 ms under deadlines of a second for
// reads and writes alike, the timers ring early again and again, also within a
// write that the peer is slow to take.
func TestTimedUnderTLS(t *testing.T) {
	config := selfSigned(t)
	synctest.Test(t, func(t *testing.T) {
		timed, _, raw := timedPipe(t)
		server, client := tls.Server(timed, config), tls.Client(raw, config)
		go func() {
			for range 20 {
				time.Sleep(900 * time.Millisecond)
				client.Write([]byte("ping"))
				time.Sleep(300 * time.Millisecond)
				io.ReadFull(client, make([]byte, 4))
			}
		}()
		p := make([]byte, 4)
		for i := range 20 {
			timed.ReadBy(time.Now().Add(time.Second))
			if _, err := io.ReadFull(server, p); err != nil {
				t.Fatalf("read %d: %v", i, err)
			}
			timed.WriteBy(time.Now().Add(time.Second))
			if _, err := server.Write([]byte("pong")); err != nil {
				t.Fatalf("write %d: %v", i, err)
			}
		}
		from := time.Now()
		timed.ReadBy(from.Add(time.Second))
		if _, err := server.Read(p); !isTimeout(err) || time.Since(from) != time.Second {
			t.Errorf("%v after %v, want a timeout after 1s", err, time.Since(from))
		}
	})
}
