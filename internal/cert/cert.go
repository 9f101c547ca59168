// Package cert keeps the certificates that listeners show: it reads them from
// files, chooses one by the server name that a client asks for, and reads them
// again when the files change, so that a renewal needs no restart. Clients are
// the other way round: what this gateway shows to backends, from the store.
package cert

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Pair names the PEM files of a certificate chain, leaf first, and of its
// private key.
type Pair struct{ Cert, Key string }

// A Keeper keeps the certificates of one listener. What cannot be read again
// leaves the last good certificate in place: a renewal that went wrong is
// seen in the log and in Err, and not by the clients before the old one ends.
//
// GetCertificate, Reload, Err and NotAfter may be called concurrently.
type Keeper struct {
	log    *slog.Logger
	served atomic.Pointer[set]

	mu   sync.Mutex // held while reading files
	held []*held
	err  error

	watch *watch
}

// held is a Pair and what was read from it last.
type held struct {
	Pair
	certText, keyText []byte
	good              *tls.Certificate
}

// maxFile bounds a certificate or key file in bytes. The longest chains of
// public authorities have some 8 KiB.
const maxFile = 1 << 20

// Files is Open for a single pair.
func Files(certFile, keyFile string, log *slog.Logger) (*Keeper, error) {
	return Open([]Pair{{certFile, keyFile}}, log)
}

// Open reads the pairs and watches their directories until Close. Every pair
// must be good now. The first pair answers clients that ask for a name that no
// certificate has, or for none.
func Open(pairs []Pair, log *slog.Logger) (*Keeper, error) {
	if len(pairs) == 0 {
		return nil, errors.New("no certificate: name at least one pair of files")
	}
	k := &Keeper{log: log}
	for _, p := range pairs {
		k.held = append(k.held, &held{Pair: p})
	}
	if _, err := k.read(); err != nil {
		return nil, err
	}
	w, err := startWatch(k)
	if err != nil {
		return nil, fmt.Errorf("watch the directories of certificates: %w", err)
	}
	k.watch = w
	return k, nil
}

// Close ends the watch. The certificates read last are served on.
func (k *Keeper) Close() error { return k.watch.close() }

// GetCertificate is for tls.Config. It never reads a file.
func (k *Keeper) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return k.served.Load().choose(hello), nil
}

// Reload reads all files again at once, as for SIGHUP, and reports what was
// wrong with them. Pairs that are good are served even so.
func (k *Keeper) Reload() error {
	changed, err := k.read()
	k.report(changed, err)
	return err
}

// Err is what was wrong with the files when they were read last, or nil.
func (k *Keeper) Err() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

// NotAfter tells when the certificate served for each name ends.
func (k *Keeper) NotAfter() map[string]time.Time {
	ends := map[string]time.Time{}
	for name, certs := range k.served.Load().byName {
		ends[name] = certs[0].Leaf.NotAfter
	}
	return ends
}

// read reads all pairs and publishes what is good.
func (k *Keeper) read() (changed []*tls.Certificate, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for _, h := range k.held {
		fresh, err := h.read()
		if err != nil {
			errs = append(errs, err)
		} else if fresh {
			changed = append(changed, h.good)
		}
	}
	k.err = errors.Join(errs...)
	if k.served.Load() == nil && k.err != nil {
		return nil, k.err
	}
	if len(changed) > 0 {
		k.served.Store(newSet(k.held))
	}
	return changed, k.err
}

// report logs what a reading again has found.
func (k *Keeper) report(changed []*tls.Certificate, err error) {
	if err != nil {
		k.log.Error("certificate not read again; the last good one stays in use", "err", err)
	}
	for _, c := range changed {
		k.log.Info("certificate read again", "names", strings.Join(names(c), ", "), "not_after", c.Leaf.NotAfter)
		if time.Now().After(c.Leaf.NotAfter) {
			k.log.Warn("this certificate has expired: clients will refuse it", "names", strings.Join(names(c), ", "))
		}
	}
}

// read reads one pair and tells whether it is another one than before.
func (h *held) read() (fresh bool, err error) {
	certText, err := readFile(h.Cert)
	if err != nil {
		return false, fmt.Errorf("certificate: %w", err)
	}
	keyText, err := readFile(h.Key)
	if err != nil {
		return false, fmt.Errorf("key: %w", err)
	}
	if h.good != nil && bytes.Equal(certText, h.certText) && bytes.Equal(keyText, h.keyText) {
		return false, nil
	}
	c, err := tls.X509KeyPair(certText, keyText)
	if err != nil {
		return false, fmt.Errorf("certificate %s with key %s: %w", h.Cert, h.Key, err)
	}
	h.certText, h.keyText, h.good = certText, keyText, &c
	return true, nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s: longer than %d bytes: it is no PEM file of a certificate or key", name, maxFile)
	}
	return text, err
}
