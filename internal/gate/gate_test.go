package gate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestKeys holds that each key reads back as what it was made of, and that
// nothing else reads as a noun.
func TestKeys(t *testing.T) {
	for _, tc := range []struct {
		desc string
		key  string
		want any
	}{
		{"An API's document.", APIKey("abc"), APIID("abc")},
		{"A stage's document.", StageKey(StageRef{"abc", "$default"}), StageRef{"abc", "$default"}},
		{"A deployment's head.", DeploymentKey(DeploymentRef{"abc", "d7"}), DeploymentRef{"abc", "d7"}},
		{"A chunk is no part of the watched plane.", ChunkKey("00"), nil},
		{"A stage key without a stage names nothing.", "plane/live/stages/abc", nil},
		{"A custom domain.", DomainKey("*.example.com"), DomainName("*.example.com")},
		{"A client certificate.", CertificateKey("a1b2c3"), CertificateID("a1b2c3")},
		{"Another live thing is left to its craft.", "plane/live/keys/x", nil},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if got := ParseKey(tc.key); got != tc.want {
				t.Errorf("ParseKey(%q) = %#v, want %#v", tc.key, got, tc.want)
			}
		})
	}
}

func routes(n, filler int) []Route {
	list := make([]Route, n)
	for i := range list {
		list[i] = Route{
			ID: RouteID(fmt.Sprintf("r%06d", i)), Key: fmt.Sprintf("GET /r/%d", i),
			Authorization: Authorization{Kind: AuthNone},
			Integration:   &Integration{Kind: HTTPProxy, URI: "http://127.0.0.1/" + strings.Repeat("x", filler)},
		}
	}
	return list
}

// TestSplit holds that chunks bear the routes whole, stay under the bound, and
// that one edit changes one chunk.
func TestSplit(t *testing.T) {
	list := routes(3000, 300)
	before, err := Split(list)
	if err != nil {
		t.Fatal(err)
	}
	got := map[RouteID]Route{}
	sums := map[string]bool{}
	for _, c := range before {
		if len(c.Text) > MaxChunk {
			t.Errorf("chunk %s has %d bytes", c.Sum, len(c.Text))
		}
		part, err := ParseChunk(c.Sum, c.Text)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range part {
			got[r.ID] = r
		}
		sums[c.Sum] = true
	}
	if len(before) < 4 {
		t.Errorf("%d chunks for a definition of a megabyte", len(before))
	}
	for _, r := range list {
		if diff := cmp.Diff(r, got[r.ID]); diff != "" {
			t.Fatal(diff)
		}
	}
	list[1234].Key = "POST /changed"
	after, err := Split(list)
	if err != nil {
		t.Fatal(err)
	}
	fresh := 0
	for _, c := range after {
		if !sums[c.Sum] {
			fresh++
		}
	}
	if fresh != 1 {
		t.Errorf("one edit made %d new chunks, want 1", fresh)
	}
}

func TestSplitRefusesAGiantRoute(t *testing.T) {
	if _, err := Split(routes(1, MaxChunk)); err == nil || !strings.Contains(err.Error(), "GET /r/0") {
		t.Errorf("got %v, want an error that names the route", err)
	}
}

func TestParseChunkChecksTheSum(t *testing.T) {
	c, err := Split(routes(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseChunk(c[0].Sum, append(c[0].Text, ' ')); err == nil {
		t.Error("a changed chunk was accepted")
	}
}

// TestRenderHTTP is the table of default responses of HTTP APIs, byte by byte
// (runtime section 2.1).
func TestRenderHTTP(t *testing.T) {
	for _, tc := range []struct {
		desc   string
		fault  Fault
		status int
		body   string
	}{
		{"A parameter that cannot be mapped.", Fault{Kind: BadRequestParameters}, 400, `{"message":"Bad Request"}`},
		{"A missing token.", Fault{Kind: Unauthorized}, 401, `{"message":"Unauthorized"}`},
		{"A refusal.", Fault{Kind: AccessDenied}, 403, `{"message":"Forbidden"}`},
		{"No route, stage or mapping.", Fault{Kind: ResourceNotFound}, 404, `{"message":"Not Found"}`},
		{"A body of more than 10 MiB.", Fault{Kind: RequestTooLarge}, 413, `{"message":"Request Entity Too Large"}`},
		{"A body whose framing is broken.", Fault{Kind: RequestBodyMalformed}, 400, `{"message":"Bad Request"}`},
		{"A body that comes too slowly.", Fault{Kind: RequestBodyTimeout}, 408, `{"message":"Request Timeout"}`},
		{"A client that left: logs and metrics see it, nobody reads it, and it is no 5xx.", Fault{Kind: ClientGone}, 499, `{"message":"Client Closed Request"}`},
		{"Too fast.", Fault{Kind: Throttled}, 429, `{"message":"Too Many Requests"}`},
		{"A definition that cannot be served.", Fault{Kind: APIConfigurationError}, 500, `{"message":"Internal Server Error"}`},
		{"A backend that cannot be reached.", Fault{Kind: IntegrationFailure}, 503, `{"message":"Service Unavailable"}`},
		{"A backend that is too late.", Fault{Kind: IntegrationTimeout}, 503, `{"message":"Service Unavailable"}`},
		{"A backend that does not speak HTTP.", Fault{Kind: IntegrationMalformed}, 500, `{"message":"Internal Server Error"}`},
		{"A kind without a row fails closed.", Fault{Kind: "NEW"}, 500, `{"message":"Internal Server Error"}`},
		{"A status and a message of the fault's own win.", Fault{Kind: AccessDenied, Status: 418, Message: "x"}, 418, `{"message":"x"}`},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			got := tc.fault.Render(HTTP)
			if got.Status != tc.status || string(got.Body) != tc.body || got.ContentType != "application/json" {
				t.Errorf("got %d %s %s", got.Status, got.ContentType, got.Body)
			}
		})
	}
}

// TestResponseType holds that only AWS's own names leave the house.
func TestResponseType(t *testing.T) {
	for kind, want := range map[Kind]string{
		AccessDenied:         "ACCESS_DENIED",
		RequestTooLarge:      "REQUEST_TOO_LARGE",
		RequestBodyMalformed: "DEFAULT_4XX",
		RequestBodyTimeout:   "DEFAULT_4XX",
		ClientGone:           "DEFAULT_4XX",
		IntegrationMalformed: "INTEGRATION_FAILURE",
		Internal:             "DEFAULT_5XX",
	} {
		if got := kind.ResponseType(); got != want {
			t.Errorf("%s: got %s, want %s", kind, got, want)
		}
	}
}
