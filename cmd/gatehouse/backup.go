package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"gatehouse/internal/control/gatehouse"
	"gatehouse/internal/seal"
	"gatehouse/internal/store"
	"gatehouse/internal/store/backup"
	"gatehouse/internal/store/local"
	"gatehouse/internal/store/memory"
)

// backupCommand is what one does with backups.
type backupCommand struct {
	Create  backupCreate  `cmd:"" help:"Write everything that a gateway keeps into one sealed file, while it runs or (--data) while it does not."`
	Verify  backupVerify  `cmd:"" help:"Restore a backup into memory, compare it with what it says of itself, and tell what is in it."`
	Restore backupRestore `cmd:"" help:"Make a data directory of a backup."`
}

// backupKey says where commands that have no running gateway find the master key.
type backupKey struct {
	KeyFile string `placeholder:"FILE" help:"The file with the master key, such as a copy of DATA/master.key. Without it, GATEHOUSE_MASTER_KEY, GATEHOUSE_MASTER_KEY_FILE, or master_key of --config."`
	Config  string `placeholder:"FILE" env:"GATEHOUSE_CONFIG" help:"The configuration file, for master_key."`
}

// source is where the key is, but for a data directory.
func (k *backupKey) source(t *terminal) (keySource, error) {
	conf, _, err := loadConfig(k.Config, t.environ, func(*Config, *settings) {})
	return keySource{environ: t.environ, command: conf.MasterKey.Command}, err
}

// open returns the key for a backup.
func (k *backupKey) open(ctx context.Context, t *terminal) (*ring, error) {
	if k.KeyFile != "" {
		return readRing(k.KeyFile)
	}
	s, err := k.source(t)
	if err != nil {
		return nil, err
	}
	return s.open(ctx, false)
}

// A backupReport is what the commands print.
type backupReport struct {
	File string `json:"file"`
	Data string `json:"data,omitempty"` // the directory that was made
	gatehouse.BackupReceipt
}

func (r *backupReport) print(t *terminal, what string) error {
	if t.structured() {
		return t.print(r)
	}
	_, err := fmt.Fprintf(t.out, "%s\n  made        %s by gatehouse %s, schema %d\n  revision    %d\n  documents   %d, %s\n  blobs       %d, %s\n  file        %s, SHA-256 %s\n",
		what, r.Created.Format(time.RFC3339), printable(r.Program), r.Schema, r.Revision, r.Documents.Count, inBytes(r.Documents.Bytes),
		r.Blobs.Count, inBytes(r.Blobs.Bytes), inBytes(r.FileBytes), r.FileSHA256)
	return err
}

// backupCreate writes a backup.
type backupCreate struct {
	To        string `required:"" placeholder:"FILE|DIR" help:"The file to make, or a directory in which it gets a name of its own."`
	remote    `embed:""`
	Data      string `placeholder:"DIR" help:"The data directory to back up, of a gateway that does not run."`
	backupKey `embed:""`
}

// backupTimeout is how long a gateway may take to make a backup and send it.
const backupTimeout = time.Hour

// AfterApply is remote's, with another default.
func (c *backupCreate) AfterApply(t *terminal) error {
	err := c.remote.AfterApply(t)
	if t.flags.Timeout == nil {
		c.Timeout = backupTimeout
	}
	return err
}

// Run makes the backup, and a file only if it is whole.
func (c *backupCreate) Run(ctx context.Context, t *terminal) error {
	path, d, err := c.destination(time.Now())
	if err != nil {
		return err
	}
	defer d.discard()
	receipt, err := c.create(ctx, t, d)
	if err == nil {
		err = d.place()
	}
	if errors.Is(err, fs.ErrExist) {
		return fileExists(path)
	}
	if err != nil {
		return backupFailure("make the backup "+path, err)
	}
	r := backupReport{File: path, BackupReceipt: receipt}
	return r.print(t, "Backed up to "+path)
}

// destination begins the file, so that nobody waits only to hear that there is
// no place for it.
func (c *backupCreate) destination(now time.Time) (string, *unnamed, error) {
	path := c.To
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "gatehouse-"+now.UTC().Format("20060102T150405Z")+".backup")
	}
	if _, err := os.Lstat(path); err == nil {
		return "", nil, fileExists(path)
	}
	d, err := newUnnamed(path)
	if err != nil {
		return "", nil, &failure{Exit: exitFailed, Code: "CannotWrite", What: "the backup cannot be written to " + path, Why: err.Error(),
			Do: "name a file in a directory that exists and can be written", cause: err}
	}
	return path, d, nil
}

func fileExists(path string) error {
	return &failure{Exit: exitConflict, Code: "FileExists", What: "the backup is not written to " + path, Why: "there is such a file, and no backup is ever overwritten",
		Do: "name another file, or a directory"}
}

func (c *backupCreate) create(ctx context.Context, t *terminal, d *unnamed) (gatehouse.BackupReceipt, error) {
	if c.Data == "" {
		return c.download(ctx, t, d, progress(t, "backup"))
	}
	return c.offline(ctx, t, d)
}

// offline backs up a data directory that no gateway has open.
func (c *backupCreate) offline(ctx context.Context, t *terminal, d *unnamed) (receipt gatehouse.BackupReceipt, err error) {
	s, err := openOffline(c.Data)
	if err != nil {
		return receipt, err
	}
	defer s.Close()
	source, err := c.source(t)
	if err != nil {
		return receipt, err
	}
	if source.dir = c.Data; c.KeyFile != "" {
		source = keySource{environ: environ{masterKeyVariable + "_FILE=" + c.KeyFile}}
	}
	keys, err := openKeys(ctx, s, source)
	if err != nil {
		return receipt, err
	}
	from, err := backupSource(s, c.Data)
	if err != nil {
		return receipt, err
	}
	total, err := backup.Measure(ctx, from)
	if err != nil {
		return receipt, err
	}
	sum := sha256.New()
	count := &counted{total: total, tell: progress(t, "backup")}
	if receipt.Manifest, err = backup.Create(ctx, io.MultiWriter(d, sum, count), keys.Keyring, from); err != nil {
		return receipt, err
	}
	receipt.FileBytes, receipt.FileSHA256 = count.done, hex.EncodeToString(sum.Sum(nil))
	return receipt, nil
}

// backupSource is a store of a data directory ("": in memory) as a backup needs it.
func backupSource(s store.Store, dir string) (backup.Source, error) {
	from := backup.Source{Store: s, Schema: local.Schema, Program: thisBuild().Version, Created: time.Now()}
	if dir == "" {
		return from, nil
	}
	blobs, err := local.OpenBlobs(dir, 0)
	from.Blobs = blobs
	return from, err
}

// backupVerify looks into a backup.
type backupVerify struct {
	File      string `arg:"" help:"The backup."`
	backupKey `embed:""`
}

// Run restores into memory.
func (c *backupVerify) Run(ctx context.Context, t *terminal) error {
	keys, err := c.open(ctx, t)
	if err != nil {
		return err
	}
	s := memory.New()
	defer s.Close()
	receipt, err := restoreFrom(ctx, c.File, keys, backup.Target{Store: s, Put: hashOnly, Schema: local.Schema}, progress(t, "verify"))
	if err != nil {
		return backupFailure("verify "+c.File, err)
	}
	r := backupReport{File: c.File, BackupReceipt: receipt}
	return r.print(t, c.File+" is whole")
}

// hashOnly stands for a place of blobs: to verify one, its sum is enough.
func hashOnly(ctx context.Context, r io.Reader) (string, error) {
	sum := sha256.New()
	_, err := io.Copy(sum, store.LimitBlob(ctx, r, 1<<62))
	return hex.EncodeToString(sum.Sum(nil)), err
}

// restoreFrom restores a file into a target.
func restoreFrom(ctx context.Context, path string, keys *ring, to backup.Target, tell func(done, total int64)) (receipt gatehouse.BackupReceipt, err error) {
	f, err := os.Open(path)
	if err != nil {
		return receipt, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return receipt, err
	}
	if !info.Mode().IsRegular() {
		return receipt, errors.New("it is no file")
	}
	sum := sha256.New()
	count := &counted{total: info.Size(), tell: tell}
	m, err := backup.Restore(ctx, io.TeeReader(f, io.MultiWriter(sum, count)), keys.Keyring, to)
	if err != nil {
		return receipt, err
	}
	return gatehouse.BackupReceipt{Manifest: m, FileBytes: count.done, FileSHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// backupFailure says what an error of a backup means, and what to do.
func backupFailure(act string, err error) error {
	if f := (*failure)(nil); errors.As(err, &f) || errors.Is(err, context.Canceled) {
		return err
	}
	f := &failure{Exit: exitFailed, Code: "BackupFailed", What: "cannot " + act, Why: err.Error(), Do: "remove the reason and try again; nothing was changed", cause: err}
	switch {
	case errors.Is(err, seal.ErrKey):
		f.Exit, f.Code, f.Do = exitUnauthorised, "OtherMasterKey", "give the master key that the gateway had when the backup was made, with --key-file or GATEHOUSE_MASTER_KEY"
	case errors.Is(err, seal.ErrBroken), errors.Is(err, backup.ErrMalformed):
		f.Exit, f.Code, f.Do = exitRefused, "BadBackup", "do not trust this file: copy it again from where it came from and compare its SHA-256, or take another backup"
	case errors.Is(err, backup.ErrNewer):
		f.Exit, f.Code, f.Do = exitRefused, "BackupNewer", "use the gatehouse that made it, or a newer one"
	case errors.Is(err, fs.ErrNotExist):
		f.Exit, f.Code, f.Do = exitNotFound, "NoBackup", "name a file that backup create has made"
	}
	return f
}

// A counted stream tells how far it is.
type counted struct {
	done, total int64
	tell        func(done, total int64)
}

// Write counts.
func (c *counted) Write(p []byte) (int, error) {
	c.done += int64(len(p))
	c.tell(c.done, c.total)
	return len(p), nil
}

// progress tells on the terminal how far something is: one line that changes,
// or off a terminal a line for each tenth.
func progress(t *terminal, what string) func(done, total int64) {
	last := int64(-1)
	return func(done, total int64) {
		percent := int64(100)
		if done < total {
			percent = int64(float64(done) / float64(total) * 100)
		}
		if !t.talkIsTTY {
			percent -= percent % 10
		}
		if t.quiet || percent <= last {
			return
		}
		last = percent
		line := fmt.Sprintf("%s: %d %% of %s", what, percent, inBytes(total))
		if !t.talkIsTTY {
			t.sayf("%s", line)
			return
		}
		fmt.Fprintf(t.talk, "\r%s", line)
		if percent == 100 {
			t.sayf("")
		}
	}
}

// inBytes writes a number of bytes for a person.
func inBytes(n int64) string {
	const step = 1024
	units := [...]string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	f, i := float64(n), 0
	for ; f >= step && i < len(units)-1; i++ {
		f /= step
	}
	if i == 0 {
		return fmt.Sprintf("%d %s", n, units[i])
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}

// receiptOf reads what the gateway says of a backup.
func receiptOf(field string) (r gatehouse.BackupReceipt, err error) {
	if err = json.Unmarshal([]byte(field), &r); err == nil && r.FileSHA256 == "" {
		err = errors.New("names no sum")
	}
	if err != nil {
		err = fmt.Errorf("field %s %.80q is not understood: %v: is the gateway of another version?", gatehouse.BackupField, cmp.Or(field, "(missing)"), err)
	}
	return r, err
}
