package edge

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestMaxConns holds that a listener has no more connections open than it may,
// whichever protocol they speak, and that each that ends makes room.
func TestMaxConns(t *testing.T) {
	for _, tc := range []struct {
		desc    string
		version int
		tls     *tls.Config
	}{
		{"HTTP/1.1.", 1, nil},
		{"HTTP/1.1 under TLS.", 1, selfSigned(t)},
		{"HTTP/2 with prior knowledge.", 2, nil},
		{"HTTP/2 by ALPN.", 2, selfSigned(t)},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			told := func(_ string, status int) {
				if status != 503 {
					t.Errorf("counted as %d", status)
				}
			}
			h := open(t, say("hello"), Options{Refused: told}, Listen{Data: true, TLS: tc.tls, MaxConns: 1})
			for range 3 { // each finds the room that the one before left, once its end is seen
				end := holds(t, h.addr, tc.version, tc.tls != nil)
				turnedAway(t, h.addr, tc.tls != nil)
				end()
			}
		})
	}
}

// holds opens a connection as soon as there is room, makes a request on it, and
// returns what ends it.
func holds(t *testing.T, addr string, version int, secure bool) (end func()) {
	t.Helper()
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, Protocols: new(http.Protocols)}
	tr.Protocols.SetHTTP1(version == 1)
	tr.Protocols.SetHTTP2(version == 2)
	tr.Protocols.SetUnencryptedHTTP2(version == 2)
	scheme := "http://"
	if secure {
		scheme = "https://"
	}
	client := &http.Client{Transport: tr, Timeout: 10 * time.Second}
	for by := time.Now().Add(10 * time.Second); time.Now().Before(by); time.Sleep(time.Millisecond) {
		resp, err := client.Get(scheme + addr + "/")
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode == 200 && resp.ProtoMajor == version {
			return tr.CloseIdleConnections
		}
	}
	t.Fatal("there is no room")
	return nil
}

// turnedAway opens a connection that is one too many.
func turnedAway(t *testing.T, addr string, secure bool) {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
	r := bufio.NewReader(nc)
	if secure {
		if _, err := r.ReadByte(); err != io.EOF {
			t.Errorf("got %v", err)
		}
		return
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	if got := fmt.Sprintf("%d %v %s", resp.StatusCode, resp.Close, body); got != `503 true {"message":"Service Unavailable"}` {
		t.Error(got)
	}
}
