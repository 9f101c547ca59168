package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// load runs loadConfig on a text.
func load(t *testing.T, text string, env ...string) (Config, []string, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "gatehouse.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return loadConfig(name, env, func(*Config, *settings) {})
}

// TestAWholeFile holds that every key reaches its field.
func TestAWholeFile(t *testing.T) {
	c, warnings, err := load(t, `
listeners:
  - addr: 127.0.0.1:4566
    planes: control # a list of one
    hosts: [gw.example.com]
  - addr: :8443
    planes: [data]
    tls: {cert: a.pem, key: b.pem}
    trust: [10.0.0.0/8, 192.0.2.1]
    proxy_protocol: true
data:
  path_addresses: true
  max_connections: 1000
  backend: {max_connections: 100, max_waiting: 10}
  timeouts: {idle: 1m, head: 5s, body: 7s, write: 8s, min_rate: 0}
store: {dir: /var/lib/gatehouse}
master_key: {command: [/usr/bin/vault, key]}
account: 012345678901
regions: [eu-west-1, us-gov-west-1]
public_url: https://api.example.com
limits: {body: 20MiB, head: 32KiB, url: 20KiB, header_values: 24KiB, fields: 100, integration_timeout: 2m}
vpc_links:
- {link: "*", targets: http://10.0.0.9}
- {link: l1, arn: "arn:aws:x", targets: [http://10.0.0.1:8080, https://b]}
services:
  appconfig: {endpoint: http://a, region: eu-west-1, access_key_id: i1, secret_access_key: s1}
  eventbridge: {endpoint: http://b, region: eu-west-2, access_key_id: i2, secret_access_key: s2}
  kinesis: {endpoint: http://c, region: eu-west-3, access_key_id: i3, secret_access_key_file: f3}
  sqs: {endpoint: http://d, region: eu-west-4, access_key_id: i4, secret_access_key_file: f4}
  stepfunctions: {endpoint: http://e, region: eu-west-5, access_key_id: i5, secret_access_key: "55"}
logs:
  process: {level: warn, format: text}
  access: {stdout: false, file: access.log, max_size: 1GB, keep: 3}
  stages: {stdout: false, dir: /var/log/apis, max_size: 1MiB, keep: 7}
admin: {addr: 127.0.0.1:9000, pprof: true, hosts: [gw]}
drain: {delay: 0s, timeout: 1m30s}
`)
	if err != nil || warnings != nil {
		t.Fatal(err, warnings)
	}
	want := Config{
		Listeners: []Listener{
			{Addr: "127.0.0.1:4566", Planes: []string{"control"}, Hosts: []string{"gw.example.com"}},
			{Addr: ":8443", Planes: []string{"data"}, TLS: []TLSPair{{"a.pem", "b.pem"}}, Trust: []string{"10.0.0.0/8", "192.0.2.1"}, ProxyProtocol: true},
		},
		Data:  DataPlane{PathAddresses: true, MaxConnections: 1000, Backend: BackendSection{100, 10}, Timeouts: Timeouts{Idle: minutes(1), Head: seconds(5), Body: seconds(7), Write: seconds(8)}},
		Store: StoreSection{"/var/lib/gatehouse"}, MasterKey: MasterKeySection{[]string{"/usr/bin/vault", "key"}}, Account: "012345678901", Regions: []string{"eu-west-1", "us-gov-west-1"},
		PublicURL: "https://api.example.com",
		Limits:    LimitsSection{Body: 20 << 20, Head: 32 << 10, URL: 20 << 10, HeaderValues: 24 << 10, Fields: 100, IntegrationTimeout: minutes(2)},
		VPCLinks:  []VPCLink{{"*", "", []string{"http://10.0.0.9"}}, {"l1", "arn:aws:x", []string{"http://10.0.0.1:8080", "https://b"}}},
		Services: ServicesSection{
			AppConfig:     ServiceSection{"http://a", "eu-west-1", "i1", "s1", ""},
			EventBridge:   ServiceSection{"http://b", "eu-west-2", "i2", "s2", ""},
			Kinesis:       ServiceSection{"http://c", "eu-west-3", "i3", "", "f3"},
			SQS:           ServiceSection{"http://d", "eu-west-4", "i4", "", "f4"},
			StepFunctions: ServiceSection{"http://e", "eu-west-5", "i5", "55", ""},
		},
		Logs:  Logs{ProcessLog{"warn", "text"}, AccessLog{File: "access.log", MaxSize: 1e9, Keep: 3}, StageLogs{Dir: "/var/log/apis", MaxSize: 1 << 20, Keep: 7}},
		Admin: AdminSection{"127.0.0.1:9000", []string{"gw"}, true},
		Drain: DrainSection{0, seconds(90)},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string(nil), untouched(reflect.ValueOf(want), "")); diff != "" {
		t.Error("keys that this test does not set: ", diff)
	}
}

// untouched lists fields with their zero value, but for those where zero is a
// choice of the test.
func untouched(v reflect.Value, key string) (names []string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			names = append(names, untouched(v.Field(i), key+"."+v.Type().Field(i).Name)...)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct && v.Len() > 0 {
			return untouched(v.Index(v.Len()-1), key)
		}
		if v.Len() == 0 && key != ".Listeners.Hosts" {
			names = append(names, key)
		}
	default:
		if v.IsZero() && key != ".Data.Timeouts.MinRate" && key != ".Drain.Delay" && key != ".Logs.Access.Stdout" && key != ".Logs.Stages.Stdout" &&
			!strings.Contains(key, ".SecretAccessKey") { // one of two
			names = append(names, key)
		}
	}
	return names
}

func seconds(n int) Duration { return Duration(time.Duration(n) * time.Second) }
func minutes(n int) Duration { return seconds(60 * n) }

// TestRefusedFiles holds what is refused, and that the refusal names the place
// and the way out.
func TestRefusedFiles(t *testing.T) {
	for _, tc := range []struct{ desc, text, want string }{
		{"A misspelt key.", "\nlisteners:\n- addr: 127.0.0.1:1\n  plane: data", `gatehouse.yaml:4:3: unknown key "plane" in listeners[0]: did you mean "planes"?`},
		{"A misspelt section.", "stoer: {dir: x}", `gatehouse.yaml:1:1: unknown key "stoer": did you mean "store"?`},
		{"A key that resembles nothing.", "zzzzzz: 1", `gatehouse.yaml:1:1: unknown key "zzzzzz"` + "\n"},
		{"A key given twice.", "store: {dir: x}\nstore: {dir: y}", `store is given twice`},
		{"No value.", "store:\n  dir:\n", `gatehouse.yaml:2:7: store.dir has no value`},
		{"A text where a section is.", "store: x", `gatehouse.yaml:1:8: store must be a mapping of keys`},
		{"A list where one value is.", "account: [1]", `account must be one plain value`},
		{"A list as the file.", "- a", `the file must be a mapping of keys`},
		{"A duration without unit.", "drain: {timeout: 30}", `drain.timeout: "30" is not a duration: write a number with its unit`},
		{"A duration out of range.", "drain: {timeout: 90h}", `drain.timeout: 90h is out of range: 0s to 1h`},
		{"A size out of range.", "limits: {body: 1B}", `limits.body: 1B is out of range: 1KiB to 1TiB`},
		{"A size that overflows.", "limits: {body: 99999999TiB}", `is not a size`},
		{"A word of another set.", "logs: {process: {level: warning}}", `"warning" is none of debug, info, warn, error: did you mean "warn"?`},
		{"A yes.", "admin: {pprof: yes}", `"yes" is not true or false`},
		{"A truth as text.", "store: {dir: true}", `is not text`},
		{"An alias.", "store: &a {dir: x}\nadmin: *a", `anchors and aliases are not supported`},
		{"Two documents.", "account: \"000000000000\"\n---\na: b", `more than one document`},
		{"No YAML.", "a: [", `gatehouse.yaml: `},
		{"A file without end.", strings.Repeat("# filler\n", maxConfigBytes/9+1), `longer than 1048576 bytes`},
		{"An account that is none.", "account: 42", `gatehouse.yaml:1:10: account "42" is not an account: give 12 digits`},
		{"A region that is none.", "regions: [mars]", `gatehouse.yaml:1:11: regions[0] "mars" is not a region`},
		{"No region.", "regions: []", `regions is empty`},
		{"A public URL with a path.", "public_url: https://x/y", `public_url "https://x/y" is not scheme and host`},
		{"Both places of the stages' logs.", "logs: {stages: {stdout: true, dir: x}}", `logs.stages.dir is set beside stdout`},
		{"A stage's log that rotates all the time.", "logs: {stages: {max_size: 1KiB}}", `logs.stages.max_size`},
		{"Stages' logs without an end.", "logs: {stages: {keep: 1001}}", `logs.stages.keep`},
		{"Both places of the access log.", "logs: {access: {stdout: true, file: x}}", `logs.access.file is set beside stdout`},
		{"A listener without planes.", "listeners: [{addr: ':1'}]", `listeners[0].planes is empty`},
		{"An unknown plane.", "listeners: [{addr: ':1', planes: [date]}]", `listeners[0].planes[0] "date" is not a plane`},
		{"No port.", "listeners: [{addr: localhost, planes: [data]}]", `listeners[0].addr "localhost" is not an address`},
		{"A port by name.", "listeners: [{addr: 'localhost:http', planes: [data]}]", `has no port between 0 and 65535`},
		{"One address twice.", "listeners: [{addr: ':1', planes: [data]}, {addr: ':1', planes: [data]}]", `":1" is listened on twice`},
		{"The control plane for everybody.", "listeners: [{addr: ':1', planes: [control]}]", `would offer the control plane beyond this machine`},
		{"The control plane for a network.", "listeners: [{addr: '10.0.0.1:1', planes: [data, control]}]", `would offer the control plane beyond this machine`},
		{"The control plane under a name that may change.", "listeners: [{addr: 'myhost:1', planes: [control]}]", `would offer the control plane beyond this machine`},
		{"A certificate without key.", "listeners: [{addr: ':1', planes: [data], tls: {cert: x}}]", `listeners[0].tls[0] needs both cert and key`},
		{"A network that is none.", "listeners: [{addr: ':1', planes: [data], trust: [10/8]}]", `listeners[0].trust[0] "10/8" is not a network`},
		{"PROXY headers from nobody.", "listeners: [{addr: ':1', planes: [data], proxy_protocol: true}]", `trust names nobody`},
		{"Hosts where no control call comes.", "listeners: [{addr: ':1', planes: [data], hosts: [a]}]", `listeners[0].hosts is set, but only control calls`},
		{"A host with a port.", "listeners: [{addr: 'localhost:1', planes: [control], hosts: ['a:1']}]", `listeners[0].hosts[0] "a:1" is not a host name`},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, _, err := load(t, tc.text)
			f := failureOf(err)
			if err == nil || !strings.Contains(f.Why+"\n", tc.want) {
				t.Fatalf("got %v, want %s", err, tc.want)
			}
			if f.Exit != exitRefused || f.Do == "" {
				t.Errorf("exit %d, advice %q", f.Exit, f.Do)
			}
		})
	}
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	_, _, err := load(t, "a: 1\nb: 2\naccount: []\n")
	if n := strings.Count(failureOf(err).Why, "\n") + 1; n != 3 {
		t.Errorf("%d problems told of 3: %v", n, err)
	}
	_, _, err = load(t, strings.Repeat("x: 1\n", 50))
	if !strings.Contains(err.Error(), "and 30 more") {
		t.Errorf("the rest is not counted: %v", err)
	}
}

func TestPrecedence(t *testing.T) {
	file := "store: {dir: file}\naccount: \"111111111111\"\nregions: [eu-west-1]\n"
	c, warnings, err := load(t, file, "GATEHOUSE_ACCOUNT=222222222222", "GATEHOUSE_REGIONS=us-east-1, us-east-2", "HOME=/",
		"GATEHOUSE_STROE_DIR=x", "GATEHOUSE_SERVICE_HOST=10.0.0.1", "GATEHOUSE_PORT_80_TCP_ADDR=10.0.0.1",
		"GATEHOUSE_LISTENERS_0_ADDR=127.0.0.1:99", "GATEHOUSE_LISTENERS_0_PLANES=data,control", "GATEHOUSE_DRAIN_DELAY=1s")
	if err != nil {
		t.Fatal(err)
	}
	if c.Store.Dir != "file" || c.Account != "222222222222" || !cmp.Equal(c.Regions, []string{"us-east-1", "us-east-2"}) || c.Drain.Delay != seconds(1) {
		t.Errorf("got %+v", c)
	}
	if want := []Listener{{Addr: "127.0.0.1:99", Planes: []string{"data", "control"}}}; !cmp.Equal(c.Listeners, want) {
		t.Errorf("listeners are %+v", c.Listeners)
	}
	if want := []string{`the variable GATEHOUSE_STROE_DIR overrides no key of the configuration: did you mean "GATEHOUSE_STORE_DIR"?`}; !cmp.Equal(warnings, want) {
		t.Errorf("warnings are %q", warnings)
	}
	_, _, err = load(t, file, "GATEHOUSE_LIMITS_BODY=much")
	if err == nil || !strings.Contains(err.Error(), "GATEHOUSE_LIMITS_BODY: limits.body: \"much\" is not a size") {
		t.Errorf("got %v", err)
	}
	_, _, err = load(t, file, "GATEHOUSE_ACCOUNT=1")
	if err == nil || !strings.Contains(err.Error(), "GATEHOUSE_ACCOUNT: account \"1\"") {
		t.Errorf("the refusal does not name the variable: %v", err)
	}
}

func TestDefaultsAreValid(t *testing.T) {
	c, _, err := loadConfig("", nil, func(*Config, *settings) {})
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(c.Listeners, defaultListeners()) {
		t.Errorf("listeners are %+v", c.Listeners)
	}
	for _, text := range []string{"", "# nothing\n", "{}"} {
		if got, _, err := load(t, text); err != nil || !cmp.Equal(got, c) {
			t.Errorf("%q: %v %s", text, err, cmp.Diff(c, got))
		}
	}
}

func TestUnits(t *testing.T) {
	for text, want := range map[string]Size{"0": 0, "1": 1, "64KiB": 64 << 10, "10 MiB": 10 << 20, "2GB": 2e9, "7B": 7} {
		if n, err := parseSize(text); err != nil || Size(n) != want {
			t.Errorf("%q is %d, %v; want %d", text, n, err, want)
		}
	}
	for _, text := range []string{"", "-1", "1.5MiB", "KiB", "1kib", "0x10", "9223372036854775807KB"} {
		if n, err := parseSize(text); err == nil {
			t.Errorf("%q is taken as %d", text, n)
		}
	}
	for s, want := range map[Size]string{0: "0B", 1: "1B", 1536: "1536B", 1 << 20: "1MiB", 3 << 40: "3TiB"} {
		if s.String() != want {
			t.Errorf("%d is written %s, want %s", int64(s), s, want)
		}
	}
}

// FuzzConfig holds that no file makes the loader panic, and that what it
// accepts it accepts again.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{"", "a: b", "listeners: [{addr: ':1', planes: [data]}]", "store: &a {dir: x}", "drain: {delay: 1s}\n---\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := &settings{source: map[string]string{}}
		root, err := parseYAML([]byte(text))
		if err != nil {
			return
		}
		c := defaultConfig()
		s.node("f", "", &root, reflect.ValueOf(&c).Elem(), "")
		if len(s.problems) == 0 {
			c.check(s.complain)
		}
	})
}

func TestDistance(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{{"", "abc", 3}, {"store", "stoer", 1}, {"store", "store", 0}, {"kitten", "sitting", 3}, {"ab", "ba", 1}} {
		if got := distance(tc.a, tc.b); got != tc.want {
			t.Errorf("from %q to %q are %d steps, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}

// TestTheExampleIsTheDefaults holds that examples/config/gatehouse.yaml names
// every key, and says of each the default that it has.
func TestTheExampleIsTheDefaults(t *testing.T) {
	const name = "../../examples/config/gatehouse.yaml"
	c, _, err := loadConfig(name, nil, func(*Config, *settings) {})
	if err != nil {
		t.Fatal(failureOf(err).Why)
	}
	want := defaultConfig()
	want.Listeners = defaultListeners()
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("the example is not the defaults (-want +got):\n%s", diff)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range allKeys(reflect.TypeFor[Config]()) {
		if !strings.Contains(string(text), key+":") {
			t.Errorf("the key %s is not named", key)
		}
	}
}

func allKeys(t reflect.Type) (keys []string) {
	for t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		keys = append(append(keys, t.Field(i).Tag.Get("yaml")), allKeys(t.Field(i).Type)...)
	}
	return keys
}
