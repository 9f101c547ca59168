package gatehouse

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/observe/trace"
	"gatehouse/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// call makes a call of an account as a client does and returns the status and
// the body of the answer.
func call(t *testing.T, s *Service, account, method, path, body string) (int, string) {
	t.Helper()
	h, err := s.Handler(wire.Options{Identify: func(_ *http.Request, _ []byte, c *wire.Caller) error {
		c.Account = account
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return callWithin(t.Context(), h, method, path, body)
}

// callWithin is call to a handler, for as long as ctx lasts.
func callWithin(ctx context.Context, h http.Handler, method, path, body string) (int, string) {
	r := httptest.NewRequestWithContext(ctx, method, "http://127.0.0.1:4566"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/gatehouse/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// The accounts of the plan that house makes.
const (
	mine   = "111111111111"
	theirs = "222222222222"
)

// tracer is a service that records what it is told to.
func tracer(t *testing.T, o trace.Options) *Service {
	t.Helper()
	s := service(house(t, "http://127.0.0.1:1"))
	s.Traces = trace.New(o)
	return s
}

// TestTracingOfStages holds which stages can be switched on and off, and who is
// told of them.
func TestTracingOfStages(t *testing.T) {
	for _, tc := range []struct {
		desc, account, api, stage string
		want                      int
	}{
		{"A stage that serves a deployment.", mine, "shop", "prod", 200},
		{"A stage to which nothing was deployed.", mine, "shop", "bare", 200},
		{"A stage whose execute-api endpoint is off, for a domain may lead to it.", mine, "shop", "shut", 200},
		{"No such stage.", mine, "shop", "nope", 404},
		{"No such API.", mine, "zzz", "prod", 404},
		{"A stage of another account.", mine, "other", "prod", 404},
		{"A stage of another region.", mine, "far", "prod", 404},
		{"The same stage for its own account.", theirs, "other", "prod", 200},
		{"A part of a host is no API.", mine, "shop-vpce-1", "prod", 404},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := tracer(t, trace.Options{})
			code, body := call(t, s, tc.account, "POST", TracingPath, `{"api":"`+tc.api+`","stage":"`+tc.stage+`"}`)
			if code != tc.want {
				t.Fatalf("switched on: %d %s", code, body)
			}
			for account, sees := range map[string]bool{tc.account: code == 200, "333333333333": false} {
				if _, body := call(t, s, account, "GET", TracingPath, ""); strings.Contains(body, tc.stage) != sees {
					t.Errorf("account %s is told %s", account, body)
				}
			}
			off := map[int]int{200: 204, 404: 404}[tc.want]
			if code, body := call(t, s, tc.account, "DELETE", TracingPath+"?api="+tc.api+"&stage="+tc.stage, ""); code != off {
				t.Errorf("switched off: %d %s", code, body)
			}
			if len(s.Traces.On()) != 0 {
				t.Errorf("still on: %v", s.Traces.On())
			}
		})
	}
}

// An ending is what is recorded of one exchange.
type ending struct {
	id, account, api, stage, route string
	region                         string // default us-east-1
	method, path                   string // default GET /hello
	status                         int
	change                         func(x *flow.Exchange)
}

// observe records an exchange of deployment d1.
func (e ending) observe(s *Service) {
	x := &flow.Exchange{ID: e.id, Path: e.path, Start: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Trail: s.Traces.Trails().Take()}
	if x.Path == "" {
		x.Path = "/hello"
	}
	if x.In.Method = e.method; x.In.Method == "" {
		x.In.Method = "GET"
	}
	x.In.Target, x.In.Host, x.In.Source = x.Path, "h", netip.MustParseAddr("192.0.2.1")
	x.Event.Status, x.Out.Status = e.status, e.status
	if e.api != "" {
		x.API = &gate.API{ID: gate.APIID(e.api), Account: e.account, Region: e.region}
		if e.region == "" {
			x.API.Region = "us-east-1"
		}
		x.Stage = &gate.Stage{API: x.API.ID, Name: gate.StageName(e.stage), Deployment: "d1"}
	}
	if e.route != "" {
		x.Route = &gate.Route{Key: e.route}
	}
	if e.change != nil {
		e.change(x)
	}
	s.Traces.Observe(x)
}

// list calls ListTraces and returns the ids that it lists and its cursor.
func list(t *testing.T, s *Service, account, query string) (ids []string, next string) {
	t.Helper()
	code, body := call(t, s, account, "GET", TracesPath+query, "")
	var page struct {
		Traces []struct{ ID string }
		Next   string
	}
	if err := json.Unmarshal([]byte(body), &page); code != 200 || err != nil {
		t.Fatalf("%d %s: %v", code, body, err)
	}
	for _, r := range page.Traces {
		ids = append(ids, r.ID)
	}
	return ids, page.Next
}

// TestTracesOfAccounts holds who is shown which exchange: those of the caller's
// account and region, and those that came to no API.
func TestTracesOfAccounts(t *testing.T) {
	s := tracer(t, trace.Options{All: true})
	for _, e := range []ending{
		{id: "a", account: mine, api: "shop", stage: "prod", status: 200},
		{id: "b", account: theirs, api: "other", stage: "prod", status: 200},
		{id: "c", status: 404},
		{id: "d", account: mine, api: "shop", stage: "dev", status: 200},
		{id: "e", account: mine, region: "eu-west-1", api: "far", stage: "prod", status: 200},
	} {
		e.observe(s)
	}
	for _, tc := range []struct {
		desc, account, query string
		want                 []string
	}{
		{"One's own, and what is nobody's.", mine, "", []string{"a", "c", "d"}},
		{"The same for another.", theirs, "", []string{"b", "c"}},
		{"A third has none.", "333333333333", "", []string{"c"}},
		{"An API's.", mine, "?api=shop", []string{"a", "d"}},
		{"A stage's.", mine, "?api=shop&stage=dev", []string{"d"}},
		{"To name another's API shows nothing of it.", mine, "?api=other", nil},
		{"Nor does one of another region.", mine, "?api=far", nil},
		{"Nor does its stage.", mine, "?api=other&stage=prod", nil},
		{"Filters see one's own only.", theirs, "?filter=status%3A200", []string{"b"}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			got, _ := list(t, s, tc.account, tc.query)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if tc.query != "" {
				return
			}
			for _, id := range []string{"a", "b", "c", "d", "e"} {
				want := map[bool]int{true: 200, false: 404}[slices.Contains(tc.want, id)]
				if code, body := call(t, s, tc.account, "GET", TracesPath+"/"+id, ""); code != want {
					t.Errorf("%s: %d %s", id, code, body)
				}
			}
		})
	}
}

// TestTracesByPages holds that whoever follows the cursor gets every record
// once and in order, and that without one the last are listed.
func TestTracesByPages(t *testing.T) {
	s := tracer(t, trace.Options{All: true})
	_, start := list(t, s, mine, "?limit=0")
	for i := range 5 {
		ending{id: fmt.Sprint(i), account: mine, api: "shop", stage: "prod", status: 200}.observe(s)
		ending{id: fmt.Sprint("their", i), account: theirs, api: "other", stage: "prod", status: 200}.observe(s)
	}
	if got, _ := list(t, s, mine, "?limit=2"); !slices.Equal(got, []string{"3", "4"}) {
		t.Errorf("without a cursor: %v", got)
	}
	cursor, pages := start, [][]string{}
	for range 4 {
		var got []string
		got, cursor = list(t, s, mine, "?limit=2&after="+url.QueryEscape(cursor))
		pages = append(pages, got)
	}
	if diff := cmp.Diff([][]string{{"0", "1"}, {"2", "3"}, {"4"}, nil}, pages); diff != "" {
		t.Error(diff)
	}
	if got, _ := list(t, s, mine, "?after=otherboot-3"); len(got) != 5 {
		t.Errorf("the cursor of another process leads to %v", got)
	}
}

// TestBadTraceQuestions holds what is refused.
func TestBadTraceQuestions(t *testing.T) {
	s := tracer(t, trace.Options{})
	for _, tc := range []struct {
		desc, method, path, body string
		code                     int
		want                     string
	}{
		{"A negative limit.", "GET", TracesPath + "?limit=-1", "", 400, "limit is -1: give 0 to 1000."},
		{"A limit too high.", "GET", TracesPath + "?limit=1001", "", 400, "limit is 1001"},
		{"To wait too long.", "GET", TracesPath + "?wait=21", "", 400, "wait is 21: give 0 to 20 seconds."},
		{"A stage of no API.", "GET", TracesPath + "?stage=prod", "", 400, "without its api"},
		{"A filter that is none.", "GET", TracesPath + "?filter=status%3E%3Dabc", "", 400, "column 9"},
		{"No such exchange.", "GET", TracesPath + "/nope", "", 404, "request id nope"},
		{"To trace for no time.", "POST", TracingPath, `{"api":"shop","stage":"prod","seconds":0}`, 400, "seconds is 0: give 1 to 86400."},
		{"To trace for more than a day.", "POST", TracingPath, `{"api":"shop","stage":"prod","seconds":86401}`, 400, "seconds is 86401"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if code, body := call(t, s, mine, tc.method, tc.path, tc.body); code != tc.code || !strings.Contains(body, tc.want) {
				t.Errorf("%d %s", code, body)
			}
		})
	}
}

// TestTooManyTraced holds that a stage too many is a conflict, and that where
// all is traced, nothing can be switched off.
func TestTooManyTraced(t *testing.T) {
	s := tracer(t, trace.Options{})
	for i := range trace.MaxStages {
		if err := s.Traces.Switch(gate.StageRef{API: "x", Name: gate.StageName(fmt.Sprint(i))}, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	const prod = `{"api":"shop","stage":"prod"}`
	if code, body := call(t, s, mine, "POST", TracingPath, prod); code != 409 || !strings.Contains(body, "stages are traced already") {
		t.Errorf("%d %s", code, body)
	}
	s = tracer(t, trace.Options{All: true})
	if code, body := call(t, s, mine, "POST", TracingPath, prod); code != 200 || strings.Contains(body, "until") {
		t.Errorf("%d %s", code, body)
	}
	if code, body := call(t, s, mine, "DELETE", TracingPath+"?api=shop&stage=prod", ""); code != 409 || !strings.Contains(body, "always") {
		t.Errorf("%d %s", code, body)
	}
}

// TestWaitingForTraces holds how a call ends that waits for the next record.
func TestWaitingForTraces(t *testing.T) {
	for _, tc := range []struct {
		desc  string
		while func(s *Service, cancel func()) // once the call waits
		code  int
		want  string
	}{
		{"A record comes.", func(s *Service, _ func()) { ending{id: "came", status: 404}.observe(s) }, 200, `"id":"came"`},
		{"The process ends.", func(s *Service, _ func()) { s.Traces.Close() }, 503, "This gateway is ending."},
		{"The caller goes.", func(_ *Service, cancel func()) { cancel() }, 0, ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := tracer(t, trace.Options{All: true})
			h, err := s.Handler(wire.Options{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			type answer struct {
				code int
				body string
			}
			answered := make(chan answer)
			go func() {
				code, body := callWithin(ctx, h, "GET", TracesPath+"?wait=20", "")
				answered <- answer{code, body}
			}()
			tc.while(s, cancel) // before it waits, it finds the same
			if a := <-answered; tc.code != 0 && a.code != tc.code || !strings.Contains(a.body, tc.want) {
				t.Errorf("%d %s", a.code, a.body)
			}
		})
	}
	t.Run("Too many wait.", func(t *testing.T) {
		s := tracer(t, trace.Options{All: true})
		_, cursor := s.Traces.Since("")
		for range trace.MaxWaiting {
			_, done, err := s.Traces.Wait(cursor)
			if err != nil {
				t.Fatal(err)
			}
			defer done()
		}
		if code, body := call(t, s, mine, "GET", TracesPath+"?wait=1", ""); code != 429 || !strings.Contains(body, "callers wait for traces already") {
			t.Errorf("%d %s", code, body)
		}
	})
}

// TestTold holds the one sentence on a record.
func TestTold(t *testing.T) {
	refuse := func(kind gate.Kind, reason string) func(*flow.Exchange) {
		return func(x *flow.Exchange) { x.Event.Fault = gate.Failf(kind, "%s", reason) }
	}
	for _, tc := range []struct {
		desc string
		e    ending
		want string
	}{
		{"A route answered.", ending{status: 200, route: "GET /hello"}, "200 from route GET /hello of stage prod."},
		{"No route did.", ending{status: 404, change: refuse(gate.ResourceNotFound, "no route of stage prod matches")}, "404 on stage prod: the request is at fault: no route of stage prod matches."},
		{"The backend's own error.", ending{status: 500, route: "GET /hello", change: func(x *flow.Exchange) {
			x.Event.Backend = flow.Backend{Called: true, Status: 500, Target: "http://b:80"}
		}}, "500 from route GET /hello of stage prod: the integration's own answer."},
		{"A backend that is not there.", ending{status: 503, route: "GET /hello", change: func(x *flow.Exchange) {
			x.Event.Backend = flow.Backend{Called: true, Failure: flow.Connect, Target: "http://b:80"}
			x.Event.Fault = gate.Failf(gate.IntegrationFailure, "dial: refused")
		}}, "503 from route GET /hello of stage prod: the integration failed (connect): dial: refused."},
		{"A route that lets nobody in.", ending{status: 500, route: "GET /iam", change: refuse(gate.AuthorizerConfiguration, "it asks for AWS_IAM")},
			"500 from route GET /iam of stage prod: made by the gateway: it asks for AWS_IAM."},
		{"What a browser refuses, once.", ending{status: 200, route: "GET /hello", change: func(x *flow.Exchange) {
			x.Trail.Add(flow.CORSAllowed, "https://a", "https://*")
			x.Trail.Add(flow.CORSRefused, "https://a", "the request may not be made: method PUT is not in allowMethods")
			x.Trail.Add(flow.CORSRefused, "https://a", "the request may not be made: header x is not in allowHeaders")
		}}, "200 from route GET /hello of stage prod. A browser refuses it to https://a: the request may not be made: method PUT is not in allowMethods."},
		{"A reply that was cut off.", ending{status: 200, route: "GET /hello", change: func(x *flow.Exchange) { x.Event.Aborted = fmt.Errorf("the client is gone") }},
			"200 from route GET /hello of stage prod. The reply was cut off: the client is gone."},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := tracer(t, trace.Options{All: true})
			tc.e.id, tc.e.account, tc.e.api, tc.e.stage = "x", mine, "shop", "prod"
			tc.e.observe(s)
			_, body := call(t, s, mine, "GET", TracesPath+"/x", "")
			var got struct{ Verdict string }
			if err := json.Unmarshal([]byte(body), &got); err != nil || got.Verdict != tc.want {
				t.Errorf("got %q, want %q", got.Verdict, tc.want)
			}
		})
	}
}

// TestComparedRoutes holds that a record tells why other routes did not answer,
// as long as the stage serves the routes of then.
func TestComparedRoutes(t *testing.T) {
	s := tracer(t, trace.Options{All: true})
	ending{id: "missed", account: mine, api: "shop", stage: "prod", method: "POST", status: 404}.observe(s)
	ending{id: "moved", account: mine, api: "shop", stage: "dev", method: "POST", status: 404}.observe(s)
	ending{id: "nowhere", status: 404}.observe(s)
	if _, body := call(t, s, mine, "GET", TracesPath+"/missed", ""); !strings.Contains(body, `"candidates":[{"route":"GET /hello","matched":false,"why":"the path matches, the method does not"}`) {
		t.Errorf("got %s", body)
	}
	for _, id := range []string{"moved", "nowhere"} { // dev serves d2 by now
		if _, body := call(t, s, mine, "GET", TracesPath+"/"+id, ""); strings.Contains(body, "candidates") {
			t.Errorf("got %s", body)
		}
	}
}
