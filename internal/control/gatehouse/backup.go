package gatehouse

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"

	"gatehouse/internal/store/backup"
	"gatehouse/internal/wire"
)

// BackupPath is where CreateBackup is, a POST without a body. The answer is the
// backup as a file; BackupField tells what is in it.
const BackupPath = PathPrefix + "/backup"

// BackupField is the field of the answer that holds a BackupReceipt in JSON.
const BackupField = "X-Gatehouse-Backup"

// A BackupReceipt tells what a backup holds, and what its file must be.
type BackupReceipt struct {
	backup.Manifest
	FileBytes  int64  `json:"fileBytes"`
	FileSHA256 string `json:"fileSha256"`
}

// A Backup answers CreateBackup. Its fields are set before the first call.
type Backup struct {
	// Create writes a sealed backup. An *wire.Error is told to the caller.
	Create func(ctx context.Context, w io.Writer) (backup.Manifest, error)
	// Dir is where a backup waits until it is sent; "" is the system's
	// directory for such files. It is sealed, and has no name there.
	Dir string

	busy atomic.Bool
}

// Handler serves the operation.
func (b *Backup) Handler(o wire.Options) (http.Handler, error) {
	inner, err := wire.NewHandler(wire.Table{
		Service: ScopeName, Invalid: typeBadRequest,
		Operations: []wire.Operation{wire.Op("CreateBackup", http.MethodPost, BackupPath, http.StatusOK, b.create)},
	}, o)
	if err != nil {
		return nil, err
	}
	return sender{inner}, nil
}

type createBackupInput struct{}
type createBackupOutput struct{}

// create makes the backup whole before anything is sent: it fails with a
// proper error or not at all, and a slow client does not hold the store's
// snapshot.
func (b *Backup) create(ctx context.Context, _ *createBackupInput) (*createBackupOutput, error) {
	if !b.busy.CompareAndSwap(false, true) {
		return nil, &wire.Error{Type: "ConflictException", Status: http.StatusConflict,
			Message: "A backup is being made already. Wait for it to end."}
	}
	defer b.busy.Store(false)
	f, err := os.CreateTemp(b.Dir, ".backup-*") // 0600
	if err != nil {
		return nil, fmt.Errorf("make a file for the backup: %w", err)
	}
	p := parcelOf(ctx)
	p.file = f
	_ = os.Remove(f.Name()) // where an open file cannot lose its name, close does it
	sum := sha256.New()
	if p.receipt.Manifest, err = b.Create(ctx, io.MultiWriter(f, sum)); err != nil {
		return nil, err
	}
	p.receipt.FileSHA256 = hex.EncodeToString(sum.Sum(nil))
	if p.receipt.FileBytes, err = f.Seek(0, io.SeekCurrent); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	return &createBackupOutput{}, err
}

// A parcel is a backup on its way from the operation to the sender.
type parcel struct {
	file    *os.File // nil: none
	receipt BackupReceipt
}

type parcelKey struct{}

func parcelOf(ctx context.Context) *parcel { return ctx.Value(parcelKey{}).(*parcel) }

func (p *parcel) close() {
	if p.file != nil {
		p.file.Close()
		_ = os.Remove(p.file.Name()) // mostly gone already
	}
}

// A sender lets an ordinary operation decide, and sends the file that it made
// in place of its empty answer: operations answer from memory.
type sender struct{ inner http.Handler }

// ServeHTTP answers one call.
func (s sender) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := &parcel{}
	defer p.close()
	a := &held{ResponseWriter: w, status: http.StatusOK}
	s.inner.ServeHTTP(a, r.WithContext(context.WithValue(r.Context(), parcelKey{}, p)))
	if a.status != http.StatusOK {
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body.Bytes()) // who does not read it has gone
		return
	}
	receipt, err := json.Marshal(p.receipt)
	if err != nil {
		panic(err) // numbers, texts and a time
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Length", strconv.FormatInt(p.receipt.FileBytes, 10))
	h.Set(BackupField, string(receipt))
	w.WriteHeader(http.StatusOK)
	if _, err := io.Copy(w, p.file); err != nil {
		panic(http.ErrAbortHandler) // the head is out: the client must not take this for the whole
	}
}

// held keeps an answer back, but for its header.
type held struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader keeps the status.
func (h *held) WriteHeader(status int) { h.status = status }

// Write keeps the body.
func (h *held) Write(p []byte) (int, error) { return h.body.Write(p) }
