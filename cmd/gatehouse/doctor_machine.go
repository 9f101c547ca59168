package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"gatehouse/internal/cert"
)

// Limits of open files. Each client has one, and each connection to a backend.
const (
	filesFail = 256
	filesWarn = 8192
)

// openFiles looks at how many files and connections a process may have.
func (d *doctor) openFiles() {
	if limit, ok := openFilesLimit(); ok { // else this system has none
		d.filesLimit(limit)
	}
}

func (d *doctor) filesLimit(limit uint64) {
	const check, do = "open files", "raise it: LimitNOFILE=1048576 in the unit, ulimit -n in a shell, --ulimit nofile in a container"
	switch {
	case limit < filesFail:
		d.fail(check, "", do, "at most %d, which a few clients use up", limit)
	case limit < filesWarn:
		d.warn(check, "", do, "at most %d, so no more than some %d clients at once", limit, limit/2)
	default:
		d.ok(check, "", "at most %d, for processes that are started as this one was", limit)
	}
}

// Free space below which the store cannot be trusted to work on, or soon not.
const (
	spaceFail = 64 << 20
	spaceWarn = 1 << 30
)

// data looks at the data directory.
func (d *doctor) data() {
	if d.memory {
		return
	}
	const check = "data"
	dir := d.conf.Store.Dir
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		d.newData(check, dir)
		return
	}
	if err == nil && !info.IsDir() {
		err = errors.New("is no directory")
	}
	if err == nil {
		err = writable(dir)
	}
	if err != nil {
		d.fail(check, dir, "make it a directory that this user may read and write, or choose another one with --data or store.dir", "cannot be used: %v", bare(err))
		return
	}
	for _, path := range []string{dir, filepath.Join(dir, "store.db")} {
		if info, err := os.Stat(path); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			d.warn(check, path, "chmod go= "+shellQuote(path), "has permissions %#o, so others may look into it", info.Mode().Perm())
		}
	}
	free, known := freeSpace(dir)
	d.space(dir, free, known, "")
}

// newData looks at where a data directory is going to be made.
func (d *doctor) newData(check, dir string) {
	parent, err := filepath.Abs(dir)
	for err == nil {
		parent = filepath.Dir(parent)
		if _, err = os.Stat(parent); err == nil {
			break
		}
		if errors.Is(err, fs.ErrNotExist) && parent != filepath.Dir(parent) {
			err = nil // higher up
		}
	}
	if err == nil {
		err = writable(parent)
	}
	if err != nil {
		d.fail(check, dir, "make it for this user, or choose another one with --data or store.dir", "does not exist and cannot be made in %s: %v", parent, bare(err))
		return
	}
	free, known := freeSpace(parent)
	d.space(parent, free, known, ", and "+dir+" is made at the start")
}

// space judges the bytes that are free in a directory.
func (d *doctor) space(dir string, free uint64, known bool, more string) {
	const check, do = "data", "make space, or choose another file system with --data or store.dir"
	switch {
	case !known: // and whether it can be written is not known here either
		d.ok(check, dir, "is there%s", more)
	case free < spaceFail:
		d.fail(check, dir, do, "has %s free, too little to write changes%s", inBytes(int64(free)), more)
	case free < spaceWarn:
		d.warn(check, dir, do, "has %s free%s", inBytes(int64(free)), more)
	default:
		d.ok(check, dir, "is writable and has %s free%s", inBytes(int64(free)), more)
	}
}

// masterKey looks for the key where a start would.
func (d *doctor) masterKey(ctx context.Context) {
	const check = "master key"
	source := keySource{environ: d.environ, dir: d.conf.Store.Dir}
	file := d.environ.get(masterKeyVariable + "_FILE")
	switch {
	case source.named():
		r, err := source.open(ctx, false)
		if err != nil {
			f := failureOf(err)
			d.fail(check, "", f.Do, "%s", f.Why)
			return
		}
		if info, err := os.Stat(file); file != "" && err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
			d.warn(check, file, "chmod o= "+shellQuote(file)+", unless nobody else is on this machine, as in a container", "has permissions %#o, so every user can read it", info.Mode().Perm())
			return
		}
		d.ok(check, "", "is given by %s", r.origin)
	case len(d.conf.MasterKey.Command) > 0:
		program := d.conf.MasterKey.Command[0]
		if _, err := exec.LookPath(program); err != nil {
			d.fail(check, program, "correct master_key.command, or install the program", "cannot be run: %v", bare(err))
			return
		}
		d.ok(check, program, "is there (it is not run to check this)")
	case !d.memory:
		d.ownKey(check, source)
	}
}

// ownKey looks at the key in the data directory.
func (d *doctor) ownKey(check string, source keySource) {
	path := filepath.Join(source.dir, masterKeyFile)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(source.dir, "store.db")); err == nil {
			d.fail(check, path, "put the key back from where you keep a copy, or set "+masterKeyVariable, "does not exist, but there is a store that was sealed with it")
			return
		}
		d.ok(check, path, "is made at the first start")
		return
	}
	if _, err := source.own(false); err != nil {
		f := failureOf(err)
		d.fail(check, "", f.Do, "%s", f.Why)
		return
	}
	d.ok(check, path, "can be read, by nobody else")
}

// certificateWarn is how long before its end a certificate is told: automatic
// renewals are done by then.
const certificateWarn = 14 * 24 * time.Hour

// certificates reads all pairs as a start would.
func (d *doctor) certificates() {
	for i := range d.conf.Listeners {
		for _, p := range d.conf.Listeners[i].TLS {
			d.certificate(p, time.Now())
		}
	}
}

func (d *doctor) certificate(p TLSPair, now time.Time) {
	const check = "certificate"
	leaf, err := readCertificate(p)
	if err != nil {
		d.fail(check, p.Cert, "correct listeners[].tls in gatehouse.yaml, or the files that it names", "cannot be used: %v", err)
		return
	}
	const renew = "renew it; a running gateway reads it again by itself"
	end := leaf.NotAfter.UTC().Format(time.RFC3339)
	switch left := leaf.NotAfter.Sub(now); {
	case left <= 0:
		d.fail(check, p.Cert, renew, "has expired on %s, so clients refuse it", end)
	case now.Before(leaf.NotBefore):
		d.fail(check, p.Cert, "look at the clock, or take a certificate that is valid", "is not valid before %s", leaf.NotBefore.UTC().Format(time.RFC3339))
	case left < certificateWarn:
		d.warn(check, p.Cert, renew, "ends on %s, in %d days", end, int(left.Hours()/24))
	default:
		d.ok(check, p.Cert, "is valid until %s", end)
	}
	if info, err := os.Stat(p.Key); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		d.warn(check, p.Key, "chmod o= "+shellQuote(p.Key), "has permissions %#o, so every user can read the private key", info.Mode().Perm())
	}
}

// readCertificate reads a pair in the way of listeners, with their bounds.
func readCertificate(p TLSPair) (*x509.Certificate, error) {
	k, err := cert.Files(p.Cert, p.Key, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer k.Close()
	c, err := k.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		return nil, err
	}
	return c.Leaf, nil
}
