package logs

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// exchange is an ended one with a value in every column but "error".
func exchange() *flow.Exchange {
	x := &flow.Exchange{
		ID:    "AbCdEfGhIjKlMn=",
		API:   &gate.API{ID: "abcdefghij"},
		Stage: &gate.Stage{Name: "prod"},
		Route: &gate.Route{Key: "GET /pets/{id}"},
		Start: time.Date(2026, 3, 4, 5, 6, 7, 89_999_999, time.FixedZone("", 3600)),
	}
	x.In.Method, x.In.Target, x.In.Proto, x.In.Host = "GET", "/prod/pets/1?a=b", "HTTP/1.1", "api.example.com:8080"
	x.In.Source = netip.MustParseAddr("192.0.2.7")
	x.In.Header.Add("User-Agent", "curl/8.0")
	x.In.Header.Add("Authorization", "Bearer hush")
	x.In.Header.Add("Cookie", "sid=hush")
	x.Event = flow.Event{
		Status: 200, Duration: 1234567 * time.Nanosecond, BytesIn: 3, BytesOut: 40,
		Backend: flow.Backend{Called: true, Status: 201, Latency: time.Millisecond, Target: "http://10.0.0.1:80"},
	}
	return x
}

func line(x *flow.Exchange) string { return string(compile(columns[:]).append(nil, x)) }

func TestALineHoldsWhatHappened(t *testing.T) {
	want := `{"time":"2026-03-04T04:06:07.089Z","requestId":"AbCdEfGhIjKlMn=","ip":"192.0.2.7","method":"GET",` +
		`"path":"/prod/pets/1?a=b","protocol":"HTTP/1.1","host":"api.example.com:8080","api":"abcdefghij","stage":"prod",` +
		`"routeKey":"GET /pets/{id}","status":200,"responseLength":40,"requestLength":3,"durationMs":1.234,` +
		`"integrationStatus":201,"integrationLatencyMs":1.000,"integrationTarget":"http://10.0.0.1:80","userAgent":"curl/8.0"}` + "\n"
	if diff := cmp.Diff(want, line(exchange())); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmptyExchangeIsALineToo(t *testing.T) {
	want := `{"time":"0001-01-01T00:00:00.000Z","status":0,"responseLength":0,"requestLength":0,"durationMs":0.000}` + "\n"
	if diff := cmp.Diff(want, line(new(flow.Exchange))); diff != "" {
		t.Error(diff)
	}
}

// TestTheTimeOfALineIsItsOwn holds that the text which lines of one second share
// is not that of another second.
func TestTheTimeOfALineIsItsOwn(t *testing.T) {
	f, x := compile(columns[:]), exchange()
	for _, c := range []struct{ desc, at, want string }{
		{"The first line.", "2026-12-31T23:59:59.999Z", "2026-12-31T23:59:59.999Z"},
		{"The next second is in another year.", "2027-01-01T00:00:00Z", "2027-01-01T00:00:00.000Z"},
		{"The same second once more.", "2027-01-01T00:00:00.5Z", "2027-01-01T00:00:00.500Z"},
		{"A line that began earlier and ended later.", "2026-12-31T23:59:58.001Z", "2026-12-31T23:59:58.001Z"},
		{"The same second in another zone.", "2027-01-01T00:59:58.001+01:00", "2026-12-31T23:59:58.001Z"},
		{"Before 1970.", "1969-12-31T23:59:59.25Z", "1969-12-31T23:59:59.250Z"},
	} {
		t.Run(c.desc, func(t *testing.T) {
			var err error
			if x.Start, err = time.Parse(time.RFC3339Nano, c.at); err != nil {
				t.Fatal(err)
			}
			if got := string(f.append(nil, x)); !strings.HasPrefix(got, `{"time":"`+c.want+`",`) {
				t.Errorf("got %s", got)
			}
		})
	}
}

// TestEveryByteIsSeen holds that looking at eight bytes at a time finds what
// looking at each finds, wherever it stands.
func TestEveryByteIsSeen(t *testing.T) {
	for size := 1; size <= 20; size++ {
		for at := range size {
			for c := range 256 {
				text := []byte(strings.Repeat("~", size))
				text[at] = byte(c)
				want := size
				if !plain[c] {
					want = at
				}
				if got := plainHead(string(text)); got != want {
					t.Fatalf("%q: %d bytes are plain, want %d", text, got, want)
				}
			}
		}
	}
}

func TestColumnsThatDepend(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for _, c := range []struct {
		desc         string
		change       func(*flow.Exchange)
		column, want string
	}{
		{"a fault tells its kind and reason", func(x *flow.Exchange) {
			x.Event.Fault = gate.Fail(gate.IntegrationFailure, errors.New("dial tcp: refused"))
		}, "error", "INTEGRATION_FAILURE: dial tcp: refused"},
		{"a fault without a reason tells its kind", func(x *flow.Exchange) {
			x.Event.Fault = gate.Fail(gate.Throttled, nil)
		}, "error", "THROTTLED"},
		{"a cut connection tells why", func(x *flow.Exchange) {
			x.Event.Aborted = errors.New("client went away")
		}, "error", "aborted: client went away"},
		{"both are told", func(x *flow.Exchange) {
			x.Event.Fault, x.Event.Aborted = gate.Fail(gate.Internal, errors.New("a")), errors.New("b")
		}, "error", "INTERNAL: a; aborted: b"},
		{"a reason that quotes a URL keeps its secrets", func(x *flow.Exchange) {
			x.Event.Aborted = errors.New(`get "http://u:hush@h/p?token=hush&a=b": eof`)
		}, "error", `aborted: get "http://***@h/p?token=***&a=b": eof`},
		{"a long reason is cut", func(x *flow.Exchange) { x.Event.Aborted = errors.New(long) },
			"error", "aborted: " + long[:maxError/2] + "..."},
		{"a long target is cut", func(x *flow.Exchange) { x.In.Target = "/" + long },
			"path", "/" + long[:maxTarget-1] + "..."},
		{"a cut falls between characters", func(x *flow.Exchange) { x.In.Target = long[:maxTarget-1] + "\u20ac" },
			"path", long[:maxTarget-1] + "..."},
		{"a long agent is cut", func(x *flow.Exchange) { x.In.Header.Set("user-agent", long) },
			"userAgent", long[:maxAgent] + "..."},
		{"IPv6 is written as usual", func(x *flow.Exchange) { x.In.Source = netip.MustParseAddr("2001:db8::1") },
			"ip", "2001:db8::1"},
		{"invalid UTF-8 becomes the replacement character", func(x *flow.Exchange) { x.In.Target = "/a\xff\xc0\xafb" },
			"path", "/a\uFFFD\uFFFD\uFFFDb"},
		{"control characters survive as escapes", func(x *flow.Exchange) { x.In.Host = "a\x00\x1b[31m\r\n\t\"\\\u0085\u202e" },
			"host", "a\x00\x1b[31m\r\n\t\"\\\u0085\u202e"},
	} {
		t.Run(c.desc, func(t *testing.T) {
			x := exchange()
			c.change(x)
			text := line(x)
			var got map[string]any
			if err := json.Unmarshal([]byte(text), &got); err != nil {
				t.Fatalf("%v in %s", err, text)
			}
			if got[c.column] != c.want {
				t.Errorf("%s is %q, want %q", c.column, got[c.column], c.want)
			}
			if strings.Contains(text, "hush") {
				t.Errorf("a secret is in %s", text)
			}
			for _, r := range strings.TrimSuffix(text, "\n") {
				if r < 0x20 || r == 0x7F || deceptive(r) {
					t.Errorf("%U stands in the line as it is: %q", r, text)
				}
			}
		})
	}
}

func TestSecretsOfTheQueryAreMasked(t *testing.T) {
	for _, c := range []struct{ desc, in, want string }{
		{"a token", "/p?token=hush", "/p?token=***"},
		{"in the middle", "/p?a=1&access_token=hush&b=2", "/p?a=1&access_token=***&b=2"},
		{"letters of any case", "/p?API-Key=hush", "/p?API-Key=***"},
		{"a presigned URL", "/p?X-Amz-Signature=hush&X-Amz-Security-Token=hush&X-Amz-Credential=hush&X-Amz-Date=d",
			"/p?X-Amz-Signature=***&X-Amz-Security-Token=***&X-Amz-Credential=***&X-Amz-Date=d"},
		{"a name that is percent-encoded", "/p?%74ok%65n=hush", "/p?%74ok%65n=***"},
		{"an encoding that is broken", "/p?%7=1&%zz=2&%", "/p?%7=1&%zz=2&%"},
		{"a name too long to look at", "/p?" + strings.Repeat("a", 200) + "=hush", "/p?" + strings.Repeat("a", 200) + "=***"},
		{"a value that holds an equals sign", "/p?password=hu=sh&a=b=c", "/p?password=***&a=b=c"},
		{"semicolons", "/p?secret=hush;a=b", "/p?secret=***;a=b"},
		{"a second question mark", "/p?u=/x?sig=hush", "/p?u=/x?sig=***"},
		{"an empty value", "/p?token=&a=b", "/p?token=***&a=b"},
		{"no value", "/p?token&a", "/p?token&a"},
		{"short names only as a whole", "/p?code=hush&zipcode=1234&design=1", "/p?code=***&zipcode=1234&design=1"},
		{"a query without parameters", "/p?", "/p?"},
		{"nothing secret", "/p?limit=10&name=%C3%A9", "/p?limit=10&name=%C3%A9"},
		{"user information", "http://me:hush@example.com/p?a=b", "http://***@example.com/p?a=b"},
		{"an at sign in the path is no user", "http://example.com/@me", "http://example.com/@me"},
	} {
		t.Run(c.desc, func(t *testing.T) {
			if got := string(appendMasked(nil, c.in)); got != c.want {
				t.Errorf("%s is logged as %s, want %s", c.in, got, c.want)
			}
		})
	}
}

func FuzzALineIsJSON(f *testing.F) {
	f.Add("/p?token=a&b", "host", "agent", "err")
	f.Add("\xff?\xff=\x00", "\"\\", "\u2028", "http://a@b?c")
	f.Fuzz(func(t *testing.T, target, host, agent, reason string) {
		x := exchange()
		x.In.Target, x.In.Host, x.In.Method = target, host, agent
		x.In.Header.Set("User-Agent", agent)
		x.Event.Fault = gate.Fail(gate.Internal, errors.New(reason))
		b := compile(columns[:]).append(nil, x)
		if len(b) > longestLine {
			t.Errorf("the line is %d bytes long, more than %d", len(b), longestLine)
		}
		if i := strings.IndexByte(string(b), '\n'); i != len(b)-1 {
			t.Errorf("a line feed at %d of %d", i, len(b))
		}
		var got struct{ Host, Error string }
		if !utf8.Valid(b) || json.Unmarshal(b, &got) != nil {
			t.Fatalf("not JSON: %q", b)
		}
		if want := strings.ToValidUTF8(host, "\uFFFD"); len(host) <= maxHost && utf8.ValidString(host) && got.Host != want {
			t.Errorf("host %q reads back as %q", host, got.Host)
		}
	})
}
