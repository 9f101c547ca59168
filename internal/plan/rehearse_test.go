package plan

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// TestRehearse holds that an exchange that is only rehearsed goes the way of a
// real one as far as the integration, which is not called.
func TestRehearse(t *testing.T) {
	mapped := func() []gate.Route {
		return []gate.Route{
			{Key: "GET /pets/{id}", Integration: &gate.Integration{URI: "http://b/animals/{id}",
				RequestParameters:  map[string]string{"overwrite:header.x": "$request.header.y", "overwrite:path": "/p/${request.path.id}"},
				ResponseParameters: map[string]map[string]string{"200": {"overwrite:statuscode": "201"}}}},
			{Key: "GET /closed", Authorization: gate.Authorization{Kind: gate.AuthIAM}},
		}
	}
	for _, tc := range []struct {
		desc    string
		cors    *gate.CORS
		method  string
		path    string
		fields  []string
		reached bool
		status  int // 0: left to the integration
		notes   []string
	}{
		{"A request is mapped.", nil, "GET", "/prod/pets/7", []string{"X: 1", "Y: 2"}, true, 0,
			[]string{"overwrite:header.x=1", "overwrite:header.x=2", "overwrite:path=/pets/7", "overwrite:path=/p/7"}},
		{"Browsers are told the same.", &exact, "GET", "/prod/pets/7", []string{fromOther}, true, 0,
			[]string{"overwrite:path=/pets/7", "overwrite:path=/p/7", "https://evil.example.com=no reply may be read"}},
		{"A preflight is the gateway's to answer.", &exact, "OPTIONS", "/prod/pets/7", []string{fromShop, asksPut}, false, 204, []string{"https://shop.example.com=https://shop.example.com"}},
		{"And needs no route.", &exact, "OPTIONS", "/prod/none", []string{fromShop, asksPut}, false, 204, []string{"https://shop.example.com=https://shop.example.com"}},
		{"No route answers.", nil, "GET", "/prod/none", nil, false, 404, nil},
		{"A route lets nobody in.", nil, "GET", "/prod/closed", nil, false, 500, nil},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := stock(t, tc.cors, mapped()...)
			x := &flow.Exchange{Trail: new(flow.Trail), Path: tc.path}
			x.Begin(context.Background(), time.Unix(1583348638, 0))
			x.In.Method, x.In.Scheme, x.In.Host = tc.method, "https", "abc.execute-api.localhost"
			for _, f := range tc.fields {
				name, v, _ := strings.Cut(f, ": ")
				x.In.Header.Add(name, v)
			}
			if _, err := s.plan.Find(x); err != nil {
				t.Fatal(err)
			}
			reached, err := s.plan.Rehearse(x)
			if err != nil || reached != tc.reached || x.Out.Status != tc.status {
				t.Errorf("reached %v with status %d, %v", reached, x.Out.Status, err)
			}
			if s.e.calls != 0 {
				t.Error("the backend was called")
			}
			if diff := cmp.Diff(tc.notes, shapes(x.Trail)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// shapes are the notes of what was mapped and what browsers are told, the
// latter up to their first colon.
func shapes(t *flow.Trail) (list []string) {
	for i := range t.Len() {
		switch what, a, b := t.At(i); what {
		case flow.ShapedFrom, flow.Shaped, flow.Dropped:
			list = append(list, a+"="+b)
		case flow.CORSAllowed, flow.CORSRefused:
			if i := strings.Index(b, ": "); i >= 0 {
				b = b[:i]
			}
			list = append(list, a+"="+b)
		}
	}
	return list
}
