package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"gatehouse/internal/seal"
	"gatehouse/internal/store"
)

// Where the master key comes from, the first that there is:
//
//	GATEHOUSE_MASTER_KEY        the key itself
//	GATEHOUSE_MASTER_KEY_FILE   a file that somebody else keeps, such as a mounted secret
//	master_key.command          what a program prints, such as the client of a vault
//	DATA/master.key             made at the first start
//
// Each may give several keys, one behind the other: the first seals, the others
// are from before a rotation and only open.
const (
	masterKeyVariable = envPrefix + "MASTER_KEY"
	masterKeyFile     = "master.key" // in the data directory
)

// MasterKeySection says how to ask for the master key. The key itself is never
// a part of the configuration.
type MasterKeySection struct {
	Command []string `yaml:"command"` // program and arguments; what it prints is the key
}

// Bounds of a command that gives the master key, and of keys.
const (
	keyCommandTime = 10 * time.Second
	maxKeys        = 16
	maxKeyBytes    = maxKeys * seal.MaxKeyText
)

// A keySource is where a master key is looked for.
type keySource struct {
	environ environ
	command []string
	dir     string // the data directory; "" where nothing is kept
}

// A ring is a Keyring and where it came from.
type ring struct {
	*seal.Keyring
	keys   []*seal.Key
	origin string // as a person is told
	own    bool   // kept in the data directory
	made   bool   // just now
}

// open returns the master key. Where there is none, one is made if that is
// allowed.
func (s keySource) open(ctx context.Context, mayMake bool) (*ring, error) {
	inline, file := s.environ.get(masterKeyVariable), s.environ.get(masterKeyVariable+"_FILE")
	switch {
	case inline != "" && file != "":
		return nil, keyFailure(masterKeyVariable, errors.New("is set, and "+masterKeyVariable+"_FILE too: which of them counts?"), "unset one of them")
	case inline != "":
		return newRing(masterKeyVariable, []byte(inline))
	case file != "":
		return readRing(file)
	case len(s.command) > 0:
		return s.ask(ctx)
	case s.dir != "":
		return s.own(mayMake)
	}
	return nil, keyFailure("no source", errors.New("none was named"), "set "+masterKeyVariable+" or "+masterKeyVariable+"_FILE, or name the file with --key-file")
}

// keyFailure says why there is no master key. It never tells a key: errors of
// package seal do not either.
func keyFailure(origin string, err error, do string) *failure {
	return &failure{Exit: exitRefused, Code: "BadMasterKey", What: "the master key cannot be used", Why: origin + ": " + err.Error(), Do: do, cause: err}
}

// newRing reads keys from a text.
func newRing(origin string, text []byte) (*ring, error) {
	r := &ring{origin: origin}
	for word := range strings.FieldsFuncSeq(string(text), func(c rune) bool { return strings.ContainsRune(", \t\r\n", c) }) {
		k, err := seal.Parse(word)
		if err == nil && len(r.keys) == maxKeys {
			err = fmt.Errorf("holds more than %d keys", maxKeys)
		}
		if err != nil {
			return nil, keyFailure(origin, err, "give the key as it was made; without it nothing that was sealed under it can be read")
		}
		r.keys = append(r.keys, k)
	}
	if len(r.keys) == 0 {
		return nil, keyFailure(origin, errors.New("holds no key"), "put one there: openssl rand -hex 32 makes one")
	}
	r.Keyring = seal.NewKeyring(r.keys[0], r.keys[1:]...)
	return r, nil
}

// readRing reads a file that somebody else keeps. Mounted secrets are links to
// files that others of the same container may read, so neither is refused.
func readRing(path string) (*ring, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, keyFailure(path, bare(err), "make the file readable for this user, or name another one")
	}
	defer f.Close()
	return readKeys(path, f)
}

func readKeys(path string, f *os.File) (*ring, error) {
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is no file")
	}
	if err != nil {
		return nil, keyFailure(path, bare(err), "name a file that holds the key")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyBytes+1))
	if err == nil && len(text) > maxKeyBytes {
		err = fmt.Errorf("is longer than %d bytes, which no key is", maxKeyBytes)
	}
	if err != nil {
		return nil, keyFailure(path, bare(err), "name a file that holds the key")
	}
	return newRing(path, text)
}

// ask runs the command. What it says on stderr is not told: a careless one
// might print the key there.
func (s keySource) ask(ctx context.Context) (*ring, error) {
	origin := "master_key.command " + s.command[0]
	limited, cancel := context.WithTimeout(ctx, keyCommandTime)
	defer cancel()
	c := exec.CommandContext(limited, s.command[0], s.command[1:]...)
	c.WaitDelay = time.Second // children that keep the pipe open
	out := &bounded{most: maxKeyBytes}
	c.Stdout = out
	err := c.Run()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		err = fmt.Errorf("did not end within %v", keyCommandTime)
	case out.over:
		err = fmt.Errorf("printed more than %d bytes, which no key is", maxKeyBytes)
	}
	if err != nil {
		return nil, keyFailure(origin, err, "run the command by hand: it has to print the key and nothing else")
	}
	r, err := newRing(origin, out.text.Bytes())
	clear(out.text.Bytes())
	return r, err
}

// A bounded buffer refuses what is too long.
type bounded struct {
	text bytes.Buffer
	most int
	over bool
}

// Write keeps p, or fails.
func (b *bounded) Write(p []byte) (int, error) {
	if b.text.Len()+len(p) > b.most {
		b.over = true
		return 0, errors.New("too long")
	}
	return b.text.Write(p)
}

// own reads or makes the key of the data directory.
func (s keySource) own(mayMake bool) (*ring, error) {
	path := filepath.Join(s.dir, masterKeyFile)
	named, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if !mayMake {
			return nil, keyFailure(path, errors.New("does not exist, and the store was sealed with it"),
				"put the key back from where you keep a copy, or set "+masterKeyVariable)
		}
		return makeRing(path)
	}
	if err != nil {
		return nil, keyFailure(path, bare(err), "make the file readable for this user")
	}
	if err := private(named); err != nil {
		return nil, keyFailure(path, err, "make sure that nobody else has read it, then: chmod 600 "+path+" (a link: put the file itself there)")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, keyFailure(path, bare(err), "make the file readable for this user")
	}
	defer f.Close()
	// What was opened must be what was looked at, and no link that took its place.
	if opened, err := f.Stat(); err != nil || !os.SameFile(named, opened) {
		return nil, keyFailure(path, errors.New("was replaced while it was read"), "start again")
	}
	r, err := readKeys(path, f)
	if err == nil {
		r.own = true
	}
	return r, err
}

// private refuses a key file that others might read or have put there.
func private(info fs.FileInfo) error {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return errors.New("is a symbolic link: whoever can change what it points to could exchange the key")
	case !info.Mode().IsRegular():
		return errors.New("is no file")
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("has permissions %#o, so others can read or change it", info.Mode().Perm())
	}
	return nil
}

// makeRing makes the key of a data directory. If another process has made it
// meanwhile, that one counts.
func makeRing(path string) (*ring, error) {
	k := seal.NewKey()
	err := writeOnce(path, []byte(k.Reveal()+"\n"))
	if errors.Is(err, fs.ErrExist) {
		return keySource{dir: filepath.Dir(path)}.own(false)
	}
	if err != nil {
		return nil, keyFailure(path, bare(err), "make the directory writable, or set "+masterKeyVariable)
	}
	return &ring{Keyring: seal.NewKeyring(k), keys: []*seal.Key{k}, origin: path, own: true, made: true}, nil
}

// reveal is the text of all keys, for a key file.
func (r *ring) reveal() []byte {
	var b bytes.Buffer
	for _, k := range r.keys {
		b.WriteString(k.Reveal() + "\n")
	}
	return b.Bytes()
}

// bare takes the path off an error that will be told with it.
func bare(err error) error {
	if p := (&fs.PathError{}); errors.As(err, &p) {
		return p.Err
	}
	return err
}

// checkKey is the document by which a store knows its master key: a text that
// is sealed under it. Without it a start with a wrong or a new key would go
// unnoticed until the first secret is needed.
const (
	checkKey  = "installation/master-key"
	checkText = "gatehouse"
)

// openKeys opens the master key of a store and makes sure that it is the one
// that the store was sealed with. The first time it makes a key if need be, and
// lets the store remember which.
func openKeys(ctx context.Context, s store.Store, source keySource) (*ring, error) {
	doc, err := s.Get(ctx, checkKey)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	known := err == nil
	r, err := source.open(ctx, !known)
	if err != nil {
		return nil, err
	}
	if known {
		text, err := r.Open(checkKey, doc.Value)
		if err == nil && string(text) != checkText {
			err = seal.ErrBroken
		}
		if err != nil {
			return nil, keyFailure(r.origin, fmt.Errorf("is not the key of this data: %v", err),
				"give the key that the data was sealed with; after a rotation, give the new one and the old one behind it")
		}
		if !r.Stale(doc.Value) {
			return r, nil
		}
	}
	// Base: of two processes at once, the second must not overrule the first.
	_, err = s.Commit(ctx, store.Change{Op: store.Put, Key: checkKey, Base: doc.Revision, Value: r.Seal(checkKey, []byte(checkText))})
	if err != nil {
		return nil, fmt.Errorf("remember the master key: %w", err)
	}
	return r, nil
}

// openMasterKey is a step of opening a world. A gateway that forgets all needs
// no key that lasts, unless it is given one.
func (w *world) openMasterKey() error {
	source := keySource{environ: w.Environ, command: w.Conf.MasterKey.Command}
	ctx := context.Background()
	if w.Memory {
		r, err := source.open(ctx, false)
		if err != nil && source.named() {
			return err
		}
		if err != nil {
			w.keys = &ring{Keyring: seal.NewKeyring(seal.NewKey())}
			return nil
		}
		w.keys = r
		return nil
	}
	source.dir = w.Conf.Store.Dir
	var err error
	if w.keys, err = openKeys(ctx, w.store, source); err != nil {
		return err
	}
	if w.keys.made {
		w.Log.Warn("a master key was made: keep a copy of it apart from the backups, which nobody can read without it", "file", w.keys.origin, "key", w.keys.ID())
		return nil
	}
	w.Log.Debug("the master key is at hand", "from", w.keys.origin, "key", w.keys.ID())
	return nil
}

// named tells whether a key was given to this process.
func (s keySource) named() bool {
	return s.environ.get(masterKeyVariable) != "" || s.environ.get(masterKeyVariable+"_FILE") != "" || len(s.command) > 0
}
