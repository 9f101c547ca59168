package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"embed"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/template"
	"time"
)

//go:embed conf
var conf embed.FS

// The core of whoever is measured, and that of everything else.
const (
	proxyCore = "0"
	otherCore = "1"
)

// payload is how many bytes the backend answers.
const payload = 256

// routes is how many routes the gateway and the logging nginx choose from.
const routes = 1000

// A world is one run: its directory, its ports and its children.
type world struct {
	*options
	dir      string
	module   string // directory of go.mod
	ports    map[string]int
	children []*child
}

// A child is a process that this run started.
type child struct {
	name string
	cmd  *exec.Cmd
	out  *bytes.Buffer
	done chan struct{} // closed once the process was waited for
	err  error         // of Wait, readable after done
}

func newWorld(ctx context.Context, o *options) (*world, error) {
	module, err := moduleDir()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "gatehouse-bench-")
	if err != nil {
		return nil, err
	}
	// nginx gives its workers away to nobody when it is started by root.
	if err := os.Chmod(dir, 0o777); err != nil {
		return nil, err
	}
	w := &world{options: o, dir: dir, module: module, ports: map[string]int{}}
	if err := w.choosePorts("Backend", "Bare", "Logged", "TLS", "Caddy", "Reverse", "Data", "DataTLS", "Control", "Admin"); err != nil {
		return nil, errors.Join(err, w.close())
	}
	if err := w.makeCertificate(); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, ctx.Err()
}

// progress tells whoever waits for the run how far it is.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}

// close ends the children and removes the directory.
func (w *world) close() error {
	for i := len(w.children) - 1; i >= 0; i-- {
		w.children[i].stop()
	}
	if w.keep {
		fmt.Fprintln(os.Stderr, "bench: kept", w.dir)
		return nil
	}
	return os.RemoveAll(w.dir)
}

// present says which of the programs are missing and where they come from.
func present(programs []string) error {
	packages := map[string]string{"nginx": "nginx-light", "wrk": "wrk", "strace": "strace", "taskset": "util-linux"}
	var missing []string
	for _, p := range programs {
		if _, err := findProgram(p); err != nil {
			missing = append(missing, fmt.Sprintf("%s (Debian package %s)", p, packages[p]))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("this bench needs %s: install it and run again", strings.Join(missing, ", "))
	}
	return nil
}

// findProgram looks where daemons live too, which a user's PATH may leave out.
func findProgram(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	return exec.LookPath(filepath.Join("/usr/sbin", name))
}

// moduleDir is the directory of go.mod, from here upwards.
func moduleDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod here or above: run the bench inside the repository")
		}
		dir = parent
	}
}

// choosePorts names free ports. All are held open until all are chosen, so
// that they differ.
func (w *world) choosePorts(names ...string) error {
	for _, n := range names {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		w.ports[n] = l.Addr().(*net.TCPAddr).Port
	}
	return nil
}

// addr is the loopback address of a named port.
func (w *world) addr(port string) string { return "127.0.0.1:" + strconv.Itoa(w.ports[port]) }

// path is a file of the run's directory.
func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// render writes a configuration template into the directory.
func (w *world) render(name string) (string, error) {
	text, err := conf.ReadFile("conf/" + name + ".tmpl")
	if err != nil {
		return "", err
	}
	t, err := template.New(name).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return "", err
	}
	values := map[string]any{"Dir": w.dir, "Payload": strings.Repeat("x", payload), "Routes": routePrefixes()}
	for n, p := range w.ports {
		values[n] = p
	}
	var b bytes.Buffer
	if err := t.Execute(&b, values); err != nil {
		return "", err
	}
	return w.path(name), os.WriteFile(w.path(name), b.Bytes(), 0o644)
}

// routePrefixes are the first segments of all routes: /r0000 and on.
func routePrefixes() []string {
	all := make([]string, routes)
	for i := range all {
		all[i] = fmt.Sprintf("/r%04d", i)
	}
	return all
}

// build compiles a package of this module into the directory.
func (w *world) build(ctx context.Context, pkg, name string) (string, error) {
	out := w.path(name)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Dir = w.module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if b, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %v\n%s", pkg, err, b)
	}
	return out, nil
}

// start runs a program pinned to a core. It ends with the world, or with ctx.
func (w *world) start(name, core string, env []string, program string, args ...string) (*child, error) {
	cmd := exec.Command("taskset", append([]string{"-c", core, program}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Dir = w.dir
	c := &child{name: name, cmd: cmd, out: &bytes.Buffer{}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = c.out, c.out
	// Whatever ends the bench ends its children.
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %v", name, err)
	}
	go func() {
		c.err = cmd.Wait()
		close(c.done)
	}()
	w.children = append(w.children, c)
	return c, nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// stop asks, waits ten seconds, and insists. It may be called twice.
func (c *child) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.done:
	case <-time.After(10 * time.Second):
		_ = c.cmd.Process.Kill()
		<-c.done
	}
}

// listening waits until the child accepts connections at an address.
func (c *child) listening(ctx context.Context, addr string) error {
	deadline := time.Now().Add(20 * time.Second)
	for {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-c.done:
			return fmt.Errorf("%s ended: %v\n%s", c.name, c.err, c.out)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not listen on %s after 20 s", c.name, addr)
		}
	}
}

// makeCertificate writes the certificate that all TLS contestants share.
func (w *world) makeCertificate() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"localhost", "*.execute-api.localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(w.path("cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o644),
		os.WriteFile(w.path("key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
}
