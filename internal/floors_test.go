// Package internal_test guards the layout of the house: which room may know
// which. The tables in this file are the layout. A failing test is mended in
// the room that it names, not here; a change of the tables is a change of the
// design and is argued in ARCHITECTURE.md in the same commit.
package internal_test

import (
	"os"
	"strings"
	"testing"
)

// module is the prefix of every import path of our own.
const module = "gatehouse/"

// A floor is a height in the house. A room imports only lower floors.
type floor int

const (
	cellar floor = iota
	ground
	mezzanine
	instruments
	crafts
	office
	wings
	door
)

// floors places every room. A room that is not listed has no floor and fails
// the test: give it one. "NAME/..." places all children of a room; a child may
// import its parent, and children of one parent do not know each other.
var floors = map[string]floor{
	"internal/field": cellar,
	"internal/regex": cellar,
	"internal/value": cellar,

	"internal/gate":     ground,
	"internal/h1":       ground,
	"internal/jsonpath": ground,
	"internal/policy":   ground,
	"internal/route":    ground,
	"internal/schema":   ground,
	"internal/seal":     ground,
	"internal/sigv4":    ground,
	"internal/token":    ground,
	"internal/vtl":      ground,
	"internal/wire":     ground,
	"internal/wire/...": ground,

	"internal/flow":    mezzanine,
	"internal/journal": mezzanine,

	"internal/cert":        instruments,
	"internal/expr":        instruments,
	"internal/function":    instruments,
	"internal/observe":     instruments,
	"internal/observe/...": instruments,
	"internal/openapi":     instruments,
	"internal/store":       instruments,
	"internal/store/...":   instruments,
	"internal/upstream":    instruments,

	"internal/auth":      crafts,
	"internal/cache":     crafts,
	"internal/integrate": crafts,
	"internal/mapping":   crafts,
	"internal/socket":    crafts,
	"internal/throttle":  crafts,

	"internal/lint": office,
	"internal/plan": office,

	"internal/admin":       wings,
	"internal/console":     wings,
	"internal/control":     wings,
	"internal/control/...": wings,
	"internal/edge":        wings,

	"cmd/gatehouse": door,
	"cmd/wiregen":   door,
}

// alone lists what stands outside the house and looks at it as a stranger
// does: these import no room at all.
var alone = []string{"test/", "examples/"}

// narrow lists rooms that know less than their floor allows, with the reason.
var narrow = map[string]struct {
	why   string
	knows []string // rooms of our own
}{
	"internal/edge": {
		why: "the front door hands an exchange to whatever handler the plan finds, and must not learn what is in it",
		knows: []string{"internal/plan", "internal/flow", "internal/gate", "internal/h1", "internal/field", "internal/socket", "internal/observe", "internal/cert",
			"internal/mapping"}, // for the faults that no handler answers: an unknown host, a panic
	},
	"internal/admin": {
		why:   "health and metrics must answer when everything else is broken",
		knows: []string{"internal/observe", "internal/observe/metrics"},
	},
}

// borrowed says which modules of others may be imported, by which rooms, and
// why. A room may import the children of a listed path. Tests are exempt.
var borrowed = map[string]struct {
	rooms []string
	why   string
}{
	"github.com/alecthomas/kong":                        {[]string{"cmd/gatehouse"}, "the command line, from the same struct tags as the configuration"},
	"github.com/aws/aws-sdk-go-v2":                      {[]string{"cmd/gatehouse", "test/"}, "demo and the walks are clients like any other: they use the public API"},
	"github.com/aws/aws-sdk-go-v2/credentials":          {[]string{"cmd/gatehouse", "test/"}, "as above"},
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2": {[]string{"cmd/gatehouse", "test/"}, "as above"},
	"github.com/aws/aws-sdk-go-v2/service/apigateway":   {[]string{"cmd/gatehouse", "test/"}, "as above"},
	"github.com/aws/smithy-go":                          {[]string{"cmd/gatehouse", "test/"}, "error codes of the SDK"},
	"github.com/dlclark/regexp2":                        {[]string{"internal/regex"}, "look-ahead and back-references, which RE2 refuses"},
	"github.com/fsnotify/fsnotify":                      {[]string{"internal/cert", "cmd/gatehouse"}, "certificates and configuration are read again when their directory changes"},
	"github.com/go-jose/go-jose/v4":                     {[]string{"internal/token"}, "JWT and key sets"},
	"github.com/prometheus/client_golang":               {[]string{"internal/observe", "internal/observe/...", "internal/admin"}, "the exposition format, fed by our own counters"},
	"github.com/prometheus/client_model":                {[]string{"internal/observe", "internal/observe/..."}, "comes with client_golang"},
	"github.com/santhosh-tekuri/jsonschema/v6":          {[]string{"internal/schema"}, "JSON Schema draft 4"},
	"github.com/google/go-cmp":                          {[]string{"internal/store/storetest"}, "a suite is a test that others call: it shows what differs"},
	"pgregory.net/rapid":                                {[]string{"internal/store/storetest"}, "as above: it walks a model"},
	"go.etcd.io/bbolt":                                  {[]string{"internal/store/local"}, "the embedded store: one file, many readers"},
	"go.etcd.io/etcd/client/v3":                         {[]string{"internal/store/cluster"}, "the store of a cluster"},
	"go.yaml.in/yaml/v4":                                {[]string{"cmd/gatehouse", "internal/openapi", "test/"}, "gatehouse.yaml and OpenAPI documents, with line numbers"},
	"golang.org/x/net":                                  {[]string{"internal/edge", "internal/admin"}, "HTTP/2 frames where net/http does not show them; a cap on the admin listener's connections"},
	"golang.org/x/sys":                                  {[]string{"internal/store/local", "internal/function", "cmd/gatehouse", "internal/edge"}, "file locks and socket options that package syscall lacks"},
}

// quiet lists what ground and cellar rooms must not import: they open no
// socket and no file, start no process and write no log.
var quiet = map[string]string{
	"os":       "opens files",
	"os/exec":  "starts processes",
	"os/user":  "reads the machine",
	"net":      "opens sockets",
	"log":      "writes a log",
	"log/slog": "writes a log",
	"plugin":   "loads code",
}

// loud excuses a quiet room for the named identifiers of such a package, none
// of which does what the room must not.
var loud = map[string]struct {
	names []string
	why   string
}{
	"internal/h1 net":   {[]string{"Conn", "Error", "ErrClosed", "Buffers"}, "serves a connection that it is handed, and opens none"},
	"internal/h1 os":    {[]string{"ErrDeadlineExceeded"}, "how a net.Conn says that its deadline has passed"},
	"internal/wire net": {[]string{"SplitHostPort", "ParseIP"}, "takes strings apart"},
}

// V1 and V2 words stay above: below the control floor nobody knows that there
// are two AWS APIs. Rooms outside `bilingual` must not say them.
var (
	words     = []string{"RestApi", "PutMethod"}
	bilingual = []string{"internal/control", "internal/control/", "internal/openapi", "internal/wire", "internal/wire/", "internal/console", "cmd/", "test/", "examples/"}
)

// variable excuses a package-level variable that checkVariables would refuse,
// by "room.Name", with the reason why it cannot become shared mutable state.
var variable = map[string]string{
	"internal/observe/metrics.requestScale": "an array that is passed by its address to spare the copy; whoever takes it only reads",
	"internal/observe/metrics.workScale":    "as requestScale",
}

func TestTheHouseKeepsItsFloors(t *testing.T) {
	offences, err := survey(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range offences {
		t.Error(o)
	}
}

func TestEveryExceptionHasAReason(t *testing.T) {
	for name, why := range variable {
		if strings.TrimSpace(why) == "" {
			t.Errorf("variable %s is excused without a reason", name)
		}
	}
	for name, l := range loud {
		if len(l.names) == 0 || l.why == "" {
			t.Errorf("%s is excused without names and a reason", name)
		}
	}
	for path, b := range borrowed {
		if len(b.rooms) == 0 || b.why == "" {
			t.Errorf("module %s needs the rooms that use it and a reason", path)
		}
	}
	for room, n := range narrow {
		if n.why == "" {
			t.Errorf("%s knows less than its floor allows, without a reason", room)
		}
	}
}
