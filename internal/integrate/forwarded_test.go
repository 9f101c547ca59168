package integrate

import (
	"strings"
	"testing"

	"gatehouse/internal/flow"
)

// sent are the values of the field of that name in what goes to a backend.
func sent(t testing.TB, x *flow.Exchange, name string) (values []string) {
	t.Helper()
	head, err := appendFields(nil, x)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(head), "\r\n") {
		if v, ok := strings.CutPrefix(line, name+": "); ok {
			values = append(values, v)
		}
	}
	return values
}

const own = "by=198.51.100.1;for=192.0.2.7;host=api.example.com;proto=https"

// TestForwarded is the table of what of a client's Forwarded stands before our
// element: what a reader by RFC 7239 cannot take for more than it is.
func TestForwarded(t *testing.T) {
	for _, tc := range []struct {
		desc   string
		fields []string // the values of Forwarded
		want   string   // before our element
	}{
		{"One element.", []string{`for=1.2.3.4`}, `for=1.2.3.4, `},
		{"Several, with blanks around the commas.", []string{"for=1.2.3.4\t,  for=_secret;by=unknown"}, "for=1.2.3.4\t,  for=_secret;by=unknown, "},
		{"A quoted string with what would separate outside of one.", []string{`For="[2001:db8::1]:80";host="a,b;c=d"`}, `For="[2001:db8::1]:80";host="a,b;c=d", `},
		{"A quoted quote.", []string{`for="\"\\"`}, `for="\"\\", `},
		{"Empty elements and pairs.", []string{`,for=a;;proto=http;, ,`}, `,for=a;;proto=http;, ,, `},
		{"Two fields.", []string{`for=a`, `for=b`}, `for=a, for=b, `},
		{"An open quote, which would swallow our element.", []string{`for="`}, ``},
		{"One that is only escaped shut.", []string{`for="a\"`}, ``},
		{"A backslash at the end.", []string{`for="a\`}, ``},
		{"An open quote goes, its neighbours stay.", []string{`for=a`, `for="`, `for=b`}, `for=a, for=b, `},
		{"Two halves of a quoted string.", []string{`for="a`, `b"`}, ``},
		{"Text behind a quoted string.", []string{`for="a"b`}, ``},
		{"A quote in a token.", []string{`for=a"b`}, ``},
		{"A colon or a bracket without quotes.", []string{`for=1.2.3.4:80`, `for=[::1]`}, ``},
		{"Blanks around = and ;.", []string{`for =a`, `for= a`, `for=a; by=b`}, ``},
		{"No value.", []string{`for`, `for=`}, ``},
		{"No name.", []string{`=a`}, ``},
		{"A control character in a quoted string.", []string{"for=\"a\x01\""}, ``},
		{"Nothing at all.", []string{``, `,`, ` `, `;`}, ``},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			var fields []string
			for _, f := range tc.fields {
				fields = append(fields, "Forwarded: "+f)
			}
			got := sent(t, request(t, "", "GET", "/", flow.Body{}, fields...), "Forwarded")
			if len(got) != 1 || got[0] != tc.want+own {
				t.Errorf("got %q, want %q", got, tc.want+own)
			}
		})
	}
}

// TestForwardedFor is the same for X-Forwarded-For, and for what is made of it
// where there is no Forwarded to keep.
func TestForwardedFor(t *testing.T) {
	for _, tc := range []struct {
		desc            string
		fields          []string
		list, forwarded string
	}{
		{"Addresses.", []string{"X-Forwarded-For: 203.0.113.1,2001:DB8::1 ,\t10.0.0.1"}, "203.0.113.1, 2001:DB8::1, 10.0.0.1, ", `for=203.0.113.1, for="[2001:db8::1]", for=10.0.0.1, `},
		{"Addresses with ports, as some load balancers write them.", []string{"X-Forwarded-For: 203.0.113.1:80, [2001:db8::1]:443"}, "203.0.113.1:80, [2001:db8::1]:443, ", `for="203.0.113.1:80", for="[2001:db8::1]:443", `},
		{"An address in brackets.", []string{"X-Forwarded-For: [2001:db8::1]"}, "[2001:db8::1], ", `for="[2001:db8::1]", `},
		{"Two fields.", []string{"X-Forwarded-For: 10.0.0.1", "X-Forwarded-For: 10.0.0.2"}, "10.0.0.1, 10.0.0.2, ", "for=10.0.0.1, for=10.0.0.2, "},
		{"A client that its proxy did not know.", []string{"X-Forwarded-For: Unknown"}, "Unknown, ", "for=unknown, "},
		{"What is no address goes, its neighbours stay.", []string{`X-Forwarded-For: 10.0.0.1, ", a b, <script>, ${jndi:x}, 10.0.0.2, , fe80::1%"eth0`}, "10.0.0.1, 10.0.0.2, ", "for=10.0.0.1, for=10.0.0.2, "},
		{"Half brackets, bad ports and odd spellings.", []string{"X-Forwarded-For: [::1, ::1], [10.0.0.1], 10.0.0.1:, 10.0.0.1:65536, 10.0.0.1:+1, 10.1, 010.0.0.1"}, "", ""},
		{"A Forwarded that is kept says it all.", []string{"X-Forwarded-For: 10.0.0.1", "Forwarded: for=a"}, "10.0.0.1, ", "for=a, "},
		{"One that is not kept says nothing.", []string{"X-Forwarded-For: 10.0.0.1", `Forwarded: for="`}, "10.0.0.1, ", "for=10.0.0.1, "},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			x := request(t, "", "GET", "/", flow.Body{}, tc.fields...)
			if got := sent(t, x, "X-Forwarded-For"); len(got) != 1 || got[0] != tc.list+"192.0.2.7" {
				t.Errorf("X-Forwarded-For: got %q, want %q", got, tc.list+"192.0.2.7")
			}
			if got := sent(t, x, "Forwarded"); len(got) != 1 || got[0] != tc.forwarded+own {
				t.Errorf("Forwarded: got %q, want %q", got, tc.forwarded+own)
			}
		})
	}
}

// TestForwardedPort holds that only what can be a port is sent as one.
func TestForwardedPort(t *testing.T) {
	for host, want := range map[string]string{
		"a": "443", "a:8443": "8443", "a:1": "1", "a:65535": "65535", "[::1]:8443": "8443", "[::1]": "443",
		"a:65536": "443", "a:99999999999999999999": "443", "a:0": "443", "a:": "443", "a:080": "80", "a:+80": "443", "a:8_0": "443", "::1": "443", "2001:db8::8443": "443",
	} {
		x := request(t, "", "GET", "/", flow.Body{})
		x.In.Host = host
		if got := sent(t, x, "X-Forwarded-Port"); len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %q, want %s", host, got, want)
		}
		x.In.Scheme = "http"
		if got := sent(t, x, "X-Forwarded-Port"); want == "443" && got[0] != "80" {
			t.Errorf("http://%s: got %q, want 80", host, got)
		}
	}
}

// elements splits a Forwarded at the commas outside of quoted strings, as a
// backend may that does not check the rest.
func elements(v string) (list []string) {
	quoted, from := false, 0
	for i := 0; i < len(v); i++ {
		switch {
		case quoted && v[i] == '\\':
			i++
		case v[i] == '"':
			quoted = !quoted
		case v[i] == ',' && !quoted:
			list, from = append(list, v[from:i]), i+1
		}
	}
	return append(list, v[from:])
}

// FuzzForwarded holds that our element is the last of the list whatever the
// client sent, and that what is added for its X-Forwarded-For is a list of
// addresses.
func FuzzForwarded(f *testing.F) {
	f.Add(`for="`, "10.0.0.1, x")
	f.Add(`for="a\"b",by=c;proto=http`, "[::1]:80")
	f.Add(``, `",`)
	f.Fuzz(func(t *testing.T, forwarded, list string) {
		if strings.ContainsAny(forwarded+list, "\r\n\x00") {
			return // no field can hold them
		}
		x := request(t, "", "GET", "/", flow.Body{})
		x.In.Header.Add("Forwarded", forwarded)
		x.In.Header.Add("X-Forwarded-For", list)
		got := sent(t, x, "Forwarded")
		if len(got) != 1 {
			t.Fatalf("%d fields", len(got))
		}
		parts := elements(got[0])
		if last := strings.TrimSpace(parts[len(parts)-1]); last != own {
			t.Fatalf("%q: our element reads %q", got[0], last)
		}
		for one := range strings.SplitSeq(sent(t, x, "X-Forwarded-For")[0], ", ") {
			if one == "" || strings.Trim(strings.ToLower(one), "0123456789abcdef.:[]unkow") != "" {
				t.Fatalf("%q is no address", one)
			}
		}
	})
}

func BenchmarkForwarded(b *testing.B) {
	x := request(b, "", "GET", "/", flow.Body{}, `Forwarded: for="[2001:db8::1]:80";proto=https, for=10.0.0.1`, "X-Forwarded-For: 2001:db8::1, 10.0.0.1")
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := appendFields(buf, x); err != nil {
			b.Fatal(err)
		}
	}
}
