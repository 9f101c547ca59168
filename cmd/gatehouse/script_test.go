package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.etcd.io/bbolt"
)

// The scripts of test/script run this test binary as gatehouse.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gatehouse": main})
}

// TestScripts runs test/script/*.txtar. Besides testscript's own commands they
// have these; VAR names a variable of the script.
//
//	start [ARG...]         gatehouse ARG... in the background, until it is ready;
//	                       sets $ENDPOINT, $DATA, $ADMIN to its URLs
//	quit [SIGNAL] [CODE]   sends TERM (or SIGNAL), wants the exit code 0 (or CODE);
//	                       stdout and stderr are then what it had written
//	send SIGNAL            sends a signal and goes on
//	backend                an echo server; sets $BACKEND. /slow waits for the
//	                       command release
//	backend NAME [DIR [FILE]]  another one that answers what it was asked with all
//	                       fields; sets $NAME. With DIR, by TLS, and with a FILE of
//	                       certificates for those clients only (script_backends_test.go)
//	service NAME SIGNED    an AWS service by its name in signatures; sets $NAME
//	[!] aws ARG...         the AWS CLI, asked at $ENDPOINT; after [!client:aws] skip
//	big FILE BYTES         an OpenAPI document of that size, in FILE
//	http METHOD URL [F:V]  a request; stdout is the status line, fields and body.
//	                       The field body:TEXT is the body. With & at the end, in the background until http wait
//	call METHOD PATH [JSON]  a signed control call, printed like http. @FILE is an
//	                       import of that document
//	let VAR MEMBER [FILE]  a member of the JSON that the last command printed, or of FILE
//	save FILE MEMBER       that member, written to a file
//	certificate DIR NAME   writes DIR/cert.pem and DIR/key.pem for a host name
//	newer DIR              makes the store in DIR one of a newer schema
//	release                lets the slow requests go on
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts use sh and signals")
	}
	// A runner that ignores SIGHUP, as nohup makes it, would hand that on.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(hangups) }) // the scripts run once this function has returned
	testscript.Run(t, testscript.Params{
		Dir:                 "../../test/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			s := &stage{released: make(chan struct{})}
			e.Values[stageKey{}] = s
			examples, err := filepath.Abs("../../examples")
			e.Setenv("EXAMPLES", examples)
			if err != nil {
				return err
			}
			e.Defer(s.close)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"start": onStage((*stage).start), "quit": onStage((*stage).quit), "send": onStage((*stage).send),
			"backend": onStage((*stage).startBackend), "http": onStage((*stage).http), "call": onStage((*stage).call),
			"certificate": onStage((*stage).certificate), "newer": onStage((*stage).newer),
			"let": onStage((*stage).let), "save": onStage((*stage).save), "release": onStage((*stage).release),
			"service": onStage((*stage).service), "big": onStage((*stage).big), "aws": awsCLI,
		},
		Condition: hasClient,
	})
}

type stageKey struct{}

// A stage is what one script has set up.
type stage struct {
	process  *exec.Cmd
	out, err *tail
	ended    chan error
	backend  *httptest.Server
	released chan struct{}
	once     sync.Once
	more     []*httptest.Server
	pending  chan string // of the request in the background
	printed  string      // by the last http or call
}

// onStage makes a command of a method. None of them can be negated.
func onStage(f func(*stage, *testscript.TestScript, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("this command cannot be negated")
		}
		f(ts.Value(stageKey{}).(*stage), ts, args)
	}
}

// tail keeps what a process writes and tells lines as they come.
type tail struct {
	mu    sync.Mutex
	text  bytes.Buffer
	lines chan string
	done  chan struct{}
}

func follow(r io.Reader) *tail {
	t := &tail{lines: make(chan string, 1000), done: make(chan struct{})}
	go func() {
		defer close(t.done)
		s := bufio.NewScanner(r)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			t.mu.Lock()
			t.text.WriteString(s.Text() + "\n")
			t.mu.Unlock()
			select {
			case t.lines <- s.Text():
			default: // nobody listens any more
			}
		}
	}()
	return t
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// start starts a server and waits until it says that it is ready.
func (s *stage) start(ts *testscript.TestScript, args []string) {
	if s.process != nil {
		ts.Fatalf("a gatehouse runs already: quit first")
	}
	path, err := exec.LookPath("gatehouse")
	ts.Check(err)
	c := exec.Command(path, args...)
	c.Dir = ts.MkAbs(".")
	// What whoever runs the tests has set for a gateway is not meant for this one.
	c.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GATEHOUSE_") }), "HOME="+ts.Getenv("HOME"))
	for _, name := range strings.Fields(ts.Getenv("PASS")) {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	out, err := c.StdoutPipe()
	ts.Check(err)
	talk, err := c.StderrPipe()
	ts.Check(err)
	ts.Check(c.Start())
	s.process, s.out, s.err, s.ended = c, follow(out), follow(talk), make(chan error, 1)
	go func(out, talk *tail, ended chan error) {
		<-out.done // the pipes have to be read to their end before Wait
		<-talk.done
		ended <- c.Wait()
		close(ended) // whoever waits once more learns that it has ended
	}(s.out, s.err, s.ended)
	late := time.After(20 * time.Second)
	for {
		select {
		case line := <-s.out.lines:
			if s.startLine(ts, line) {
				return
			}
		case line := <-s.err.lines:
			if s.logLine(ts, line) {
				return
			}
		case err := <-s.ended:
			ts.Fatalf("gatehouse %v ended before it was ready: %v\n%s%s", args, err, s.out, s.err)
		case <-late:
			ts.Fatalf("gatehouse %v is not ready\n%s%s", args, s.out, s.err)
		}
	}
}

// startLine takes the start line of dev and demo.
func (s *stage) startLine(ts *testscript.TestScript, line string) bool {
	var l startLine
	if json.Unmarshal([]byte(line), &l) != nil || l.Endpoint == "" {
		return false
	}
	ts.Setenv("ENDPOINT", l.Endpoint)
	ts.Setenv("DATA", l.Endpoint)
	ts.Setenv("ADMIN", l.Admin)
	s.printed = line
	fmt.Fprintln(ts.Stdout(), line)
	return true
}

// logLine takes what serve logs.
func (s *stage) logLine(ts *testscript.TestScript, line string) bool {
	var l struct {
		Msg, Addr, Planes, Endpoint, Admin string
		TLS                                bool
	}
	if json.Unmarshal([]byte(line), &l) != nil {
		return false
	}
	if l.Msg == "listening" && strings.HasPrefix(l.Planes, planeData) {
		scheme := "http://"
		if l.TLS {
			scheme = "https://"
		}
		_, port, _ := net.SplitHostPort(l.Addr)
		ts.Setenv("DATA", scheme+"127.0.0.1:"+port)
	}
	if l.Msg != "ready" {
		return false
	}
	ts.Setenv("ENDPOINT", l.Endpoint)
	ts.Setenv("ADMIN", l.Admin)
	return true
}

func signalNamed(ts *testscript.TestScript, name string) os.Signal {
	switch name {
	case "TERM":
		return syscall.SIGTERM
	case "INT":
		return os.Interrupt
	case "HUP":
		return syscall.SIGHUP
	case "KILL":
		return os.Kill
	}
	ts.Fatalf("unknown signal %s", name)
	return nil
}

func (s *stage) send(ts *testscript.TestScript, args []string) {
	ts.Check(s.process.Process.Signal(signalNamed(ts, args[0])))
}

func (s *stage) quit(ts *testscript.TestScript, args []string) {
	signal, want := "TERM", "0"
	if len(args) > 0 {
		signal = args[0]
	}
	if len(args) > 1 {
		want = args[1]
	}
	if signal != "WAIT" {
		s.send(ts, []string{signal})
	}
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		ts.Fatalf("gatehouse does not end\n%s", s.err)
	}
	fmt.Fprint(ts.Stdout(), s.out)
	fmt.Fprint(ts.Stderr(), s.err)
	got := fmt.Sprint(s.process.ProcessState.ExitCode())
	s.process = nil
	if got != want {
		ts.Fatalf("gatehouse exits with %s, want %s\n%s%s", got, want, s.out, s.err)
	}
}

func (s *stage) startBackend(ts *testscript.TestScript, args []string) {
	if len(args) > 0 {
		s.startMirror(ts, args)
		return
	}
	s.backend = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Backend", "yes")
		fmt.Fprintf(w, "%s %s %s\n", r.Method, r.RequestURI, body)
		if strings.HasPrefix(r.URL.Path, "/slow") {
			w.(http.Flusher).Flush()
			<-s.released
			fmt.Fprintln(w, "slowly")
		}
	}))
	ts.Setenv("BACKEND", s.backend.URL)
	ts.Setenv("BACKENDHOST", strings.TrimPrefix(s.backend.URL, "http://"))
}

func (s *stage) release(ts *testscript.TestScript, args []string) {
	s.once.Do(func() { close(s.released) })
}

func (s *stage) http(ts *testscript.TestScript, args []string) {
	if len(args) == 1 && args[0] == "wait" {
		s.print(ts, <-s.pending)
		return
	}
	background := args[len(args)-1] == "&"
	if background {
		args = args[:len(args)-1]
	}
	r, err := http.NewRequest(args[0], args[1], nil)
	ts.Check(err)
	for _, f := range args[2:] {
		name, value, _ := strings.Cut(f, ":")
		if name == "body" {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(value)), int64(len(value))
			continue
		}
		if strings.EqualFold(name, "host") {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	if !background {
		s.print(ts, exchange(r, nil))
		return
	}
	s.pending = make(chan string, 1)
	begun := make(chan struct{})
	go func() { s.pending <- exchange(r, begun) }()
	<-begun
}

// exchange prints the reply of a request. begun is closed when its head is there.
func exchange(r *http.Request, begun chan struct{}) string {
	// The certificate is what a script looks at, so any is taken.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: r.Host}}, Timeout: 20 * time.Second}
	a, err := client.Do(r)
	if begun != nil {
		close(begun)
	}
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	defer a.Body.Close()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", a.Proto, a.Status)
	if a.TLS != nil {
		fmt.Fprintf(&b, "certificate: %s\n", a.TLS.PeerCertificates[0].Subject.CommonName)
	}
	_ = a.Header.Write(&b)
	body, err := io.ReadAll(a.Body)
	fmt.Fprintf(&b, "\n%s", body)
	if err != nil {
		fmt.Fprintf(&b, "\nerror: %v\n", err)
	}
	return b.String()
}

func (s *stage) print(ts *testscript.TestScript, text string) {
	s.printed = text
	fmt.Fprint(ts.Stdout(), strings.ReplaceAll(text, "\r\n", "\n"))
}

func (s *stage) call(ts *testscript.TestScript, args []string) {
	r := remote{EndpointURL: ts.Getenv("ENDPOINT"), Region: cmp.Or(ts.Getenv("REGION"), "us-east-1"), Timeout: 20 * time.Second}
	var in any
	if len(args) > 2 {
		in = json.RawMessage(args[2])
		if file, ok := strings.CutPrefix(args[2], "@"); ok {
			in = document{Body: ts.ReadFile(file)}
		}
	}
	var out json.RawMessage
	err := r.do(context.Background(), &terminal{talk: io.Discard}, "apigateway", args[0], args[1], in, &out)
	if err != nil {
		s.print(ts, failureOf(err).Why+"\n")
		return
	}
	s.print(ts, string(out)+"\n")
}

func (s *stage) certificate(ts *testscript.TestScript, args []string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: args[1]},
		DNSNames: []string{args[1]}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	ts.Check(err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		ts.Check(os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
}

func (s *stage) newer(ts *testscript.TestScript, args []string) {
	db, err := bbolt.Open(filepath.Join(ts.MkAbs(args[0]), "store.db"), 0o600, nil)
	ts.Check(err)
	ts.Check(db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("about")).Put([]byte("schema"), []byte("999")) }))
	ts.Check(db.Close())
}

func (s *stage) let(ts *testscript.TestScript, args []string) {
	text := s.printed
	if len(args) > 2 {
		text = ts.ReadFile(args[2])
	}
	ts.Setenv(args[0], member(ts, text, args[1]))
}

func (s *stage) save(ts *testscript.TestScript, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(member(ts, s.printed, args[1])), 0o600))
}

// member is one of the JSON object that a text is, or that is the body of a
// reply.
func member(ts *testscript.TestScript, text, name string) string {
	if _, body, ok := strings.Cut(text, "\r\n\r\n"); ok {
		text = body
	}
	var object map[string]any
	ts.Check(json.Unmarshal([]byte(text), &object))
	v, ok := object[name]
	if !ok {
		ts.Fatalf("no member %s in %s", name, text)
	}
	return fmt.Sprint(v)
}

// close ends what a script left running.
func (s *stage) close() {
	s.once.Do(func() { close(s.released) })
	if s.process != nil {
		s.process.Process.Kill()
		<-s.ended
	}
	if s.backend != nil {
		s.backend.Close()
	}
	for _, b := range s.more {
		b.Close()
	}
}
