package h1

import "sync"

// Buffers come in two sizes: a small one for nearly every head, a large one
// for long heads and streamed bodies. Anything else is made for the occasion
// and not kept.
const (
	smallBuffer = 4 << 10
	largeBuffer = 32 << 10
)

type buffer struct{ b []byte }

// The pools hold nothing but spare memory, so they may be shared by all.
var (
	smallBuffers = sync.Pool{New: func() any { return &buffer{make([]byte, 0, smallBuffer)} }}
	largeBuffers = sync.Pool{New: func() any { return &buffer{make([]byte, 0, largeBuffer)} }}
)

// takeBuffer returns an empty buffer of at least the given capacity.
func takeBuffer(size int) *buffer {
	switch {
	case size <= smallBuffer:
		return smallBuffers.Get().(*buffer)
	case size <= largeBuffer:
		return largeBuffers.Get().(*buffer)
	}
	return &buffer{make([]byte, 0, size)}
}

// give returns a buffer that nothing points into any more.
func (b *buffer) give() {
	if b == nil {
		return
	}
	poison(b.b)
	b.b = b.b[:0]
	switch cap(b.b) {
	case smallBuffer:
		smallBuffers.Put(b)
	case largeBuffer:
		largeBuffers.Put(b)
	}
}
