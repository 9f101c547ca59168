package apigatewayv2

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

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/openapi"
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
	apiPart  = "api"     // the key of the head
)

// deflaters are spare writers: a new one takes more than a megabyte.
var deflaters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(io.Discard, flate.BestSpeed) // the level is a constant that exists
	return w
}}

// pack makes the parts of what lower has read.
func (d *draft) pack() ([]gate.Chunk, error) {
	head, err := control.Encode(&apiDoc{AWS: d.head.AWS})
	if err != nil {
		return nil, err
	}
	docs := append([]store.Doc{{Key: d.defTree() + apiPart, Value: head}}, d.source...)
	total := 0
	for _, doc := range docs {
		total += len(doc.Value)
	}
	for n := 1; n <= 1<<20; n *= 2 {
		if n*wantPart < total && n < len(docs) {
			continue
		}
		chunks, err := d.packInto(docs, n)
		if err != nil || chunks != nil {
			return chunks, err
		}
	}
	return nil, &undeployable{reason: "a resource of it is too large to be kept"}
}

// packInto makes at most n parts; nil if one came out too large.
func (d *draft) packInto(docs []store.Doc, n int) ([]gate.Chunk, error) {
	parts := make([]bytes.Buffer, n)
	h := fnv.New32a()
	tree := d.defTree()
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

// unpack visits the documents that a deployment was made from.
func (s *Service) unpack(ctx context.Context, sums []string, visit func(key string, doc []byte) error) error {
	for _, sum := range sums {
		doc, err := s.desk.Store.Get(ctx, gate.ChunkKey(sum))
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

// collector makes a definition of the documents of a draft, in any order.
type collector struct {
	head         *apiDoc // nil: not met yet
	authorizers  []authorizerDoc
	integrations []integrationDoc
	routes       []routeDoc
}

// take takes one document by its key below def/. Models are of no document: HTTP
// APIs do not validate.
func (c *collector) take(key string, doc []byte) error {
	switch kind, _, _ := strings.Cut(key, "/"); kind {
	case apiPart:
		c.head = new(apiDoc)
		return control.Decode(doc, c.head)
	case "authorizers":
		c.authorizers = append(c.authorizers, authorizerDoc{})
		return control.Decode(doc, &c.authorizers[len(c.authorizers)-1])
	case "integrations":
		c.integrations = append(c.integrations, integrationDoc{})
		return control.Decode(doc, &c.integrations[len(c.integrations)-1])
	case "routes":
		c.routes = append(c.routes, routeDoc{})
		return control.Decode(doc, &c.routes[len(c.routes)-1])
	}
	return nil
}

// definition puts together what belongs together.
func (c *collector) definition() (*openapi.Definition, error) {
	if c.head == nil {
		return nil, errors.New("the API's own document is missing: the store is damaged; restore a backup")
	}
	def := &openapi.Definition{API: sayable(c.head.AWS)}
	authorizers, integrations := map[string]*openapi.Authorizer{}, map[string]*openapi.Integration{}
	for _, a := range c.authorizers {
		one := &openapi.Authorizer{AWS: a.AWS}
		authorizers[text(a.AWS.AuthorizerId)] = one
		def.Authorizers = append(def.Authorizers, one)
	}
	for _, i := range c.integrations {
		one := &openapi.Integration{AWS: i.AWS}
		integrations[text(i.AWS.IntegrationId)] = one
		def.Integrations = append(def.Integrations, one)
	}
	for _, r := range c.routes {
		def.Routes = append(def.Routes, &openapi.Route{AWS: r.AWS,
			Authorizer:  authorizers[text(r.AWS.AuthorizerId)],
			Integration: integrations[strings.TrimPrefix(text(r.AWS.Target), targetPrefix)]})
	}
	def.Sort()
	return def, nil
}
