package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"gatehouse/internal/control/gatehouse"
	"gatehouse/internal/sigv4"
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
	if err := sigv4.Sign(request, sigv4.HashPayload(nil), r.credentials(t.environ), gatehouse.ScopeName, r.Region, time.Now()); err != nil {
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
