package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

// perAPI is the number of routes of each API of the catalogue, but where the
// whole catalogue has fewer.
const perAPI = 100

// coldHits is how many stages are asked right after a start.
const coldHits = 20

// maxCompile bounds the wait for a gateway that compiles in the background.
const maxCompile = 10 * time.Minute

// A catalogue is how many routes are served, spread over how many APIs.
type catalogue struct{ apis, each int }

func catalogueOf(routes int) catalogue {
	each := min(routes, perAPI)
	return catalogue{routes / each, each}
}

func (c catalogue) routes() int { return c.apis * c.each }

// runCatalogue measures installations of several sizes, each in a world of its
// own, beside one gateway with one API of 1000 routes: what that costs is U.
func runCatalogue(ctx context.Context, w *world) (*section, error) {
	binary, err := w.gatehouseBinary(ctx)
	if err != nil {
		return nil, err
	}
	tests, err := w.buildTests(ctx, "./internal/plan", "plan.test")
	if err != nil {
		return nil, err
	}
	// Its store, log and ports are not those of the sizes.
	usual, err := w.startContestants(ctx, keyGatehouse)
	if err != nil {
		return nil, err
	}
	o := *w.options
	o.binary = binary
	s := &section{name: "catalogue"}
	s.catalogueHead(w.changes)
	for _, n := range w.sizes {
		c := catalogueOf(n)
		_, err := inWorld(ctx, &o, func(ctx context.Context, w *world) (*section, error) {
			r := sized{catalogue: c}
			err := errors.Join(w.measureDisk(ctx, usual[0], &r), w.measureMemory(ctx, &r), w.measureInside(ctx, tests, &r))
			if err == nil {
				s.catalogueRow(&r)
			}
			return s, err
		})
		if err != nil {
			return nil, fmt.Errorf("%d routes: %w", n, err)
		}
	}
	s.printf("\n")
	s.foot(ctx, fmt.Sprintf("go run ./test/bench catalogue -sizes %s -rounds %d -changes %d", joinInts(w.sizes), w.rounds, w.changes))
	return s, nil
}

// measureDisk fills a gateway that keeps its APIs on disk by ImportApi, starts
// it again, and measures it.
func (w *world) measureDisk(ctx context.Context, usual *contestant, r *sized) error {
	if err := w.startBackend(ctx); err != nil {
		return err
	}
	h, err := w.startGatehouse(ctx)
	if err != nil {
		return err
	}
	ids, err := w.importMany(ctx, h, r.catalogue)
	if err != nil {
		return err
	}
	h.stop()
	began := time.Now()
	if h, err = w.startGatehouse(ctx); err != nil {
		return err
	}
	r.ready = time.Since(began)
	if r.cold, err = w.coldHits(ctx, ids); err != nil {
		return err
	}
	took, err := w.compiled(ctx, h.child)
	if err != nil {
		return err
	}
	r.compiled = r.ready + took
	if r.resident, err = memory(h.pid(), "VmRSS"); err != nil {
		return err
	}
	far := &contestant{key: "catalogue", name: "all routes at random", url: "http://" + w.addr("Data"), proc: h.child, lua: catalogueLua(ids, r.each)}
	if r.costs, err = w.takeTurns(ctx, usual, far); err != nil {
		return err
	}
	r.onDisk, err = w.edit(ctx, h, ids, "http://"+w.addr("Data"))
	h.stop()
	return err
}

// takeTurns is the ratios of far's CPU a request to near's.
func (w *world) takeTurns(ctx context.Context, near, far *contestant) (costs []float64, err error) {
	for round := range w.rounds {
		order := []*contestant{near, far}
		if round%2 == 1 {
			order[0], order[1] = far, near
		}
		cpu := map[*contestant]float64{}
		for _, c := range order {
			s, err := w.measure(ctx, c)
			if err != nil {
				return nil, err
			}
			cpu[c] = s.cpu
		}
		costs = append(costs, cpu[far]/cpu[near])
	}
	return costs, nil
}

// coldHits asks stages that nobody has asked since the start, while the others
// are being compiled in the background, and returns how long each took in
// milliseconds.
func (w *world) coldHits(ctx context.Context, ids []string) (took []float64, err error) {
	c := &contestant{url: "http://" + w.addr("Data"), host: executeHost("none")}
	// Opens the connection: the gateway's to its client is not the stage's.
	if err := expect(ctx, c, "/", http.StatusNotFound, time.Now()); err != nil {
		return nil, err
	}
	for _, i := range rand.Perm(len(ids))[:min(coldHits, len(ids))] {
		c.host = executeHost(ids[i])
		began := time.Now()
		if err := expect(ctx, c, "/r0000/x", http.StatusOK, began); err != nil {
			return nil, err
		}
		took = append(took, ms(time.Since(began)))
	}
	return took, nil
}

// warmMetric is what the gateway reports once all that it serves is compiled.
const warmMetric = "gatehouse_config_warm_duration_seconds"

// compiled waits until the gateway says that it has compiled everything, and
// returns how long that took since it began to read its store.
func (w *world) compiled(ctx context.Context, p *child) (time.Duration, error) {
	for began, pause := time.Now(), 100*time.Millisecond; time.Since(began) < maxCompile; pause = min(2*pause, 2*time.Second) {
		text, err := w.scrape(ctx)
		if err != nil {
			return 0, err
		}
		if seconds, ok, err := parseMetric(text, warmMetric); ok || err != nil {
			return time.Duration(seconds * float64(time.Second)), err
		}
		if err := sleep(ctx, pause); err != nil { // a scrape takes the core from what is waited for
			return 0, err
		}
	}
	return 0, fmt.Errorf("%s still compiles after %v", p.name, maxCompile)
}

func (w *world) scrape(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.addr("Admin")+"/metrics", nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 256<<20))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("/metrics answers %s", res.Status)
	}
	return string(text), err
}

// parseMetric finds a metric without labels.
func parseMetric(text, name string) (value float64, ok bool, err error) {
	for line := range strings.Lines(text) {
		if rest, found := strings.CutPrefix(line, name+" "); found {
			value, err = strconv.ParseFloat(strings.TrimSpace(rest), 64)
			return value, err == nil, err
		}
	}
	return 0, false, nil
}

// measureMemory edits as many APIs in a gateway that keeps them in memory.
func (w *world) measureMemory(ctx context.Context, r *sized) error {
	p, err := w.start("gatehouse-dev", proxyCore, []string{"GOMAXPROCS=1"}, w.binary, "dev", "--listen", w.addr("Control"), "--admin", w.addr("Admin"), "--quiet")
	if err != nil {
		return err
	}
	defer p.stop()
	if err := p.listening(ctx, w.addr("Control")); err != nil {
		return err
	}
	h := &house{child: p, control: w.client()}
	ids, err := w.importMany(ctx, h, r.catalogue)
	if err != nil {
		return err
	}
	r.inMemory, err = w.edit(ctx, h, ids, "http://"+w.addr("Control"))
	return err
}

// measureInside takes from a Go benchmark what cannot be seen from outside.
func (w *world) measureInside(ctx context.Context, tests string, r *sized) error {
	name := fmt.Sprintf("routes=%d", r.routes())
	f, err := w.benchmark(ctx, tests, "^BenchmarkCatalog$/^"+name+"$", "1s")
	if err != nil {
		return err
	}
	for unit, to := range map[string]*float64{"ns/op": &r.look, "B/route": &r.weight} {
		if *to, err = f.of("BenchmarkCatalog/"+name, unit); err != nil {
			return err
		}
	}
	return nil
}

// importMany makes the APIs, four calls at a time.
func (w *world) importMany(ctx context.Context, h *house, c catalogue) ([]string, error) {
	began := time.Now()
	document, err := w.document(c.each)
	if err != nil {
		return nil, err
	}
	ids := make([]string, c.apis)
	next := make(chan int)
	failures := make([]error, 4)
	var wg sync.WaitGroup
	for k := range failures {
		wg.Go(func() {
			for i := range next {
				if failures[k] == nil {
					ids[i], failures[k] = h.importOne(ctx, document)
				}
			}
		})
	}
	for i := range ids {
		next <- i
	}
	close(next)
	wg.Wait()
	fmt.Fprintf(os.Stderr, "bench: imported %d APIs of %d routes into %s in %v\n", c.apis, c.each, h.name, time.Since(began).Round(time.Millisecond))
	return ids, errors.Join(failures...)
}

func (h *house) importOne(ctx context.Context, document string) (string, error) {
	a, err := h.control.ImportApi(ctx, &api.ImportApiInput{Body: &document})
	if err != nil {
		return "", err
	}
	_, err = h.control.CreateStage(ctx, &api.CreateStageInput{ApiId: a.ApiId, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)})
	return *a.ApiId, err
}

// document is an OpenAPI document of n routes to the backend.
func (w *world) document(n int) (string, error) {
	paths := map[string]any{}
	for i := range n {
		paths[fmt.Sprintf("/r%04d/{item}", i)] = map[string]any{"get": map[string]any{
			"parameters": []any{map[string]any{"name": "item", "in": "path", "required": true, "schema": map[string]any{"type": "string"}}},
			"x-amazon-apigateway-integration": map[string]any{
				"type": "http_proxy", "httpMethod": "GET", "payloadFormatVersion": "1.0",
				"uri": fmt.Sprintf("http://%s/r%04d/{item}", w.addr("Backend"), i),
			},
		}}
	}
	text, err := json.Marshal(map[string]any{"openapi": "3.0.1", "info": map[string]any{"title": "bench", "version": "1"}, "paths": paths})
	return string(text), err
}

// drawn is how many requests a load of the catalogue draws before it begins:
// more than a slice has, and choosing one then costs wrk no more than it does
// with a thousand routes.
const drawn = 100_000

// catalogueLua asks for random routes of random APIs, others in each load.
func catalogueLua(ids []string, each int) string {
	var b strings.Builder
	b.WriteString("local hosts = {\n")
	for _, id := range ids {
		fmt.Fprintf(&b, "%q,\n", executeHost(id))
	}
	fmt.Fprintf(&b, `}
local reqs, n, i = {}, %d, 0
function init(args)
  math.randomseed(os.time())
  for k = 1, n do
    reqs[k] = "GET /r" .. string.format("%%04d", math.random(%d) - 1) .. "/items HTTP/1.1\r\nHost: " .. hosts[math.random(#hosts)] .. "\r\n\r\n"
  end
end
function request()
  i = i %% n + 1
  return reqs[i]
end
`, drawn, each)
	return b.String()
}
