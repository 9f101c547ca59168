package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// maxIdle is what an idle plaintext connection may hold, in bytes.
const maxIdle = 5 << 10

// runIdle opens many connections, has each serve one request, waits, and
// divides what the process has grown by. Each contestant has processes of its
// own: memory that one row has freed would hide the growth of the next.
func runIdle(ctx context.Context, w *world) (*section, error) {
	s := &section{name: "idle"}
	s.printf("Resident memory of an idle keep-alive connection: %d connections that each served one request, %v later.\n\n", w.conns, w.wait)
	s.printf("| contestant | bytes a connection | bound | holds |\n|---|--:|---|---|\n")
	for _, key := range w.pick(keyGatehouse, keyGatehouseTLS, keyBare) {
		_, err := inWorld(ctx, w.options, func(ctx context.Context, w *world) (*section, error) { return s, s.idleRow(ctx, w, key) })
		if err != nil {
			return nil, fmt.Errorf("%s: %v", key, err)
		}
	}
	s.printf("\n")
	s.foot(ctx, fmt.Sprintf("go run ./test/bench idle -conns %d -wait %v", w.conns, w.wait))
	return s, nil
}

// idleRow measures one contestant in a world of its own.
func (s *section) idleRow(ctx context.Context, w *world, key string) error {
	all, err := w.startContestants(ctx, key)
	if err != nil {
		return err
	}
	for _, c := range all {
		n, err := w.idleBytes(ctx, c)
		if err != nil {
			return err
		}
		if key == keyGatehouse {
			s.judge(n < maxIdle, c.name, fmt.Sprint(n), fmt.Sprintf("under %d", maxIdle))
		} else {
			s.printf("| %s | %d | none, for comparison | |\n", c.name, n)
		}
	}
	return nil
}

// idleBytes measures one contestant. The first hundred requests come before
// the base line, so that what a process makes once is not counted.
func (w *world) idleBytes(ctx context.Context, c *contestant) (int64, error) {
	warm, err := openMany(ctx, c, 100)
	closeAll(warm)
	if err != nil {
		return 0, err
	}
	if err := sleep(ctx, 2*time.Second); err != nil {
		return 0, err
	}
	before, err := memory(c.proc.pid(), "VmRSS")
	if err != nil {
		return 0, err
	}
	conns, err := openMany(ctx, c, w.conns)
	defer closeAll(conns)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(os.Stderr, "bench: %s: %d connections open, waiting %v\n", c.name, len(conns), w.wait)
	if err := sleep(ctx, w.wait); err != nil {
		return 0, err
	}
	after, err := memory(c.proc.pid(), "VmRSS")
	if err != nil {
		return 0, err
	}
	if err := alive(conns[len(conns)/2], c); err != nil {
		return 0, fmt.Errorf("an idle connection was closed meanwhile, so its memory was not measured: %v", err)
	}
	return (after - before) / int64(len(conns)), nil
}

// openMany opens n connections and sends one request on each, one after the
// other on each of 32 goroutines.
func openMany(ctx context.Context, c *contestant, n int) ([]net.Conn, error) {
	work := make(chan struct{}, n)
	for range n {
		work <- struct{}{}
	}
	close(work)
	type result struct {
		conns []net.Conn
		err   error
	}
	results := make(chan result)
	for range 32 {
		go func() {
			var r result
			for range work {
				conn, err := openOne(ctx, c)
				if err != nil {
					r.err = err
					break
				}
				r.conns = append(r.conns, conn)
			}
			results <- r
		}()
	}
	var all []net.Conn
	var err error
	for range 32 {
		r := <-results
		all, err = append(all, r.conns...), errors.Join(err, r.err)
	}
	return all, err
}

// openOne opens a connection that has served one request.
func openOne(ctx context.Context, c *contestant) (net.Conn, error) {
	scheme, addr, _ := strings.Cut(c.url, "://")
	d := net.Dialer{Timeout: 10 * time.Second}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if scheme == "https" {
		// The bench made this certificate a moment ago and connects to loopback.
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	}
	if err := alive(conn, c); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// alive sends a request and reads its answer.
func alive(conn net.Conn, c *contestant) error {
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "GET /r0001/items HTTP/1.1\r\nHost: %s\r\n\r\n", c.host); err != nil {
		return err
	}
	res, err := http.ReadResponse(bufio.NewReaderSize(conn, 1<<10), nil)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || res.Close {
		return fmt.Errorf("answered %s, close %v", res.Status, res.Close)
	}
	return conn.SetDeadline(time.Time{})
}

func closeAll(conns []net.Conn) {
	for _, c := range conns {
		_ = c.Close()
	}
}

// sleep waits, or returns why it did not.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
