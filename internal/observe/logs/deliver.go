package logs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// This file is the writer's side of Stages: all of it runs on one goroutine.

// deliver writes a chunk: the lines of each destination together.
func (s *Stages) deliver(c *chunk) {
	if s.reopen.Swap(false) {
		s.closeAll()
	}
	now := time.Now()
	for i := range c.runs {
		to := c.runs[i].to
		if to == nil {
			continue // written with an earlier run
		}
		s.put(to, s.collect(c, i), now)
	}
	s.closeUnused(now)
}

// collect is the lines of run i and of all later ones with the same
// destination, which it strikes out.
func (s *Stages) collect(c *chunk, i int) []byte {
	to, start := c.runs[i].to, 0
	if i > 0 {
		start = c.runs[i-1].end
	}
	lines := c.b[start:c.runs[i].end]
	gathered := false
	for j := i + 1; j < len(c.runs); j++ {
		if c.runs[j].to != to {
			continue
		}
		if !gathered {
			s.gather, gathered = append(s.gather[:0], lines...), true
		}
		s.gather = append(s.gather, c.b[c.runs[j-1].end:c.runs[j].end]...)
		c.runs[j].to = nil
	}
	if gathered {
		return s.gather
	}
	return lines
}

// put writes whole lines to a destination.
func (s *Stages) put(to *destination, lines []byte, now time.Time) {
	if err := s.ready(to, now); err != nil {
		s.fail(bytes.Count(lines, newline), err)
		return
	}
	if lost, err := to.outlet.put(lines); err != nil {
		s.fail(lost, err)
	}
}

// ready opens the file of a destination, if it has one that is not open.
func (s *Stages) ready(to *destination, now time.Time) error {
	to.used = now
	if to.path == "" || to.file != nil {
		return nil
	}
	if len(s.opened) >= maxOpen {
		s.close(slices.MinFunc(s.opened, func(a, b *destination) int { return a.used.Compare(b.used) }))
	}
	if err := os.MkdirAll(filepath.Dir(to.path), DirMode); err != nil {
		return fmt.Errorf("make the directory of a log: %w", err)
	}
	f, err := OpenFile(to.path, s.o.MaxSize, s.o.Keep)
	if err != nil {
		return err
	}
	to.file, to.out = f, f
	s.opened = append(s.opened, to)
	return nil
}

// DirMode is the mode of a directory of log files when it is created.
const DirMode = 0o750

// close lets go of a destination's file.
func (s *Stages) close(to *destination) {
	if err := to.file.Close(); err != nil {
		s.fail(0, err)
	}
	to.file, to.out = nil, nil
	s.opened = slices.DeleteFunc(s.opened, func(d *destination) bool { return d == to })
}

// closeUnused closes the files that nothing was written to for a while.
func (s *Stages) closeUnused(now time.Time) {
	for _, d := range slices.Clone(s.opened) {
		if now.Sub(d.used) > idleAfter {
			s.close(d)
		}
	}
}

// closeAll closes every file.
func (s *Stages) closeAll() {
	for len(s.opened) > 0 {
		s.close(s.opened[0])
	}
}
