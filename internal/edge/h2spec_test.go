package edge

import (
	"context"
	"encoding/xml"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/internal/flow"
)

// TestH2Spec runs the conformance suite of HTTP/2 against the front door and
// against a bare net/http server: the door fails no case that net/http passes.
//
// The suite is a tool of the tools module. Where it is not installed the test
// skips, unless GATEHOUSE_CLIENTS=required, which builds it.
func TestH2Spec(t *testing.T) {
	suite := h2spec(t)
	door := open(t, func(x *flow.Exchange) error {
		if _, err := x.In.Body.Buffer(1 << 20); err != nil {
			return err
		}
		return say(page)(x)
	}, Options{}, data)
	ours, total := failures(t, suite, door.addr)
	theirs, _ := failures(t, suite, bare(t))
	t.Logf("of %d cases the door passes %d, net/http %d", total, total-len(ours), total-len(theirs))
	for name, why := range ours {
		if _, both := theirs[name]; !both {
			t.Errorf("%s: %s", name, why)
		}
	}
	if total < 100 {
		t.Errorf("only %d cases ran", total)
	}
}

// page is what both answer, once they have read the request's body: an answer
// that races with the body would make some cases a matter of luck.
const page = "<html><body>hello</body></html>"

func h2spec(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("h2spec"); err == nil {
		return path
	}
	if os.Getenv("GATEHOUSE_CLIENTS") != "required" {
		t.Skip("h2spec is not installed: go install github.com/summerwind/h2spec/cmd/h2spec@latest")
	}
	path := filepath.Join(t.TempDir(), "h2spec")
	build := exec.Command("go", "build", "-modfile=../../tools/go.mod", "-o", path, "github.com/summerwind/h2spec/cmd/h2spec")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build h2spec: %v\n%s", err, out)
	}
	return path
}

// bare is the address of a net/http server that speaks HTTP/2 without TLS.
func bare(t *testing.T) string {
	t.Helper()
	var p http.Protocols
	p.SetUnencryptedHTTP2(true)
	s := &http.Server{Protocols: &p, ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err == nil {
			io.WriteString(w, page)
		}
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		s.Shutdown(ctx)
	})
	return l.Addr().String()
}

// failures runs the suite and returns the failed cases by name.
func failures(t *testing.T, suite, addr string) (failed map[string]string, total int) {
	t.Helper()
	host, port, _ := net.SplitHostPort(addr)
	report := filepath.Join(t.TempDir(), "report.xml")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, suite, "-h", host, "-p", port, "-o", "2", "-j", report).CombinedOutput()
	text, rerr := os.ReadFile(report)
	if rerr != nil {
		t.Fatalf("h2spec wrote no report: %v\n%s", err, out)
	}
	var suites struct {
		Suite []struct {
			Package string `xml:"package,attr"`
			Case    []struct {
				Class   string  `xml:"classname,attr"`
				Failure *string `xml:"failure"`
				Error   *string `xml:"error"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &suites); err != nil {
		t.Fatal(err)
	}
	failed = map[string]string{}
	for _, s := range suites.Suite {
		for _, c := range s.Case {
			total++
			for _, why := range []*string{c.Failure, c.Error} {
				if why != nil {
					failed[s.Package+": "+c.Class] = *why
				}
			}
		}
	}
	return failed, total
}
