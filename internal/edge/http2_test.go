package edge

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/h1"
)

// selfSigned makes a certificate for 127.0.0.1.
func selfSigned(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// http2Client speaks HTTP/2 only, by ALPN or with prior knowledge.
func http2Client(t *testing.T) *http.Client {
	var p http.Protocols
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	tr := &http.Transport{Protocols: &p, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 10 * time.Second}
}

// TestHTTP2 runs the same exchange over both ways into HTTP/2.
func TestHTTP2(t *testing.T) {
	for _, tc := range []struct {
		desc, scheme string
		tls          *tls.Config
	}{
		{"By ALPN.", "https", selfSigned(t)},
		{"With prior knowledge.", "http", nil},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			h := open(t, func(x *flow.Exchange) error {
				if _, err := x.In.Body.Buffer(100); err != nil {
					return err
				}
				names := ""
				for name := range x.In.Header.All() {
					names += name + " "
				}
				x.Out.Header.Add("X-Names", names)
				x.Out.Header.Add("Connection", "keep-alive")
				return say(x.In.Proto + " " + x.In.Scheme + " " + x.Path + " " + string(x.In.Body.Bytes()))(x)
			}, Options{}, Listen{Data: true, TLS: tc.tls})
			req, _ := http.NewRequest("POST", tc.scheme+"://"+h.addr+"/a%2Fb?q", strings.NewReader("payload"))
			req.Header.Set("X-Custom", "v")
			resp, err := http2Client(t).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if got, want := string(body), "HTTP/2.0 "+tc.scheme+" /a%2Fb payload"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if names := resp.Header.Get("X-Names"); names != strings.ToLower(names) || !strings.Contains(names, "x-custom") {
				t.Errorf("the handler saw the names %q", names)
			}
			if e := h.sink.wait(t, 1)[0]; e.BytesIn != 7 || e.BytesOut != int64(len(body)) || e.Status != 200 {
				t.Errorf("the event is %+v", e)
			}
		})
	}
}

// TestHTTP2BodyFailsHalfWay holds that the stream is reset.
func TestHTTP2BodyFailsHalfWay(t *testing.T) {
	h := open(t, func(x *flow.Exchange) error {
		x.Out.Status = 200
		x.Out.Body = flow.Streamed(&broken{"some"}, flow.Unknown)
		return nil
	}, Options{}, data)
	resp, err := http2Client(t).Get("http://" + h.addr + "/")
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Error("the body ended well")
	}
	if e := h.sink.wait(t, 1)[0]; e.Aborted == nil {
		t.Error("the event does not say that the reply was cut")
	}
}

// TestHTTP2Drain holds that a request in flight ends well.
func TestHTTP2Drain(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	h := open(t, func(x *flow.Exchange) error { close(begun); <-finish; return say("late")(x) }, Options{}, data)
	got := make(chan string)
	client := http2Client(t)
	go func() {
		resp, err := client.Get("http://" + h.addr + "/")
		if err != nil {
			got <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		got <- string(b)
	}()
	<-begun
	done := make(chan error)
	go func() { done <- h.Shutdown(context.Background()) }()
	time.Sleep(50 * time.Millisecond)
	close(finish)
	if text := <-got; text != "late" {
		t.Error(text)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestHTTP2BeginsWhileDraining holds that a first connection that is handed
// over as Shutdown begins ends nothing but itself: both close the listener.
func TestHTTP2BeginsWhileDraining(t *testing.T) {
	for range 2000 {
		s := newHTTP2(New(Options{Log: slog.New(slog.DiscardHandler)}))
		begin := make(chan struct{})
		var work sync.WaitGroup
		for range 16 {
			work.Go(func() { <-begin; s.Close() })
		}
		close(begin)
		work.Wait()
	}
}

// TestTLS holds that HTTP/1.1 works over TLS when that is what ALPN chose.
func TestTLS(t *testing.T) {
	h := open(t, func(x *flow.Exchange) error { return say(x.In.Proto + " " + x.In.Scheme)(x) }, Options{}, Listen{Data: true, TLS: selfSigned(t)})
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer tr.CloseIdleConnections()
	for range 3 {
		resp, err := (&http.Client{Transport: tr}).Get("https://" + h.addr + "/")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(body) != "HTTP/1.1 https" {
			t.Errorf("got %q", body)
		}
	}
}

// TestHTTP2Targets holds that what is no method or request target of
// HTTP/1.1, or names two hosts, reaches no handler over HTTP/2 either.
func TestHTTP2Targets(t *testing.T) {
	for _, tc := range []struct {
		desc, method, target, authority string
		host                            []string
		ok                              bool
	}{
		{"A path.", "GET", "/a?b=c", "h", nil, true},
		{"A host field that says the same.", "GET", "/", "h", []string{"h"}, true},
		{"A host field that says something else.", "GET", "/", "h", []string{"evil"}, false},
		{"Two host fields.", "GET", "/", "h", []string{"h", "h"}, false},
		{"An authority that is none.", "GET", "/", "h b", nil, false},
		{"An authority with a path.", "GET", "/", "h/evil", nil, false},
		{"An authority with a port that is none.", "GET", "/", "h:9999999999", nil, false},
		{"A blank.", "GET", "/a b", "h", nil, false},
		{"A line break.", "GET", "/a\r\nX: y", "h", nil, false},
		{"A byte beyond ASCII.", "GET", "/\xff", "h", nil, false},
		{"A fragment.", "GET", "/a#b", "h", nil, false},
		{"An absolute form.", "GET", "http://localhost/v2/apis", "h", nil, false},
		{"No slash.", "GET", "a", "h", nil, false},
		{"An asterisk.", "GET", "*", "h", nil, false},
		{"A method of the client's own.", "PURGE", "/", "h", nil, true},
		{"A blank in the method, which would bring a target of its own.", "GET /admin", "/", "h", nil, false},
		{"A line break in the method.", "GET / HTTP/1.1\r\nX:", "/", "h", nil, false},
		{"A method beyond ASCII.", "G\xff", "/", "h", nil, false},
		{"No method.", "", "/", "h", nil, false},
		{"CONNECT.", "CONNECT", "/", "h", nil, false},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			x := new(flow.Exchange)
			x.In.Method, x.In.Target = tc.method, tc.target
			x.In.Header.Add("host", tc.authority)
			r := &http.Request{Host: tc.authority, Header: http.Header{}}
			if tc.host != nil {
				r.Header["Host"] = tc.host
			}
			if err := placeHTTP2(x, r, &h1.Limits{}); (err == nil) != tc.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestHTTP2Refusals holds that a stream whose head breaks a limit, or declares
// a length that is none, is refused as on HTTP/1.1 and reaches no handler. The
// frames are written by hand, since no client of net/http sends such heads.
func TestHTTP2Refusals(t *testing.T) {
	for _, tc := range []struct {
		desc   string
		fields [][2]string
		open   bool // the stream goes on behind its head
		status string
	}{
		{"A method with a blank.", [][2]string{{":method", "GET /admin"}, {":path", "/"}}, false, "400"},
		{"A method of the client's own.", [][2]string{{":method", "PURGE"}, {":path", "/"}}, false, "200"},
		{"A target that is too long.", [][2]string{{":method", "GET"}, {":path", "/" + strings.Repeat("a", 16<<10)}}, false, "414"},
		{"Too many fields.", append([][2]string{{":method", "GET"}, {":path", "/"}}, slices.Repeat([][2]string{{"x-a", "b"}}, 200)...), false, "431"},
		{"A length that is no number.", [][2]string{{":method", "POST"}, {":path", "/"}, {"content-length", "3x"}}, true, "400"},
		{"A length with a sign.", [][2]string{{":method", "POST"}, {":path", "/"}, {"content-length", "+3"}}, true, "400"},
		{"A length beyond all numbers.", [][2]string{{":method", "POST"}, {":path", "/"}, {"content-length", "99999999999999999999"}}, true, "400"},
		{"Two lengths.", [][2]string{{":method", "POST"}, {":path", "/"}, {"content-length", "3"}, {"content-length", "3"}}, true, "400"},
		{"A length without a body.", [][2]string{{":method", "POST"}, {":path", "/"}, {"content-length", "3"}}, false, "400"},
		{"A length of nothing without a body.", [][2]string{{":method", "POST"}, {":path", "/"}, {"content-length", "0"}}, false, "200"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			h := open(t, say("x"), Options{}, data)
			f := dialFrames(t, h.addr)
			f.head(1, !tc.open, append(tc.fields, [2]string{":scheme", "http"}, [2]string{":authority", "h"}))
			if got := f.reply()[":status"]; got != tc.status {
				t.Errorf("got %s, want %s", got, tc.status)
			}
		})
	}
}

// TestHTTP2SlowBody holds that a stream whose body does not come is cut as a
// connection of HTTP/1.1 would be.
func TestHTTP2SlowBody(t *testing.T) {
	read := make(chan error, 1)
	h := open(t, func(x *flow.Exchange) error {
		_, err := x.In.Body.Buffer(100)
		read <- err
		return err
	}, Options{Timeouts: h1.Timeouts{Body: 100 * time.Millisecond}}, data)
	silent, keep := io.Pipe()
	defer keep.Close()
	req, _ := http.NewRequest("POST", "http://"+h.addr+"/", silent)
	go func() {
		if resp, err := http2Client(t).Do(req); err == nil {
			resp.Body.Close()
		}
	}()
	select {
	case err := <-read:
		var slow *h1.SyntaxError
		if !errors.As(err, &slow) || slow.Status != http.StatusRequestTimeout {
			t.Errorf("got %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("a silent stream is waited for")
	}
}

// TestHTTP2SlowReader holds that a stream whose client takes nothing is cut.
func TestHTTP2SlowReader(t *testing.T) {
	h := open(t, func(x *flow.Exchange) error {
		x.Out.Status = 200
		x.Out.Body = flow.Streamed(&broken{strings.Repeat("x", 8<<20)}, 8<<20)
		return nil
	}, Options{Timeouts: h1.Timeouts{Write: 100 * time.Millisecond}}, data)
	resp, err := http2Client(t).Get("http://" + h.addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() // only now: nothing is read before
	if e := h.sink.wait(t, 1)[0]; e.Aborted == nil || e.Duration < 50*time.Millisecond {
		t.Errorf("the event says %v after %v", e.Aborted, e.Duration)
	}
}
