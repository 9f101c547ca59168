// Package backup writes all that a store holds at one revision into one sealed
// file, while the store is in use, and brings it back.
//
// Under the seal (package seal, place "backup") a backup is a row of records,
// each one byte that says its kind and then its parts. Lengths are uvarints.
//
//	H  len JSON             Head: what is to be known before anything is read
//	D  len key, len value   a document; in the order of keys
//	B  name (32), len blob  a blob; in the order of names
//	E  len JSON             Manifest: how much there was, and its sums; then the end
//
// Revisions of documents are not kept: a store that is restored counts anew.
package backup

import (
	"errors"
	"time"
)

// Place is what a backup is sealed for.
const Place = "backup"

// Format is the number of the layout that this code reads and writes.
const Format = 1

// Errors that a caller may test for with errors.Is, besides those of package seal.
var (
	// ErrNewer: the backup was made by a newer program.
	ErrNewer = errors.New("backup was made by a newer gatehouse")
	// ErrMalformed: it opens, but holds something else than it says. No disk and
	// no enemy does that: it is a defect of the program that made it.
	ErrMalformed = errors.New("backup contradicts itself")
	// ErrNotEmpty: the store to restore into holds documents.
	ErrNotEmpty = errors.New("store is not empty")
)

// A Head begins a backup.
type Head struct {
	Format  int       `json:"format"`
	Schema  int       `json:"schema"`  // of the documents
	Program string    `json:"program"` // version of the gatehouse that made it
	Created time.Time `json:"created"`
}

// A Manifest tells what a backup holds.
type Manifest struct {
	Head
	Revision  uint64 `json:"revision"` // of the store, of which the documents are a snapshot
	Documents Sum    `json:"documents"`
	Blobs     Sum    `json:"blobs"`
}

// A Sum counts documents or blobs.
type Sum struct {
	Count  int64  `json:"count"`
	Bytes  int64  `json:"bytes"`  // of keys and values, or of contents
	SHA256 string `json:"sha256"` // of the D records, or of the blobs' names, in their order
}

// Kinds of records.
const (
	kindHead     = 'H'
	kindDocument = 'D'
	kindBlob     = 'B'
	kindManifest = 'E'
)

// maxJSON bounds a Head and a Manifest in bytes.
const maxJSON = 4 << 10
