package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"gatehouse/internal/control/gatehouse"
	"gatehouse/internal/store/backup"
	"gatehouse/internal/wire"
)

// backups is the operation that makes backups of this gateway.
func (w *world) backups() *gatehouse.Backup {
	b := &gatehouse.Backup{Create: w.backup}
	if !w.Memory {
		b.Dir = w.Conf.Store.Dir
	}
	return b
}

func (w *world) backup(ctx context.Context, out io.Writer) (m backup.Manifest, err error) {
	if w.keys.origin == "" {
		return m, &wire.Error{Type: "BadRequestException", Status: http.StatusBadRequest,
			Message: "This gateway keeps everything in memory and has no master key, so nobody could read the backup. Start it with --data, or with " + masterKeyVariable + "."}
	}
	dir := w.Conf.Store.Dir
	if w.Memory {
		dir = ""
	}
	from, err := backupSource(w.store, dir)
	if err != nil {
		return m, err
	}
	start := time.Now()
	if m, err = backup.Create(ctx, out, w.keys.Keyring, from); err != nil {
		if !errors.Is(err, context.Canceled) {
			w.Log.Error("no backup was made", "err", err)
		}
		return m, err
	}
	w.metrics.BackedUp()
	w.Log.Info("a backup was made", "revision", m.Revision, "documents", m.Documents.Count, "blobs", m.Blobs.Count, "took", time.Since(start))
	return m, nil
}
