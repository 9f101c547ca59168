package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gatehouse/internal/control/gatehouse"
	"gatehouse/internal/store/backup"
	"gatehouse/internal/store/local"
)

// backupRestore makes a data directory.
type backupRestore struct {
	File      string `arg:"" help:"The backup."`
	Data      string `required:"" placeholder:"DIR" help:"The data directory to make. It must be empty, or not be there."`
	backupKey `embed:""`
}

// Run restores everything or nothing: into a directory beside the one that is
// asked for, which then takes its name.
func (c *backupRestore) Run(ctx context.Context, t *terminal) error {
	dir, err := filepath.Abs(c.Data)
	if err == nil {
		dir, err = vacant(dir)
	}
	if err != nil {
		return backupFailure("restore into "+c.Data, err)
	}
	keys, err := c.open(ctx, t)
	if err != nil {
		return err
	}
	receipt, err := c.restore(ctx, dir, keys, t)
	if err != nil {
		return backupFailure("restore "+c.File+" into "+c.Data, err)
	}
	r := backupReport{File: c.File, Data: dir, BackupReceipt: receipt}
	if err := r.print(t, c.File+" is restored into "+c.Data); err != nil || t.structured() {
		return err
	}
	if c.KeyFile != "" {
		t.sayf("The master key is in %s. Start: gatehouse serve --data %s", filepath.Join(c.Data, masterKeyFile), c.Data)
		return nil
	}
	t.sayf("Start with the same master key (%s): gatehouse serve --data %s", keys.origin, c.Data)
	return nil
}

// vacant refuses a place where something is, and follows a link to an empty
// directory: that one gives way, and not the link.
func vacant(dir string) (string, error) {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return dir, nil
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = &failure{Exit: exitConflict, Code: "NotEmpty", What: "the directory " + dir + " is not restored into", Why: fmt.Sprintf("it holds %q, and nothing is ever overwritten", entries[0].Name()),
			Do: "name an empty directory, or one that is not there"}
	}
	return dir, err
}

func (c *backupRestore) restore(ctx context.Context, dir string, keys *ring, t *terminal) (receipt gatehouse.BackupReceipt, err error) {
	parent := filepath.Dir(dir)
	temp, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+".restore-*") // 0700
	if err != nil {
		return receipt, err
	}
	defer os.RemoveAll(temp) // finds nothing once it has its name
	receipt, err = fill(ctx, temp, c.File, keys, progress(t, "restore"))
	if err != nil {
		return receipt, err
	}
	if c.KeyFile != "" {
		if err := writeOnce(filepath.Join(temp, masterKeyFile), keys.reveal()); err != nil {
			return receipt, err
		}
	}
	if err := syncDir(temp); err != nil {
		return receipt, err
	}
	// An empty directory gives way; one that is no longer empty does not.
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return receipt, &failure{Exit: exitFailed, Code: "CannotReplace", What: "the directory " + dir + " cannot be replaced by the restored one", Why: err.Error(),
			Do: "if it is a mount point, name a directory inside it", cause: err}
	}
	if err := os.Rename(temp, dir); err != nil {
		return receipt, err
	}
	return receipt, syncDir(parent)
}

// fill restores into a fresh data directory and closes it.
func fill(ctx context.Context, dir, file string, keys *ring, tell func(done, total int64)) (receipt gatehouse.BackupReceipt, err error) {
	s, err := local.Open(dir, local.Options{})
	if err != nil {
		return receipt, err
	}
	blobs, err := local.OpenBlobs(dir, 0)
	if err == nil {
		receipt, err = restoreFrom(ctx, file, keys, backup.Target{Store: s, Put: blobs.Put, Schema: local.Schema}, tell)
	}
	return receipt, errors.Join(err, s.Close())
}
