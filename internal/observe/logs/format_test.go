package logs

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

func compiled(t testing.TB, format string) *Format {
	t.Helper()
	f, err := Compile(format)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func entryOf(f *Format, x *flow.Exchange) string {
	b, _ := f.append(nil, nil, x)
	return string(b)
}

// called is an exchange of the stage prod, answered by the backend.
func called() *flow.Exchange {
	x := exchange()
	x.Path = "/pets/1"
	return x
}

// notFound is one that the gateway itself answered.
func notFound() *flow.Exchange {
	x := called()
	x.Route = nil
	x.Event = flow.Event{Status: 404, BytesOut: 23, Fault: gate.Fail(gate.ResourceNotFound, errors.New("operator's reason"))}
	return x
}

// TestPresets holds AWS's formats for HTTP APIs (developer guide, "Configuring
// logging for an HTTP API"; runtime section 8, correction 2) and what they
// print.
func TestPresets(t *testing.T) {
	for name, want := range map[string]struct{ format, line, missing string }{
		"CLF": {
			`$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod $context.routeKey $context.protocol" $context.status $context.responseLength $context.requestId`,
			`192.0.2.7 - - [04/Mar/2026:04:06:07 +0000] "GET GET /pets/{id} HTTP/1.1" 200 40 AbCdEfGhIjKlMn=`,
			`192.0.2.7 - - [04/Mar/2026:04:06:07 +0000] "GET - HTTP/1.1" 404 23 AbCdEfGhIjKlMn=`,
		},
		"JSON": {
			`{ "requestId":"$context.requestId", "ip": "$context.identity.sourceIp", "requestTime":"$context.requestTime", "httpMethod":"$context.httpMethod","routeKey":"$context.routeKey", "status":"$context.status","protocol":"$context.protocol", "responseLength":"$context.responseLength" }`,
			`{ "requestId":"AbCdEfGhIjKlMn=", "ip": "192.0.2.7", "requestTime":"04/Mar/2026:04:06:07 +0000", "httpMethod":"GET","routeKey":"GET /pets/{id}", "status":"200","protocol":"HTTP/1.1", "responseLength":"40" }`,
			`{ "requestId":"AbCdEfGhIjKlMn=", "ip": "192.0.2.7", "requestTime":"04/Mar/2026:04:06:07 +0000", "httpMethod":"GET","routeKey":"-", "status":"404","protocol":"HTTP/1.1", "responseLength":"23" }`,
		},
		"XML": {
			`<request id="$context.requestId"> <ip>$context.identity.sourceIp</ip> <requestTime>$context.requestTime</requestTime> <httpMethod>$context.httpMethod</httpMethod> <routeKey>$context.routeKey</routeKey> <status>$context.status</status> <protocol>$context.protocol</protocol> <responseLength>$context.responseLength</responseLength> </request>`,
			`<request id="AbCdEfGhIjKlMn="> <ip>192.0.2.7</ip> <requestTime>04/Mar/2026:04:06:07 +0000</requestTime> <httpMethod>GET</httpMethod> <routeKey>GET /pets/{id}</routeKey> <status>200</status> <protocol>HTTP/1.1</protocol> <responseLength>40</responseLength> </request>`,
			`<request id="AbCdEfGhIjKlMn="> <ip>192.0.2.7</ip> <requestTime>04/Mar/2026:04:06:07 +0000</requestTime> <httpMethod>GET</httpMethod> <routeKey>-</routeKey> <status>404</status> <protocol>HTTP/1.1</protocol> <responseLength>23</responseLength> </request>`,
		},
		"CSV": {
			`$context.identity.sourceIp,$context.requestTime,$context.httpMethod,$context.routeKey,$context.protocol,$context.status,$context.responseLength,$context.requestId`,
			`192.0.2.7,04/Mar/2026:04:06:07 +0000,GET,GET /pets/{id},HTTP/1.1,200,40,AbCdEfGhIjKlMn=`,
			`192.0.2.7,04/Mar/2026:04:06:07 +0000,GET,-,HTTP/1.1,404,23,AbCdEfGhIjKlMn=`,
		},
	} {
		format, ok := Preset(name)
		if !ok || format != want.format {
			t.Errorf("%s is %q", name, format)
			continue
		}
		f := compiled(t, format)
		if got := entryOf(f, called()); got != want.line+"\n" {
			t.Errorf("%s prints\n%s, want\n%s", name, got, want.line)
		}
		if got := entryOf(f, notFound()); got != want.missing+"\n" {
			t.Errorf("%s of a miss prints\n%s, want\n%s", name, got, want.missing)
		}
	}
	if len(Presets()) != 4 {
		t.Errorf("the presets are %q", Presets())
	}
	if _, ok := Preset("clf"); ok {
		t.Error("a preset's name in other letters is known")
	}
}

// TestFormats prints variables. Sources: runtime 5.1, and the developer guide's
// "Customizing HTTP API access logs".
func TestFormats(t *testing.T) {
	for _, c := range []struct {
		desc, format string
		x            *flow.Exchange
		want         string
	}{
		{"A missing value is a hyphen.", "$context.requestId $context.authorizer.claims.sub|$context.identity.user", called(), "AbCdEfGhIjKlMn= -|-"},
		{"The other id of an HTTP API is the same.", "$context.extendedRequestId", called(), "AbCdEfGhIjKlMn="},
		{"A line feed at the end is the entry's own.", "$context.requestId\n", called(), "AbCdEfGhIjKlMn="},
		{"So is a carriage return before it.", "$context.requestId\r\n", called(), "AbCdEfGhIjKlMn="},
		{"The path has the stage.", "$context.requestId $context.path", called(), "AbCdEfGhIjKlMn= /prod/pets/1"},
		{"Latencies are whole milliseconds.", "$context.requestId $context.responseLatency $context.integrationLatency", called(), "AbCdEfGhIjKlMn= 1 1"},
		{"No backend, no latency of it.", "$context.requestId $context.integrationLatency $context.integrationStatus", notFound(), "AbCdEfGhIjKlMn= - -"},
		{"The operator's reason is not the log's.", "$context.requestId $context.error.message $context.error.responseType", notFound(), "AbCdEfGhIjKlMn= Not Found RESOURCE_NOT_FOUND"},
		{"The quoted message keeps its quotes in text.", "$context.requestId $context.error.messageString", notFound(), `AbCdEfGhIjKlMn= "Not Found"`},
		{"And as a value of JSON.", `{"id":"$context.requestId","m":$context.error.messageString}`, notFound(), `{"id":"AbCdEfGhIjKlMn=","m":"Not Found"}`},
		{"In quotes its own are escaped.", `{"id":"$context.requestId","m":"$context.error.messageString"}`, notFound(), `{"id":"AbCdEfGhIjKlMn=","m":"\"Not Found\""}`},
		{"A bare number of JSON stays one.", `{"id":"$context.requestId","status":$context.status}`, called(), `{"id":"AbCdEfGhIjKlMn=","status":200}`},
		{"A bare value that is missing becomes a string.", `{"id":"$context.requestId","status":$context.integrationStatus}`, notFound(), `{"id":"AbCdEfGhIjKlMn=","status":"-"}`},
		{"So does a bare word.", `[ $context.requestId, $context.httpMethod ]`, called(), `[ "AbCdEfGhIjKlMn=", "GET" ]`},
		{"What looks like JSON and is none stays text.", `{$context.requestId $context.httpMethod}`, called(), `{AbCdEfGhIjKlMn= GET}`},
		{"A variable as a member's name is no JSON.", `{$context.requestId:1}`, called(), `{AbCdEfGhIjKlMn=:1}`},
		{"A bracket does not make JSON.", `[$context.requestTimeEpoch] $context.requestId`, called(), `[1772597167089] AbCdEfGhIjKlMn=`},
		{"A syslog priority does not make XML.", `<134>1 $context.requestId "$context.identity.userAgent"`, agent(`a"b`), `<134>1 AbCdEfGhIjKlMn= "a\"b"`},
		{"Full stops and hyphens behind a name are text.", "$context.requestId-$context.status.", called(), "AbCdEfGhIjKlMn=-200."},
		{"Braces end a name.", "${context.requestId}_$context.status", called(), "AbCdEfGhIjKlMn=_200"},
		{"A dollar that begins nothing is text.", "$5 $ $$ $context.requestId$", called(), "$5 $ $$ AbCdEfGhIjKlMn=$"},
		{"Variables may touch.", "$context.requestId$context.status", called(), "AbCdEfGhIjKlMn=200"},
		{"What only signed callers have is missing.", "$context.requestId $context.identity.userArn $context.identity.clientCert.validity.notBefore", called(), "AbCdEfGhIjKlMn= - -"},
		{"REST's resourcePath is taken and empty.", "$context.requestId $context.resourcePath", called(), "AbCdEfGhIjKlMn= -"},
		{"Nothing written, nothing known of it.", "$context.requestId $context.status $context.responseLength", &flow.Exchange{ID: "a"}, "a - -"},
	} {
		t.Run(c.desc, func(t *testing.T) {
			if got := entryOf(compiled(t, c.format), c.x); got != c.want+"\n" {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func agent(s string) *flow.Exchange {
	x := called()
	x.In.Header.Set("User-Agent", s)
	return x
}

// TestNobodyForgesALine: AWS says nothing of quotes in a value, so these are
// choices of ours (Format).
func TestNobodyForgesALine(t *testing.T) {
	for _, c := range []struct{ desc, format, agent, want string }{
		{"Quotes in CLF.", `"$context.identity.userAgent" $context.requestId`, `x" 200 "`, `"x\" 200 \"" id`},
		{"A line break in CLF.", `"$context.identity.userAgent" $context.requestId`, "x\"\n203.0.113.1 - -", `"x\"\n203.0.113.1 - -" id`},
		{"A backslash that would take an escape away.", `"$context.identity.userAgent" $context.requestId`, `x\`, `"x\\" id`},
		{"A terminal's escape.", `$context.identity.userAgent $context.requestId`, "\x1b[2J", `\u001b[2J id`},
		{"Text that reads backwards.", `$context.identity.userAgent $context.requestId`, "\u202egpj", `\u202egpj id`},
		{"Bytes that are no UTF-8.", `$context.identity.userAgent $context.requestId`, "\xff\xfe", `\ufffd\ufffd id`},
		{"Half a quoted word outside of quotes.", `$context.identity.userAgent $context.requestId`, `"a`, `\"a id`},
		{"A quoted word and more outside of quotes.", `$context.identity.userAgent $context.requestId`, `"a" "b"`, `\"a\" \"b\" id`},
		{"A quoted word that does not end.", `$context.identity.userAgent "$context.requestId"`, `"a\"`, `\"a\\\" "id"`},
		{"A member of JSON.", `{"a":"$context.identity.userAgent","id":"$context.requestId"}`, `x","status":"200`, `{"a":"x\",\"status\":\"200","id":"id"}`},
		{"A value of JSON.", `{"a":$context.identity.userAgent,"id":"$context.requestId"}`, `1,"b":2`, `{"a":"1,\"b\":2","id":"id"}`},
		{"A number that is none.", `{"a":$context.identity.userAgent,"id":"$context.requestId"}`, `01`, `{"a":"01","id":"id"}`},
		{"A number in full.", `{"a":$context.identity.userAgent,"id":"$context.requestId"}`, `-1.5e+3`, `{"a":-1.5e+3,"id":"id"}`},
		{"An element of XML.", `<r id="$context.requestId"><a>$context.identity.userAgent</a></r>`, `</a><a>&"'`, `<r id="id"><a>&lt;/a&gt;&lt;a&gt;&amp;&#34;&#39;</a></r>`},
		{"An attribute of XML.", `<r id='$context.requestId' a='$context.identity.userAgent'/>`, "x' b='\n\x00", `<r id='id' a='x&#39; b=&#39;&#10;` + "\uFFFD'/>"},
		{"A field of CSV.", `$context.identity.userAgent,$context.requestId`, `a,b`, `"a,b",id`},
		{"A quote in a field of CSV.", `$context.identity.userAgent,$context.requestId`, `a"b`, `"a""b",id`},
		{"A line break in a field of CSV.", `$context.identity.userAgent,$context.requestId`, "a\nb", `a\nb,id`},
		{"A quoted field of CSV.", `"$context.identity.userAgent",$context.requestId`, `a","b`, `"a"",""b",id`},
		{"Pairs with commas between are no CSV.", `a="$context.identity.userAgent", id="$context.requestId"`, `x" y="`, `a="x\" y=\"", id="id"`},
	} {
		t.Run(c.desc, func(t *testing.T) {
			x := agent(c.agent)
			x.ID = "id"
			if got := entryOf(compiled(t, c.format), x); got != c.want+"\n" {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestRefusedFormats(t *testing.T) {
	for _, c := range []struct{ desc, format, want string }{
		{"Nothing.", " \n", "is empty"},
		{"A line break inside (AWS: must be single line).", "$context.requestId\n$context.status", "line break at byte 19"},
		{"A control character.", "$context.requestId\x00", "control character 0x00 at byte 19"},
		{"Bytes that are no text.", "$context.requestId \xff", "not UTF-8"},
		{"More than 3 KB (quota of AWS).", "$context.requestId" + strings.Repeat(" ", MaxFormat), "has 3090 bytes: use at most 3072"},
		{"No request id (API reference: required).", "$context.status", "neither $context.requestId nor"},
		{"An id that only looks like one.", "$context.requestIdentity", "$context.requestIdentity at byte 1"},
		{"An unknown variable, with its place.", "$context.requestId $context.nonsenseBeyondAll", "$context.nonsenseBeyondAll at byte 20 is not a variable of HTTP APIs"},
		{"A misspelt one.", "$context.requestid", "$context.requestid at byte 1 is not a variable of HTTP APIs: did you mean $context.requestId?"},
		{"A group forgotten.", "$context.requestId $context.userAgent", "did you mean $context.identity.userAgent?"},
		{"A group alone.", "$context.requestId $context.identity", "$context.identity at byte 20"},
		{"A variable with more behind it.", "$context.requestId $context.status.code", "$context.status.code at byte 20"},
		{"A variable of WebSocket APIs.", "$context.requestId $context.connectionId", "$context.connectionId at byte 20"},
		{"An authorizer's name with an empty part.", "$context.requestId $context.authorizer..a", "$context.authorizer..a at byte 20"},
		{"No name.", "$context.requestId $context.", "$context at byte 20 has no name"},
		{"A name of punctuation.", "$context.requestId $context.-", "$context at byte 20 has no name"},
		{"Everything at once.", "$context.requestId $context", "$context at byte 20 is not a $context variable"},
		{"Another kind of variable.", "$context.requestId $stageVariables.x", "$stageVariables.x at byte 20 is not a $context variable"},
		{"A request's.", "$context.requestId ${request.header.x}", "${ at byte 20 is not a $context variable"},
		{"A brace that stays open.", "${context.requestId", "at byte 1 is not closed"},
		{"A long name is not repeated whole.", "$context." + strings.Repeat("a", 2000), strings.Repeat("a", 80) + "... at byte 1"},
	} {
		t.Run(c.desc, func(t *testing.T) {
			err := CheckFormat(c.format)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want %s", err, c.want)
			}
			if len(err.Error()) > 400 {
				t.Errorf("the error is %d bytes long", len(err.Error()))
			}
		})
	}
	if err := CheckFormat("$context.requestId" + strings.Repeat(" ", MaxFormat-18)); err != nil {
		t.Errorf("3 KB are refused: %v", err)
	}
}

// TestEveryVariableCompiles: all of AWS's table of HTTP APIs.
func TestEveryVariableCompiles(t *testing.T) {
	for _, name := range append(flow.ContextNames(), "authorizer.claims.sub", "authorizer.key-1") {
		f := compiled(t, "$context.requestId $context."+name)
		for _, x := range []*flow.Exchange{called(), notFound(), new(flow.Exchange)} {
			if got := entryOf(f, x); strings.Contains(got, "$") || strings.HasSuffix(got, " \n") {
				t.Errorf("%s prints %q", name, got)
			}
		}
	}
}

// TestAnEntryIsAtMostAMegabyte: 1 MB is AWS's bound. Cut values keep JSON and
// XML well-formed.
func TestAnEntryIsAtMostAMegabyte(t *testing.T) {
	x := agent(strings.Repeat("\"\u202e<", 300_000))
	many := strings.Repeat("$context.identity.userAgent", 100)
	for _, c := range []struct {
		format string
		check  func(string) error
	}{
		{"$context.requestId " + many + " end", func(s string) error { return ends(s, " end\n") }},
		{`{"id":"$context.requestId","a":"` + many + `","b":$context.identity.userAgent,"c":$context.status}`, isJSON},
		{`<r id="$context.requestId"><a>` + many + `</a></r>`, isXML},
		{`$context.requestId,` + many[:27] + `,` + many[:27] + `,$context.status`, isCSV(4)},
	} {
		got := entryOf(compiled(t, c.format), x)
		if len(got) > MaxEntry || len(got) < MaxEntry/2 {
			t.Errorf("an entry has %d bytes", len(got))
		}
		if !strings.Contains(got, "...") {
			t.Error("nothing says that a value was cut")
		}
		if err := c.check(got); err != nil {
			t.Errorf("%.40s: %v", got, err)
		}
	}
}

func ends(s, with string) error {
	if !strings.HasSuffix(s, with) {
		return errors.New("the end is missing")
	}
	return nil
}

func isJSON(s string) error {
	if !json.Valid([]byte(s)) {
		return errors.New("not JSON")
	}
	return nil
}

func isXML(s string) error {
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		if _, err := d.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func isCSV(fields int) func(string) error {
	return func(s string) error {
		r := csv.NewReader(strings.NewReader(s))
		r.FieldsPerRecord = fields
		all, err := r.ReadAll()
		if err == nil && len(all) != 1 {
			return fmt.Errorf("%d records", len(all))
		}
		return err
	}
}

func TestAFormatAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates")
	}
	s, err := OpenStages(StageOptions{Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer shutStages(t, s)
	for _, format := range []string{twenty, `{"id":"$context.requestId","ua":"$context.identity.userAgent","p":$context.path}`} {
		log := sinkOf(t, s, "g", format)
		for _, x := range []*flow.Exchange{called(), notFound(), agent("a \"b\" \u00e9 \u202e\n")} {
			x.Event.Log = log
			for range 1000 {
				s.Observe(x)
			}
			if n := testing.AllocsPerRun(5000, func() { s.Observe(x) }); n != 0 {
				t.Errorf("%v allocations an entry of %.20s, want none", n, format)
			}
		}
	}
}

// twenty is a format of twenty variables.
const twenty = `{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","requestTime":"$context.requestTime",` +
	`"epoch":$context.requestTimeEpoch,"httpMethod":"$context.httpMethod","routeKey":"$context.routeKey","path":"$context.path",` +
	`"status":$context.status,"protocol":"$context.protocol","responseLength":$context.responseLength,"responseLatency":$context.responseLatency,` +
	`"integrationLatency":$context.integrationLatency,"integrationStatus":$context.integrationStatus,"integrationError":"$context.integrationErrorMessage",` +
	`"error":"$context.error.message","domain":"$context.domainName","api":"$context.apiId","stage":"$context.stage","account":"$context.accountId",` +
	`"userAgent":"$context.identity.userAgent"}`

func FuzzCompile(f *testing.F) {
	for _, name := range Presets() {
		format, _ := Preset(name)
		f.Add(format)
	}
	f.Add("${context.requestId} $context.authorizer.a-b $5")
	f.Add(`{"a":"\$context.requestId"}`)
	f.Add(`"a""$context.requestId",$context.path`)
	x := agent("a\"b,\n<\xff")
	f.Fuzz(func(t *testing.T, format string) {
		c, err := Compile(format)
		if err != nil {
			if c != nil || strings.ContainsAny(err.Error(), "\n\x00") || len(err.Error()) > 400 {
				t.Errorf("the error is %q", err)
			}
			return
		}
		got := entryOf(c, x)
		if strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, "\n") || len(got) > MaxEntry || !utf8.ValidString(got) {
			t.Errorf("%q prints %q", format, got)
		}
		if json.Valid([]byte(format)) && strings.Count(format, "$context.") == len(c.refs) && isJSON(got) != nil {
			t.Errorf("%q is JSON and prints %q", format, got)
		}
	})
}

func FuzzAValueStaysInItsPlace(f *testing.F) {
	for _, s := range []string{"curl/8", "a\"b", "\n", "\x1b[2J", "</a>", "a,b", "\\", "\xff", "\u2028", "1e5", "-", `"x"`, "null"} {
		f.Add(s, "/p", "GET")
	}
	formats := map[string]func(string) error{
		`{"id":"$context.requestId","a":"$context.identity.userAgent","b":$context.identity.userAgent,"p":"$context.path","m":$context.httpMethod}`: isJSON,
		`<r id="$context.requestId" a='$context.identity.userAgent'><p>$context.path</p><m>$context.httpMethod</m></r>`:                             isXML,
		`$context.requestId,$context.identity.userAgent,"$context.path",$context.httpMethod`:                                                        isCSV(4),
		`$context.requestId "$context.identity.userAgent" "$context.path" "$context.httpMethod"`:                                                    isQuoted,
	}
	for _, name := range Presets() {
		format, _ := Preset(name)
		formats[format] = map[string]func(string) error{"CLF": isQuoted, "JSON": isJSON, "XML": isXML, "CSV": isCSV(8)}[name]
	}
	compiledAll := map[*Format]func(string) error{}
	for format, check := range formats {
		compiledAll[compiled(f, format)] = check
	}
	f.Fuzz(func(t *testing.T, agent, path, method string) {
		x := called()
		x.In.Header.Set("User-Agent", agent)
		x.Path, x.In.Method, x.ID = path, method, agent
		x.In.Source = netip.Addr{}
		x.Route = &gate.Route{Key: method + path}
		for c, check := range compiledAll {
			got := entryOf(c, x)
			if strings.Count(got, "\n") != 1 || strings.Contains(got, "\r") || !strings.HasSuffix(got, "\n") || !utf8.ValidString(got) {
				t.Errorf("not one line: %q", got)
			}
			for _, r := range strings.TrimSuffix(got, "\n") {
				if r < 0x20 || r == 0x7F || deceptive(r) {
					t.Errorf("%U stands in %q", r, got)
				}
			}
			if err := check(got); err != nil {
				t.Errorf("%v: %q", err, got)
			}
		}
	})
}

// isQuoted reports a line whose quotes close, and of which there are as many as
// the format has.
func isQuoted(s string) error {
	in, n := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
		case s[i] == '"':
			in, n = !in, n+1
		}
	}
	if in || n%2 != 0 || n > 8 {
		return fmt.Errorf("%d quotes", n)
	}
	return nil
}

func BenchmarkStageObserve(b *testing.B) {
	s, err := OpenStages(StageOptions{Out: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	defer shutStages(b, s)
	x := called()
	x.In.Header.Add("Accept", "*/*")
	clf, _ := Preset("CLF")
	for name, format := range map[string]string{"twenty": twenty, "clf": clf} {
		b.Run(name, func(b *testing.B) {
			x.Event.Log = sinkOf(b, s, "g", format)
			b.ReportAllocs()
			for b.Loop() {
				s.Observe(x)
			}
		})
	}
}

// TestRESTFormats holds what only stages of REST APIs may write (runtime 5.1;
// section 8, correction 2), and that a stage takes either kind of format.
func TestRESTFormats(t *testing.T) {
	const clf = `$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime]"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength $context.requestId $context.extendedRequestId`
	f, err := CompileREST(clf)
	if err != nil {
		t.Fatal(err)
	}
	x := called()
	x.UUID = "c6d3f2a1-0b1c-4d5e-8f90-a1b2c3d4e5f6"
	x.Route = &gate.Route{Key: "GET /pets/{id}", Method: &gate.Method{Resource: "r"}}
	want := `192.0.2.7 - - [04/Mar/2026:04:06:07 +0000]"GET /pets/{id} HTTP/1.1" 200 40 c6d3f2a1-0b1c-4d5e-8f90-a1b2c3d4e5f6 AbCdEfGhIjKlMn=` + "\n"
	if got := entryOf(f, x); got != want {
		t.Errorf("got %swant %s", got, want)
	}
	for _, tc := range []struct{ desc, format, http, rest string }{
		{"A variable of REST APIs.", "$context.requestId $context.resourceId", "not a variable of HTTP APIs", ""},
		{"A variable of HTTP APIs.", "$context.requestId $context.routeKey", "", "not a variable of REST APIs"},
		{"One that is misspelt.", "$context.requestId $context.resourceid", "not a variable", "did you mean $context.resourceId"},
	} {
		for _, side := range []struct {
			err  error
			says string
		}{{CheckFormat(tc.format), tc.http}, {CheckRESTFormat(tc.format), tc.rest}} {
			if (side.err == nil) != (side.says == "") || side.err != nil && !strings.Contains(side.err.Error(), side.says) {
				t.Errorf("%s: %v, want one that says %q", tc.desc, side.err, side.says)
			}
		}
	}
}
