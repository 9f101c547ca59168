package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
)

// MaxChunk bounds one chunk in bytes, so that it fits any store's document.
const MaxChunk = 512 << 10

// wantChunk is the size that a split aims at, so that one edit of a large API
// rewrites little.
const wantChunk = 128 << 10

// A Chunk is an immutable, content-addressed part of a definition's routes.
type Chunk struct {
	Sum  string // SHA-256 of Text in hex
	Text []byte // a JSON array of routes
}

// Split cuts routes into chunks by a hash of the route id: equal routes give
// equal chunks, and an edit of one route changes one chunk.
func Split(routes []Route) ([]Chunk, error) {
	texts := make([][]byte, len(routes))
	total := 0
	for i := range routes {
		text, err := json.Marshal(&routes[i])
		if err != nil {
			return nil, fmt.Errorf("encode route %s: %w", routes[i].Key, err)
		}
		if len(text)+2 > MaxChunk {
			return nil, fmt.Errorf("route %s takes %d bytes, more than the %d that fit a chunk: shorten it", routes[i].Key, len(text), MaxChunk)
		}
		texts[i], total = text, total+len(text)
	}
	for n := 1; ; n *= 2 {
		if n*wantChunk < total && n < len(routes) {
			continue
		}
		if chunks, ok := cut(routes, texts, n); ok {
			return chunks, nil
		}
	}
}

// cut makes at most n chunks; ok is false where one came out too large.
func cut(routes []Route, texts [][]byte, n int) (chunks []Chunk, ok bool) {
	order := make([]int, len(routes))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(string(routes[a].ID), string(routes[b].ID)) })
	parts := make([][]byte, n)
	for _, i := range order {
		h := fnv.New32a()
		h.Write([]byte(routes[i].ID))
		p := &parts[h.Sum32()%uint32(n)]
		*p = append(append(*p, ','), texts[i]...)
	}
	for _, p := range parts {
		if len(p) == 0 {
			continue
		}
		if len(p)+1 > MaxChunk {
			return nil, false
		}
		p[0] = '['
		p = append(p, ']')
		sum := sha256.Sum256(p)
		chunks = append(chunks, Chunk{hex.EncodeToString(sum[:]), p})
	}
	return chunks, true
}

// ParseChunk reads the routes of a chunk and checks that the text is the one
// that the sum names.
func ParseChunk(sum string, text []byte) ([]Route, error) {
	if got := sha256.Sum256(text); hex.EncodeToString(got[:]) != sum {
		return nil, fmt.Errorf("chunk %s: its text has the sum %x: the store is damaged; restore a backup", sum, got)
	}
	var routes []Route
	if err := json.Unmarshal(text, &routes); err != nil {
		return nil, fmt.Errorf("chunk %s: %w", sum, err)
	}
	for i := range routes {
		routes[i].intern()
	}
	return slices.Clone(routes), nil // without the room to grow that decoding left
}

// intern lets the words that every route repeats be the same string: a plan
// keeps its routes as long as it lives.
func (r *Route) intern() {
	for _, k := range []AuthKind{AuthNone, AuthIAM, AuthJWT, AuthCustom, AuthCognito} {
		if r.Authorization.Kind == k {
			r.Authorization.Kind = k
		}
	}
	in := r.Integration
	if in == nil {
		return
	}
	for _, k := range []IntegrationKind{HTTPProxy, Lambda, AWSService, Private, Mock, HTTPShaped, AWSShaped} {
		if in.Kind == k {
			in.Kind = k
		}
	}
	for _, m := range []string{"ANY", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"} {
		if in.Method == m {
			in.Method = m
		}
	}
}
