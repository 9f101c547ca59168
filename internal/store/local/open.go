package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"gatehouse/internal/store"
)

// schema is the number of the layout that this code reads and writes.
const schema = 1

// Schema is that number for those who carry documents from one store to another.
const Schema = schema

// Why Open refuses, for errors.Is. The error says the file and what to do; the
// file is then as it was, to the byte.
var (
	ErrCorrupt = errors.New("store is damaged")
	ErrNewer   = errors.New("store was written by a newer gatehouse")
	ErrHeld    = errors.New("store is in use by another process")
)

// Options may be left at zero.
type Options struct {
	LockWait time.Duration // how long to wait for another process to let go; 0 means 1 s
	History  int           // commits to remember for watchers, at most 64 MiB of them; 0 means 4096
}

// What a check of the whole file may cost at every start. A larger file is
// checked only if it was not closed properly: at about 3 s a GiB that would be
// felt at each restart.
const checkAlways = 64 << 20

// The tail in memory is for watchers that keep up; the others read the file.
const (
	tailCommits = 256
	tailBytes   = 4 << 20
)

// mapping is what is mapped of the file from the start, of 64-bit addresses:
// as long as the file is smaller, no writer waits for a reader to let it grow.
const mapping = 1 << 30

// growth is by how much the file grows. bbolt's 16 MiB would be many times a
// small installation.
const growth = 1 << 20

// Open opens DIR/store.db and makes directory and file if there are none. It
// refuses, with an error that says what to do, a file that is damaged (ErrCorrupt),
// that a newer program wrote (ErrNewer), that another process has open (ErrHeld),
// and a directory that it cannot write to.
func Open(dir string, o Options) (*Store, error) {
	if o.LockWait < 0 || o.History < 0 {
		return nil, fmt.Errorf("store: options %+v: none may be negative", o)
	}
	if o.LockWait == 0 {
		o.LockWait = time.Second
	}
	if o.History == 0 {
		o.History = historyCommits
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w; choose one that can be made and written", err)
	}
	path := filepath.Join(dir, "store.db")
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, fmt.Errorf("%s: cannot be made: %w; make %s writable or choose another data directory", path, err, dir)
		}
	}
	db, err := openFile(path, o.LockWait)
	if err != nil {
		return nil, err
	}
	w := &writer{path: path, db: db, history: history{max: o.History}}
	if err := w.load(); err != nil {
		db.Close()
		return nil, err
	}
	w.tail = store.NewTail(w.tally.revision, min(tailCommits, o.History), tailBytes)
	return start(path, db, w), nil
}

// load takes over what the file holds.
func (w *writer) load() error {
	return w.db.View(func(tx *bbolt.Tx) error {
		if err := inspect(tx, w.path); err != nil {
			return err
		}
		w.unclean = tx.Bucket(bucketAbout).Get(keyUnclean) != nil
		w.history.load(tx.Bucket(bucketCommits))
		var err error
		if w.tally, err = decodeTally(tx.Bucket(bucketAbout).Get(keyState)); err != nil {
			return corrupt(w.path, err)
		}
		return nil
	})
}

// create makes an empty store under another name and then gives it its own, so
// that a store.db is always whole and an empty one can be told from one whose
// content was lost. Of two processes that start at once the first wins, and both
// go on to open its file.
func create(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "store.db.new-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return err
	}
	if err := initialize(f.Name()); err != nil {
		return err
	}
	if err := place(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func initialize(path string) error {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{bucketAbout, bucketDocs, bucketCommits} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		about := tx.Bucket(bucketAbout)
		return errors.Join(about.Put(keySchema, []byte(strconv.Itoa(schema))), about.Put(keyState, tally{}.encode()))
	})
	return errors.Join(err, db.Close())
}

// place gives a file its name unless there is one. A link does that in one step;
// some file systems have none, and there two first starts at the same moment
// are not told apart.
func place(from, path string) error {
	err := os.Link(from, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	return os.Rename(from, path)
}

// syncDir makes a new name in a directory durable. Windows cannot, nor need it.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// openFile opens and locks an existing file without writing to it.
func openFile(path string, wait time.Duration) (db *bbolt.DB, err error) {
	var file *os.File
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // a page number beyond the end of the file
	defer func() {
		if p := recover(); p != nil {
			file.Close()
			db, err = nil, corrupt(path, damage(p))
		}
	}()
	options := &bbolt.Options{
		Timeout: wait, FreelistType: bbolt.FreelistMapType, NoStatistics: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			// bbolt would make a missing file, and fill an empty one.
			if file, err = os.OpenFile(name, flag&^os.O_CREATE, mode); err != nil {
				return nil, err
			}
			if stat, err := file.Stat(); err != nil || stat.Size() == 0 {
				return nil, errors.Join(err, file.Close(), errEmpty)
			}
			return file, nil
		},
	}
	if strconv.IntSize == 64 && runtime.GOOS != "windows" { // there the file would grow with the mapping
		options.InitialMmapSize = mapping
	}
	db, err = bbolt.Open(path, 0o600, options)
	if err != nil {
		return nil, explain(path, err)
	}
	db.AllocSize = growth
	return db, nil
}

// damage tells what bbolt, which trusts its file, ran into.
func damage(p any) error { return fmt.Errorf("its pages do not fit together (%v)", p) }

var errEmpty = errors.New("the file is empty")

// explain says what to do about an error of bbolt.Open.
func explain(path string, err error) error {
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return fmt.Errorf("%s: %w; stop that process or choose another data directory", path, ErrHeld)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w; make the file readable and writable for this user", err)
	}
	return corrupt(path, err)
}

func corrupt(path string, err error) error {
	return fmt.Errorf("%s: %w: %v; nothing was changed: restore the file from a backup, or move it away to start empty", path, ErrCorrupt, err)
}
