package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

// perAPI is the number of routes of each API of the catalogue.
const perAPI = 100

// runCatalogue fills an installation with many APIs by ImportApi, starts it
// again, and measures how soon it is ready, what a request costs that goes to
// any of the routes at random, and how soon an edit is traffic.
func runCatalogue(ctx context.Context, w *world) (*section, error) {
	if err := w.startBackend(ctx); err != nil {
		return nil, err
	}
	h, err := w.startGatehouse(ctx)
	if err != nil {
		return nil, err
	}
	one, err := w.thousandRoutes(ctx, h)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	ids, err := w.importMany(ctx, h, w.apis)
	if err != nil {
		return nil, err
	}
	imported := time.Since(began)
	fmt.Fprintf(os.Stderr, "bench: imported %d APIs in %v\n", len(ids), imported.Round(time.Millisecond))
	h.stop()
	began = time.Now()
	if h, err = w.startGatehouse(ctx); err != nil {
		return nil, err
	}
	ready := time.Since(began)

	near := &contestant{key: keyGatehouse, name: "one API of 1000 routes", url: "http://" + w.addr("Data"), host: executeHost(one), proc: h.child}
	far := &contestant{key: "catalogue", name: "all routes at random", url: near.url, proc: h.child, lua: catalogueLua(ids)}
	var costs []float64
	for range w.rounds {
		a, err := w.measure(ctx, near)
		if err != nil {
			return nil, err
		}
		b, err := w.measure(ctx, far)
		if err != nil {
			return nil, err
		}
		costs = append(costs, b.cpu/a.cpu)
	}
	disk, err := w.edit(ctx, h, ids, "http://"+w.addr("Data"))
	if err != nil {
		return nil, err
	}
	h.stop()
	memory, err := w.editInMemory(ctx)
	if err != nil {
		return nil, err
	}
	s := &section{name: "catalogue"}
	s.printf("%d routes in %d APIs, each with a stage that deploys itself, in the on-disk store; imported in %.0f s.\n\n", len(ids)*perAPI, len(ids), imported.Seconds())
	s.printf("| what | found | bound | holds |\n|---|---|---|---|\n")
	s.judge(ready < time.Second, "start until ready, process start included", fmt.Sprintf("%d ms", ready.Milliseconds()), "1 s")
	cost := quantile(costs, 0.5)
	s.judge(cost <= 1.3, "CPU of a request to any route at random, in U", fmt.Sprintf("%.2f (median of %d rounds)", cost, len(costs)), "1.3")
	found := func(took []float64) string {
		return fmt.Sprintf("%.1f ms (median %.1f ms)", quantile(took, 0.95), quantile(took, 0.5))
	}
	what := fmt.Sprintf("UpdateIntegration until the first answer from the new target, p95 of %d", w.changes)
	s.judge(quantile(memory, 0.95) < 20, what+", memory store", found(memory), "20 ms")
	s.printf("| %s, on-disk store | %s | none | |\n", what, found(disk))
	s.printf("\n")
	s.foot(ctx, fmt.Sprintf("go run ./test/bench catalogue -apis %d -rounds %d -changes %d", w.apis, w.rounds, w.changes))
	return s, nil
}

// importMany makes n APIs, four calls at a time.
func (w *world) importMany(ctx context.Context, h *house, n int) ([]string, error) {
	document, err := w.document()
	if err != nil {
		return nil, err
	}
	ids := make([]string, n)
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
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
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

// document is an OpenAPI document of perAPI routes to the backend.
func (w *world) document() (string, error) {
	paths := map[string]any{}
	for i := range perAPI {
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

// catalogueLua asks for a random route of a random API each time.
func catalogueLua(ids []string) string {
	var b strings.Builder
	b.WriteString("local hosts = {\n")
	for _, id := range ids {
		fmt.Fprintf(&b, "%q,\n", executeHost(id))
	}
	fmt.Fprintf(&b, `}
function request()
  local host = hosts[math.random(#hosts)]
  return "GET /r" .. string.format("%%04d", math.random(%d) - 1) .. "/items HTTP/1.1\r\nHost: " .. host .. "\r\n\r\n"
end
`, perAPI)
	return b.String()
}

// editInMemory edits as many APIs in a gateway that keeps them in memory.
func (w *world) editInMemory(ctx context.Context) ([]float64, error) {
	binary, err := w.gatehouseBinary(ctx)
	if err != nil {
		return nil, err
	}
	p, err := w.start("gatehouse-dev", proxyCore, []string{"GOMAXPROCS=1"}, binary, "dev", "--listen", w.addr("Control"), "--admin", w.addr("Admin"), "--quiet")
	if err != nil {
		return nil, err
	}
	if err := p.listening(ctx, w.addr("Control")); err != nil {
		return nil, err
	}
	h := &house{child: p, control: w.client()}
	ids, err := w.importMany(ctx, h, w.apis)
	if err != nil {
		return nil, err
	}
	return w.edit(ctx, h, ids, "http://"+w.addr("Control"))
}

// edit moves random integrations between two backends and returns, in
// milliseconds, how long it took until the first answer from the new one.
func (w *world) edit(ctx context.Context, h *house, ids []string, base string) (took []float64, err error) {
	targets, closeAll, err := twoBackends()
	if err != nil {
		return nil, err
	}
	defer closeAll()
	for i := range w.changes {
		id := ids[rand.IntN(len(ids))]
		list, err := h.control.GetIntegrations(ctx, &api.GetIntegrationsInput{ApiId: &id, MaxResults: aws.String("1")})
		if err != nil {
			return nil, err
		}
		in := list.Items[0]
		path := strings.TrimSuffix((*in.IntegrationUri)[strings.LastIndex(*in.IntegrationUri, "/r"):], "/{item}")
		name, addr := fmt.Sprintf("target-%d", i%2), targets[i%2]
		began := time.Now()
		if _, err := h.control.UpdateIntegration(ctx, &api.UpdateIntegrationInput{ApiId: &id, IntegrationId: in.IntegrationId, IntegrationUri: aws.String("http://" + addr + path + "/{item}")}); err != nil {
			return nil, err
		}
		if err := answersAs(ctx, base, executeHost(id), path+"/x", name, began); err != nil {
			return nil, err
		}
		took = append(took, ms(time.Since(began)))
	}
	slices.Sort(took)
	return took, nil
}

// twoBackends are servers that answer with their own names.
func twoBackends() (addrs [2]string, closeAll func(), err error) {
	var servers []*http.Server
	closeAll = func() {
		for _, s := range servers {
			s.Close()
		}
	}
	for i := range addrs {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			closeAll()
			return addrs, nil, err
		}
		addrs[i] = l.Addr().String()
		name := fmt.Sprintf("target-%d", i)
		s := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, name) })}
		servers = append(servers, s)
		go s.Serve(l)
	}
	return addrs, closeAll, nil
}

// answersAs asks until the answer is the wanted one, at most two seconds.
func answersAs(ctx context.Context, base, host, path, want string, began time.Time) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
		if err != nil {
			return err
		}
		req.Host = host
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			return err
		}
		if string(body) == want {
			return nil
		}
		if time.Since(began) > 2*time.Second {
			return fmt.Errorf("%s%s answers %d %.40q two seconds after the change, not %q", host, path, res.StatusCode, body, want)
		}
	}
}
