package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/internal/gate"
	"gatehouse/internal/store"
)

// A started is this test binary, run as gatehouse dev on a directory.
type started struct {
	*exec.Cmd
	endpoint string
	stderr   bytes.Buffer // to be read when it has ended
}

func startDev(t *testing.T, dir string) *started {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &started{Cmd: exec.Command(self)}
	// testscript.Main tells by the first word what the binary is to be.
	s.Args = []string{"gatehouse", "dev", "--output", "json", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data", dir}
	s.Env = append(os.Environ(), "HOME="+t.TempDir())
	s.Stderr = &s.stderr
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var start startLine
	if err == nil {
		err = json.Unmarshal(line, &start)
	}
	if err != nil {
		s.kill()
		t.Fatalf("gatehouse does not start: %v\n%s", err, s.stderr.String())
	}
	s.endpoint = start.Endpoint
	return s
}

// kill ends it as kill -9 does.
func (s *started) kill() {
	_ = s.Process.Kill() // it may have ended
	_ = s.Wait()
}

// call makes a control call. An error means that nobody knows what became of
// it.
func (s *started) call(method, path string, in, out any) error {
	r := remote{EndpointURL: s.endpoint, Region: "us-east-1", Timeout: 20 * time.Second}
	return r.do(context.Background(), &terminal{talk: io.Discard}, "apigateway", method, path, in, out)
}

// TestKilledBetweenAnEditAndItsDeployment holds that, whenever a process is
// killed, the next one serves every route that it shows as soon as it is ready:
// without another edit, and without anybody waiting.
func TestKilledBetweenAnEditAndItsDeployment(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs kill -9")
	}
	backend, err := startEcho(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	dir := t.TempDir()
	s := startDev(t, dir)
	post := func(path string, in map[string]any) (out struct{ IntegrationID string }) {
		t.Helper()
		if err := s.call("POST", "/v2/apis"+path, in, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	post("", map[string]any{"name": "k", "protocolType": "HTTP", "tags": map[string]string{"_custom_id_": "k"}})
	target := "integrations/" + post("/k/integrations", map[string]any{"integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
		"integrationUri": "http://" + backend.addr + "/", "payloadFormatVersion": "1.0"}).IntegrationID
	post("/k/stages", map[string]any{"stageName": "$default", "autoDeploy": true})
	for round := range 3 {
		var writers sync.WaitGroup
		made := make(chan struct{}, 64)
		for n := range 12 {
			writers.Go(func() {
				for i := 0; ; i++ {
					in := map[string]any{"routeKey": fmt.Sprintf("GET /%d/%d/%d", round, n, i), "target": target}
					if s.call("POST", "/v2/apis/k/routes", in, nil) != nil {
						return
					}
					select {
					case made <- struct{}{}:
					default:
					}
				}
			})
		}
		for range 20 + 7*round {
			<-made
		}
		s.kill()
		writers.Wait()

		s = startDev(t, dir)
		var routes struct{ Items []struct{ RouteKey string } }
		if err := s.call("GET", "/v2/apis/k/routes?maxResults=500", nil, &routes); err != nil {
			t.Fatal(err)
		}
		lost := 0
		for _, r := range routes.Items {
			if code, _ := get(t, s.endpoint+"/_aws/execute-api/k"+r.RouteKey[len("GET "):]); code != 200 {
				lost++
			}
		}
		if lost > 0 || len(routes.Items) < 20 {
			t.Errorf("round %d: %d of %d routes that the gateway shows do not answer", round, lost, len(routes.Items))
		}
	}
}

// TestChunksThatNothingNeedsGo holds that a start sweeps the store.
func TestChunksThatNothingNeedsGo(t *testing.T) {
	defer goleak.VerifyNone(t)
	s := small(t)
	s.Memory, s.Conf.Store.Dir = false, t.TempDir()
	w, err := open(s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	key := gate.ChunkKey(strings.Repeat("0", 64))
	if _, err := w.store.Commit(ctx, store.Change{Op: store.Put, Key: key, Value: []byte("left")}); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("the chunk is still there")
	var watching sync.WaitGroup
	err = w.run(ctx, func() error {
		watching.Go(func() {
			for ctx.Err() == nil {
				if _, err := w.store.Get(ctx, key); errors.Is(err, store.ErrNotFound) {
					failed = nil
					cancel()
				}
				time.Sleep(time.Millisecond)
			}
		})
		return nil
	})
	watching.Wait()
	if err != nil || failed != nil {
		t.Error(err, failed)
	}
}
