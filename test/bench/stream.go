package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

// maxGrowth is how much a stream of any size may add to resident memory.
const maxGrowth = 16 << 20

// runStream sends much more than memory holds through the gateway, up with a
// declared length and in chunks, and down, and watches its resident memory.
func runStream(ctx context.Context, w *world) (*section, error) {
	backend, err := startSink(w.size)
	if err != nil {
		return nil, err
	}
	defer backend.Close()
	h, err := w.startGatehouse(ctx)
	if err != nil {
		return nil, err
	}
	id, err := h.makeAPI(ctx, "stream", true)
	if err != nil {
		return nil, err
	}
	_, integration, err := h.addRoute(ctx, id, "ANY /{proxy+}", "ANY", "http://"+backend.addr+"/{proxy}")
	if err != nil {
		return nil, err
	}
	// Five minutes, where AWS allows 30 s: the configuration raises the limit.
	_, err = h.control.UpdateIntegration(ctx, &api.UpdateIntegrationInput{ApiId: &id, IntegrationId: &integration, TimeoutInMillis: aws.Int32(300_000)})
	if err != nil {
		return nil, err
	}
	s := &section{name: "stream"}
	s.printf("%.1f GiB through one connection, with the body limit raised; growth of resident memory over its idle value.\n\n", float64(w.size)/(1<<30))
	s.printf("| direction | found | bound | holds |\n|---|---|---|---|\n")
	for _, d := range []struct {
		name string
		move func(context.Context, string, string, int64) error
	}{{"up", sendUp}, {"up, in chunks", sendChunks}, {"down", readDown}} {
		grown, took, err := growth(h.pid(), func() error { return d.move(ctx, "http://"+w.addr("Data"), executeHost(id), w.size) })
		if err != nil {
			return nil, fmt.Errorf("%s: %v", d.name, err)
		}
		s.judge(grown < maxGrowth, d.name, fmt.Sprintf("%.1f MiB, at %.0f MiB/s", float64(grown)/(1<<20), float64(w.size)/(1<<20)/took.Seconds()),
			fmt.Sprintf("under %d MiB", maxGrowth>>20))
	}
	s.printf("\n")
	s.foot(ctx, fmt.Sprintf("go run ./test/bench stream -size %d", w.size))
	return s, nil
}

// growth watches a process's resident memory while f runs, and returns the
// largest value above the first one.
func growth(pid int, f func() error) (grown int64, took time.Duration, err error) {
	first, err := memory(pid, "VmRSS")
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	done := make(chan error, 1)
	go func() { done <- f() }()
	for {
		select {
		case err := <-done:
			return grown, time.Since(began), err
		case <-time.After(50 * time.Millisecond):
		}
		now, err := memory(pid, "VmRSS")
		if err != nil {
			return 0, 0, errors.Join(err, <-done)
		}
		grown = max(grown, now-first)
	}
}

// A sink is a backend that swallows what goes up and makes what comes down.
type sink struct {
	*http.Server
	addr string
}

func startSink(size int64) (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /up", func(rw http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprint(rw, n)
	})
	mux.HandleFunc("GET /down", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		_, _ = io.Copy(rw, io.LimitReader(zeros{}, size)) // the reader counts and tells
	})
	s := &sink{Server: &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}, addr: l.Addr().String()}
	go func() { _ = s.Serve(l) }()
	return s, nil
}

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func sendUp(ctx context.Context, url, host string, size int64) error {
	return send(ctx, url, host, size, size)
}

func sendChunks(ctx context.Context, url, host string, size int64) error {
	return send(ctx, url, host, size, -1)
}

// send uploads size bytes, of which it declares how many they are unless that
// is -1.
func send(ctx context.Context, url, host string, size, declared int64) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/up", io.LimitReader(zeros{}, size))
	if err != nil {
		return err
	}
	req.Host, req.ContentLength = host, declared
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if err != nil {
		return err
	}
	if got := string(body); res.StatusCode != http.StatusOK || got != strconv.FormatInt(size, 10) {
		return fmt.Errorf("the backend answered %s and counted %q of %d bytes", res.Status, got, size)
	}
	return nil
}

func readDown(ctx context.Context, url, host string, size int64) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/down", nil)
	if err != nil {
		return err
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || n != size {
		return fmt.Errorf("answered %s and %d of %d bytes", res.Status, n, size)
	}
	return nil
}
