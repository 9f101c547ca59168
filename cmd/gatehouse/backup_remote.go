package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"gatehouse/internal/control/gatehouse"
	"gatehouse/internal/seal"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/store/backup"
	"gatehouse/internal/wire"
)

// download has a running gateway make a backup and writes it to w. What
// arrives is compared with what the gateway says that it sent.
func (r *remote) download(ctx context.Context, t *terminal, w io.Writer, tell func(done, total int64)) (receipt gatehouse.BackupReceipt, err error) {
	if err := r.checkURL(); err != nil {
		return receipt, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(r.EndpointURL, "/")+gatehouse.BackupPath, bytes.NewReader(nil))
	if err != nil {
		return receipt, usage(err.Error())
	}
	request.Header.Set("User-Agent", "gatehouse-cli/"+thisBuild().Version)
	if err := sigv4.Sign(request, sigv4.HashPayload(nil), credentials(t.environ), gatehouse.ScopeName, r.Region, time.Now()); err != nil {
		return receipt, usage(err.Error())
	}
	client := &http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		return receipt, r.unreachable(request, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10)) // what there is of the reason
		return receipt, refused(request, answer, text)
	}
	if receipt, err = receiptOf(answer.Header.Get(gatehouse.BackupField)); err != nil {
		return receipt, err
	}
	sum := sha256.New()
	count := &counted{total: receipt.FileBytes, tell: tell}
	// Every byte costs disk, so there is one more at most than was told.
	if _, err = io.Copy(io.MultiWriter(w, sum, count), io.LimitReader(answer.Body, receipt.FileBytes+1)); err != nil {
		return receipt, fmt.Errorf("the backup breaks off after %d of %d bytes: %w", count.done, receipt.FileBytes, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); count.done != receipt.FileBytes || got != receipt.FileSHA256 {
		return receipt, fmt.Errorf("what arrived is not what was sent: %d bytes with SHA-256 %s, should be %d with %s", count.done, got, receipt.FileBytes, receipt.FileSHA256)
	}
	return receipt, nil
}

// openMasterKey is a step of opening a world. A gateway that forgets all needs
// no key that lasts, unless it is given one.
func (w *world) openMasterKey() error {
	source := keySource{environ: w.Environ, command: w.MasterKey.Command}
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
	source.dir = w.Store.Dir
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

// backups is the operation that makes backups of this gateway.
func (w *world) backups() *gatehouse.Backup {
	b := &gatehouse.Backup{Create: w.backup}
	if !w.Memory {
		b.Dir = w.Store.Dir
	}
	return b
}

func (w *world) backup(ctx context.Context, out io.Writer) (m backup.Manifest, err error) {
	if w.keys.origin == "" {
		return m, &wire.Error{Type: "BadRequestException", Status: http.StatusBadRequest,
			Message: "This gateway keeps everything in memory and has no master key, so nobody could read the backup. Start it with --data, or with " + masterKeyVariable + "."}
	}
	dir := w.Store.Dir
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
	w.Log.Info("a backup was made", "revision", m.Revision, "documents", m.Documents.Count, "blobs", m.Blobs.Count, "took", time.Since(start))
	return m, nil
}
