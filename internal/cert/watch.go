package cert

import (
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Times of the watch.
const (
	// settle is how long the directories must be quiet before the files are
	// read: a renewal writes two of them.
	settle = 100 * time.Millisecond
	// patience bounds the waiting for quiet.
	patience = 2 * time.Second
	// poll is how often the files are read without being told, for what no watch
	// sees: network file systems, and a parent directory that was swapped.
	poll = time.Minute
)

// A watch reads a Keeper's files again when their directories change.
// Directories and not files are watched, because tools replace files by
// renaming: certbot swaps a link, Kubernetes the ..data link beside it.
type watch struct {
	keeper *Keeper
	notify *fsnotify.Watcher
	stop   chan struct{}
	done   chan struct{}
	once   sync.Once
}

func startWatch(k *Keeper) (*watch, error) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watch{keeper: k, notify: n, stop: make(chan struct{}), done: make(chan struct{})}
	if err := w.follow(); err != nil {
		n.Close()
		return nil, err
	}
	go w.run()
	return w, nil
}

// follow watches the directories of all files, and those that links lead to.
// Adding a directory again does nothing.
func (w *watch) follow() error {
	for _, h := range w.keeper.held {
		for _, name := range []string{h.Cert, h.Key} {
			if err := w.notify.Add(filepath.Dir(name)); err != nil {
				return err
			}
			// What a link leads to may be gone at this moment; the poll sees it later.
			if real, err := filepath.EvalSymlinks(name); err == nil {
				_ = w.notify.Add(filepath.Dir(real))
			}
		}
	}
	return nil
}

func (w *watch) run() {
	defer close(w.done)
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-ticker.C:
		case _, ok := <-w.notify.Events:
			if !ok || !w.quiet() {
				return
			}
		case err, ok := <-w.notify.Errors:
			if !ok {
				return
			}
			w.keeper.log.Warn("the watch of certificate files missed something; they are read again", "err", err)
		}
		_ = w.keeper.Reload()
		if err := w.follow(); err != nil {
			w.keeper.log.Warn("a directory of certificates cannot be watched; it is looked at every minute", "err", err)
		}
	}
}

// quiet waits until the directories have settled; false: the watch ends.
func (w *watch) quiet() bool {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		t := time.NewTimer(settle)
		select {
		case <-t.C:
			return true
		case <-limit.C:
			t.Stop()
			return true
		case <-w.notify.Events:
			t.Stop()
		case <-w.stop:
			t.Stop()
			return false
		}
	}
}

func (w *watch) close() error {
	w.once.Do(func() { close(w.stop) })
	<-w.done
	return w.notify.Close()
}
