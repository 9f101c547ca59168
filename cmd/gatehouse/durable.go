package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// An unnamed is a file that has no name yet: it is written beside its place and
// takes it once it is whole and on the disk. So there is never a half one.
type unnamed struct {
	*os.File
	path string
}

// newUnnamed begins a file that will be path. Mode 0600.
func newUnnamed(path string) (*unnamed, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".new-*")
	if err != nil {
		return nil, err
	}
	return &unnamed{f, path}, nil
}

// place gives the file its name, unless there is one: then fs.ErrExist.
func (d *unnamed) place() error {
	if err := d.Sync(); err != nil {
		return err
	}
	err := os.Link(d.Name(), d.path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		// A file system without links. Two at the same moment are not told apart there.
		if _, there := os.Lstat(d.path); there == nil {
			return fs.ErrExist
		}
		err = os.Rename(d.Name(), d.path)
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(d.path))
}

// discard closes the file, and removes it unless it was placed.
func (d *unnamed) discard() {
	d.Close()
	_ = os.Remove(d.Name()) // its first name; gone after a rename
}

// writeOnce makes a file of a text, durably, unless there is one: fs.ErrExist.
func writeOnce(path string, text []byte) error {
	d, err := newUnnamed(path)
	if err != nil {
		return err
	}
	defer d.discard()
	if _, err := d.Write(text); err != nil {
		return err
	}
	return d.place()
}

// syncDir makes new names in a directory durable. Windows cannot, nor need it.
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
