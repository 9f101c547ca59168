package main

import (
	"context"
	"fmt"
)

// The keys of the contestants that are a REST API.
const (
	keyREST     = "rest"
	keyRESTMock = "rest-mock"
)

// restBounds are what REST APIs may cost, in U.
var restBounds = []bound{
	{keyREST, keyGatehouse, 1.10, 0},
	{keyRESTMock, keyGatehouse, 0.75, 0},
}

// runREST lets an HTTP API and a REST API take turns that one gateway serves.
func runREST(ctx context.Context, w *world) (*section, error) {
	all, err := w.startContestants(ctx, keyGatehouse)
	if err != nil {
		return nil, err
	}
	rest, err := w.restContestants(ctx, all[0].proc)
	if err != nil {
		return nil, err
	}
	all = append(all, rest...)
	results, err := w.takeRounds(ctx, all)
	if err != nil {
		return nil, err
	}
	return restSection(ctx, w, all, results), nil
}

// restContestants are a REST API of the gateway that runs already.
func (w *world) restContestants(ctx context.Context, p *child) ([]*contestant, error) {
	m := w.maker()
	api, _, err := m.thousandResources(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := m.deploy(ctx, api); err != nil {
		return nil, err
	}
	url, host := "http://"+w.addr("Data"), executeHost(api)
	return []*contestant{
		{key: keyREST, name: "REST API, HTTP_PROXY", url: url, host: host, proc: p, path: "/" + restStage + "/r%04d/items"},
		{key: keyRESTMock, name: "REST API, MOCK", url: url, host: host, proc: p, path: "/" + restStage + "/r%04d"},
	}, nil
}

func restSection(ctx context.Context, w *world, all []*contestant, results map[string][]slice) *section {
	s := &section{name: "rest"}
	s.printf("CPU a request, %d rounds, all of one process; ratios are medians of the ratios within a round, with quartiles.\n\n", w.rounds)
	s.printf("| API | CPU a request, median | requests/s, median | in U, median | quartiles | bound | holds |\n|---|--:|--:|--:|---|---|---|\n")
	for _, c := range all {
		r := results[c.key]
		q := ratios(r, results[keyGatehouse])
		cpu, second := column(r, func(s slice) float64 { return s.cpu }), column(r, func(s slice) float64 { return s.second })
		found := fmt.Sprintf("%.1f us | %.0f | %.2f | %.2f to %.2f", quartilesOf(cpu).median, quartilesOf(second).median, q.median, q.lower, q.upper)
		holds, bound := restHolds(c.key, q)
		if bound == "" {
			s.printf("| %s | %s | the unit | |\n", c.name, found)
			continue
		}
		s.judge(holds, c.name, found, bound)
	}
	s.printf("\n")
	if w.rounds < pricedRounds {
		s.printf("A figure of fewer than %d rounds is a trial.\n\n", pricedRounds)
	}
	s.foot(ctx, fmt.Sprintf("go run ./test/bench rest -rounds %d -slice %v -warm %v", w.rounds, w.slice, w.warm))
	return s
}

// restHolds compares a contestant with its bound; "": it has none.
func restHolds(key string, q quartiles) (holds bool, text string) {
	for _, b := range restBounds {
		if b.of == key {
			return q.median <= b.median, fmt.Sprintf("median at most %.2f U", b.median)
		}
	}
	return true, ""
}
