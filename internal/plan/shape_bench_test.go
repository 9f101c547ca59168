package plan

import (
	"io"
	"net/http"
	"testing"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// five are the mappings of the speed target: one of each sort.
func five() map[string]string {
	return map[string]string{
		"append:header.X-Request":  "$context.requestId",
		"overwrite:header.X-User":  "${request.path.id}-${stageVariables.size}",
		"remove:header.User-Agent": "''",
		"overwrite:querystring.q":  "$request.querystring.page",
		"overwrite:path":           "/v2/${request.path.id}",
	}
}

// lines are the chains that the benchmarks compare.
func lines(t testing.TB) map[string]*shop {
	key := "GET /pets/{id}"
	pets := func(in gate.Integration) gate.Route { return gate.Route{Key: key, Integration: &in} }
	rest := func(r gate.Route) *shop { return restOf{routes: []gate.Route{r}}.open(t).shop }
	return map[string]*shop{
		"REST":           rest(to(key, "http://b/base/{id}", "integration.request.path.id=method.request.path.id")),
		"REST mock":      rest(mocked(key, `{"statusCode": 200}`)),
		"plain":          stock(t, nil, pets(gate.Integration{})),
		"5 parameters":   stock(t, nil, pets(gate.Integration{RequestParameters: five()})),
		"5 of the reply": stock(t, nil, pets(gate.Integration{ResponseParameters: map[string]map[string]string{"200": {"append:header.A": "$context.requestId", "append:header.B": "$response.header.content-type", "overwrite:header.C": "c", "remove:header.D": "", "overwrite:statuscode": "201"}}})),
		"CORS any":       stock(t, &wide, pets(gate.Integration{})),
		"CORS exact":     stock(t, &exact, pets(gate.Integration{})),
	}
}

// once is a request over and over through the same exchange, as an edge does.
func once(t testing.TB, s *shop) func() {
	x := new(flow.Exchange)
	buf := make([]byte, 512)
	c := call{method: http.MethodGet, target: "/prod/pets/7?page=3&q=cats", fields: []string{"User-Agent: curl/8", "Accept: */*", "Accept-Language: en", "Cookie: a=b", "Cache-Control: no-cache", fromShop}}
	s.e.answer = []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\nServer: b\r\nContent-Length: 2\r\n\r\nok")
	return func() {
		x.Reset()
		s.run(t, x, c)
		stream := x.Out.Body.Stream()
		for stream != nil {
			if _, err := stream.Read(buf); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		x.End()
	}
}

// TestShapingAllocatesNothing guards the proxy path: routes without mappings,
// and those whose mappings need no body.
func TestShapingAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget at random")
	}
	for name, s := range lines(t) {
		if n := testing.AllocsPerRun(500, once(t, s)); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

func BenchmarkShape(b *testing.B) {
	for name, s := range lines(b) {
		b.Run(name, func(b *testing.B) {
			do := once(b, s)
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
	}
	pre := stock(b, &exact, gate.Route{Key: "GET /pets/{id}"})
	b.Run("preflight", func(b *testing.B) {
		x := new(flow.Exchange)
		b.ReportAllocs()
		for b.Loop() {
			x.Reset()
			pre.run(b, x, call{method: http.MethodOptions, target: "/prod/pets/7", fields: []string{fromShop, asksPut}})
		}
	})
}
