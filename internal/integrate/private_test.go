package integrate

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/upstream"
)

const (
	listener = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/shop/0123456789abcdef/0123456789abcdef"
	registry = "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-abc?stage=blue"
)

func linked(id, arn, name string) *gate.Route {
	return &gate.Route{ID: "r1", Key: "ANY /pets/{id}", Integration: &gate.Integration{
		ID: "i1", Kind: gate.Private, ConnectionID: id, URI: arn, ServerName: name,
	}}
}

func links(t testing.TB, list ...Link) *Links {
	t.Helper()
	var l Links
	for _, k := range list {
		if err := l.Add(k); err != nil {
			t.Fatal(err)
		}
	}
	return &l
}

// TestPrivateTarget is the table of what a link, a stage and a request make
// together (runtime 2.6).
func TestPrivateTarget(t *testing.T) {
	known := []Link{
		{ID: "*", Targets: []string{"http://any"}},
		{ID: "l1", Targets: []string{"http://first:81"}},
		{ID: "*", ARN: registry, Targets: []string{"http://registry"}},
		{ID: "l2", ARN: listener, Targets: []string{"https://both"}},
	}
	for _, tc := range []struct{ desc, id, arn, name, stage, path, want string }{
		{"The path goes on with the stage in front.", "l1", listener, "", "prod", "/pets/1?a=b", "GET http://first:81/prod/pets/1?a=b"},
		{"The stage $default is no part of it.", "l1", listener, "", "$default", "/pets/1", "GET http://first:81/pets/1"},
		{"It stays as it was sent.", "l1", listener, "", "prod", "/pets/a%2Fb", "GET http://first:81/prod/pets/a%2Fb"},
		{"An overwritten path is sent without the stage.", "l1", listener, "", "prod", "/pets/1 -> /other", "GET http://first:81/other"},
		{"A link that is not named is any.", "l9", listener, "", "$default", "/pets/1", "GET http://any:80/pets/1"},
		{"An ARN goes before a link.", "l1", registry, "", "$default", "/pets/1", "GET http://registry:80/pets/1"},
		{"Link and ARN go before all.", "l2", listener, "", "$default", "/pets/1", "GET https://both:443/pets/1"},
		{"Another query of a Cloud Map service is another ARN.", "l9", registry + "2", "", "$default", "/pets/1", "GET http://any:80/pets/1"},
		{"A name to verify makes it https.", "l1", listener, "shop.example.com", "$default", "/pets/1", "GET https://first:81/pets/1"},
		{"On 443 where no port is named.", "l9", listener, "shop.example.com", "$default", "/pets/1", "GET https://any:443/pets/1"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			r := linked(tc.id, tc.arn, tc.name)
			p, err := Private(r, links(t, known...), newPools(t, &echo{}))
			if err != nil {
				t.Fatal(err)
			}
			path, onward, _ := strings.Cut(tc.path, " -> ")
			x := request(t, r.Key, "GET", path, flow.Body{})
			x.Stage = &gate.Stage{Name: gate.StageName(tc.stage)}
			if onward != "" {
				x.Edit().Path = onward
			}
			method, url := p.Target(x)
			if got := method + " " + url; got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// TestPrivateHead holds what the backend behind a link reads: the client's own
// Host, and the fields of every HTTP backend.
func TestPrivateHead(t *testing.T) {
	e := &echo{answer: []byte(ok)}
	p, err := Private(linked("l1", listener, ""), links(t, Link{ID: "l1", Targets: []string{"http://b"}}), newPools(t, e))
	if err != nil {
		t.Fatal(err)
	}
	x := request(t, "ANY /pets/{id}", "POST", "/pets/1", flow.Bytes([]byte("hello")), "Content-Type: text/plain")
	x.Stage = &gate.Stage{Name: "prod"}
	if err := p.Serve(x); err != nil {
		t.Fatal(err)
	}
	got := string(e.got)
	for _, want := range []string{"POST /prod/pets/1 HTTP/1.1\r\n", "\r\nHost: api.example.com\r\n", "\r\nVia: HTTP/1.1 AmazonAPIGateway\r\n", "\r\n\r\nhello"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if x.Out.Status != 200 || x.Event.Backend.Status != 200 {
		t.Errorf("got %d, noted %d", x.Out.Status, x.Event.Backend.Status)
	}
	x.Edit().Host = "inner.example.com"
	if p.hostFor(x) != "inner.example.com" {
		t.Error("a mapped Host is not sent")
	}
}

// three are pools in front of three targets behind the link l1, of which those
// in down refuse connections.
func three(t *testing.T, e *echo, down map[string]bool) *Proxy {
	t.Helper()
	pools := upstream.New(upstream.Options{Dial: func(_ context.Context, to netip.AddrPort) (net.Conn, error) {
		if down[to.String()] {
			return nil, errors.New("refused")
		}
		return e, nil
	}})
	t.Cleanup(pools.Close)
	l := links(t, Link{ID: "l1", Targets: []string{"http://10.0.0.1:1", "http://10.0.0.2:2", "http://10.0.0.3:3"}})
	p, err := Private(linked("l1", listener, ""), l, pools)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPrivateTurns holds that targets are called in turn, that one which cannot
// be reached is passed over and then spared, and that all of them down is a
// fault.
func TestPrivateTurns(t *testing.T) {
	for _, tc := range []struct {
		desc string
		down string
		want string // the ports that answered, in order; "+" behind one that was not the first choice
	}{
		{"All are there.", "", "1 2 3 1 2"},
		{"One is not.", "10.0.0.1:1", "2+ 2 3 2 2"},
		{"Two are not.", "10.0.0.1:1 10.0.0.3:3", "2+ 2 2+ 2 2"},
		{"None is.", "10.0.0.1:1 10.0.0.2:2 10.0.0.3:3", "- - - - -"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			e, down := &echo{answer: []byte(ok)}, map[string]bool{}
			for _, name := range strings.Fields(tc.down) {
				down[name] = true
			}
			p := three(t, e, down)
			var got []string
			for range 5 {
				x := request(t, "ANY /pets/{id}", "POST", "/pets/1", flow.Bytes([]byte("hello")))
				e.got = nil
				var fault *gate.Fault
				switch err := p.Serve(x); {
				case errors.As(err, &fault) && fault.Kind == gate.IntegrationFailure && x.Event.Backend.Failure == flow.Connect:
					got = append(got, "-")
					continue
				case err != nil || !strings.HasSuffix(string(e.got), "\r\n\r\nhello"):
					t.Fatalf("sent %q: %v", e.got, err)
				}
				name := x.Event.Backend.Target[len("http://10.0.0.1:"):]
				if x.Event.Retry {
					name += "+"
				}
				got = append(got, name)
			}
			if text := strings.Join(got, " "); text != tc.want {
				t.Errorf("answered %s, want %s", text, tc.want)
			}
		})
	}
}

// TestUnmapped holds that what the configuration does not map is told with the
// key to write.
func TestUnmapped(t *testing.T) {
	for _, l := range []*Links{nil, {}, links(t, Link{ID: "l2", Targets: []string{"http://b"}}, Link{ID: "l1", ARN: registry, Targets: []string{"http://b"}})} {
		r := linked("l1", listener, "")
		_, err := Private(r, l, newPools(t, &echo{}))
		if err == nil {
			t.Fatal("it compiles")
		}
		for _, want := range []string{"vpc_links:", "link: l1", listener, "gatehouse.yaml"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is not in %q", want, err)
			}
		}
		if l.Missing(proxied("GET /", "http://b").Integration) != nil || l.Missing(nil) != nil {
			t.Error("an integration without a link misses one")
		}
	}
}

// TestRefusedLinks is the table of what no configuration may say of a link.
func TestRefusedLinks(t *testing.T) {
	one := []string{"http://b"}
	for _, tc := range []struct {
		desc string
		link Link
		want string
	}{
		{"Without an id.", Link{Targets: one}, "is missing"},
		{"What is no ARN.", Link{ID: "a", ARN: "listener", Targets: one}, "no ARN"},
		{"Without targets.", Link{ID: "a"}, "0 targets"},
		{"With too many.", Link{ID: "a", Targets: make([]string, maxTargets+1)}, "65 targets"},
		{"Twice.", Link{ID: "twice", Targets: one}, "given twice"},
		{"A target without a scheme.", Link{ID: "a", Targets: []string{"10.0.0.1:80"}}, "http://"},
		{"With a path.", Link{ID: "a", Targets: []string{"http://b/x"}}, "host and port only"},
		{"With a query.", Link{ID: "a", Targets: []string{"http://b?x"}}, "host and port only"},
		{"With credentials.", Link{ID: "a", Targets: []string{"http://u:p@b"}}, "credentials"},
		{"With a port that is none.", Link{ID: "a", Targets: []string{"http://b:0"}}, "port"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			l := links(t, Link{ID: "twice", Targets: one})
			if err := l.Add(tc.link); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	r := linked("l1", listener, "bad name")
	if _, err := Private(r, links(t, Link{ID: "*", Targets: one}), newPools(t, &echo{})); err == nil || !strings.Contains(err.Error(), "server name") {
		t.Errorf("a server name that is none: %v", err)
	}
}
