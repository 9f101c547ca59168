package control

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"strings"
	"sync"

	"gatehouse/internal/gate"
	"gatehouse/internal/store"
)

// What a deployment was made from
//
// The nouns that a deployment freezes are what is served, and have forgotten
// names, descriptions and versions. An export of a stage shows them as they were
// deployed, so a deployment also keeps the documents themselves, cut by a hash
// of their keys as its routes are: an edit writes one part anew, and all others
// are shared with the deployment before it. A part is a JSON object of the
// documents by their keys, in deflate (RFC 1951), under the sum of that.
const (
	wantPart = 128 << 10 // bytes of documents
	maxPart  = 64 << 20  // what a part may unpack to
	// HeadPart is the key of the API's own document among the parts.
	HeadPart = "api"
)

// ErrPart says that one document is too large to be kept with a deployment.
var ErrPart = errors.New("a resource of it is too large to be kept")

// deflaters are spare writers: a new one takes more than a megabyte.
var deflaters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(io.Discard, flate.BestSpeed) // the level is a constant that exists
	return w
}}

// Pack makes the parts of what a deployment was made from: the API's head, and
// the documents below tree by the rest of their keys.
func Pack(head any, tree string, docs []store.Doc) ([]gate.Chunk, error) {
	text, err := Encode(head)
	if err != nil {
		return nil, err
	}
	docs = append([]store.Doc{{Key: tree + HeadPart, Value: text}}, docs...)
	total := 0
	for _, doc := range docs {
		total += len(doc.Value)
	}
	for n := 1; n <= 1<<20; n *= 2 {
		if n*wantPart < total && n < len(docs) {
			continue
		}
		chunks, err := packInto(docs, tree, n)
		if err != nil || chunks != nil {
			return chunks, err
		}
	}
	return nil, ErrPart
}

// packInto makes at most n parts; nil if one came out too large.
func packInto(docs []store.Doc, tree string, n int) ([]gate.Chunk, error) {
	parts := make([]bytes.Buffer, n)
	h := fnv.New32a()
	for _, doc := range docs {
		key := strings.TrimPrefix(doc.Key, tree)
		h.Reset()
		_, _ = io.WriteString(h, key) // a hash takes everything
		p := &parts[h.Sum32()%uint32(n)]
		if p.Len() == 0 {
			p.WriteByte('{')
		} else {
			p.WriteByte(',')
		}
		p.Write(strconv.AppendQuote(p.AvailableBuffer(), key)) // of plain characters
		p.WriteByte(':')
		p.Write(doc.Value)
	}
	var chunks []gate.Chunk
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	for i := range parts {
		if parts[i].Len() == 0 {
			continue
		}
		parts[i].WriteByte('}')
		var packed bytes.Buffer
		w.Reset(&packed)
		if _, err := w.Write(parts[i].Bytes()); err != nil {
			return nil, fmt.Errorf("pack a deployment: %w", err)
		}
		if err := w.Close(); err != nil {
			return nil, fmt.Errorf("pack a deployment: %w", err)
		}
		if packed.Len() > gate.MaxChunk {
			return nil, nil
		}
		sum := sha256.Sum256(packed.Bytes())
		chunks = append(chunks, gate.Chunk{Sum: hex.EncodeToString(sum[:]), Text: packed.Bytes()})
	}
	return chunks, nil
}

// Unpack visits the documents that a deployment was made from.
func (d *Desk) Unpack(ctx context.Context, sums []string, visit func(key string, doc []byte) error) error {
	for _, sum := range sums {
		doc, err := d.Store.Get(ctx, gate.ChunkKey(sum))
		if err != nil {
			return fmt.Errorf("read %s: %w", gate.ChunkKey(sum), err)
		}
		if got := sha256.Sum256(doc.Value); hex.EncodeToString(got[:]) != sum {
			return fmt.Errorf("chunk %s: its bytes have the sum %x: the store is damaged; restore a backup", sum, got)
		}
		text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(doc.Value)), maxPart+1))
		if err == nil && len(text) > maxPart {
			err = fmt.Errorf("it unpacks to more than %d bytes", maxPart)
		}
		var docs map[string]json.RawMessage
		if err == nil {
			err = json.Unmarshal(text, &docs)
		}
		if err != nil {
			return fmt.Errorf("chunk %s: %w", sum, err)
		}
		for key, value := range docs {
			if err := visit(key, value); err != nil {
				return fmt.Errorf("chunk %s: document %s: %w", sum, key, err)
			}
		}
	}
	return nil
}
