package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A sized is what was found at one size of the catalogue.
type sized struct {
	catalogue
	ready    time.Duration // from the start of the process
	compiled time.Duration // likewise, until every stage is compiled
	cold     []float64     // milliseconds of first requests to stages
	resident int64         // bytes of the process when all was compiled
	weight   float64       // bytes of heap a compiled route
	look     float64       // nanoseconds of a look-up
	costs    []float64     // CPU of a request to any route, in U, a round each
	inMemory []float64     // milliseconds from an edit to its traffic, sorted
	onDisk   []float64
}

// Bounds of a catalogue of any size.
const (
	maxReady  = 500 * time.Millisecond
	maxCold   = 20.0   // milliseconds, of the slowest
	maxWeight = 1000.0 // bytes
	maxFar    = 1.3    // U
)

// grown is from how many routes on their weight is judged: what an API and its
// stage hold for themselves is most of a smaller catalogue.
const grown = 1000

// large is from how many routes on more time is allowed for what grows with
// them.
const large = 100_000

// maxCompiled, weightBound and maxEdit are the bounds that depend on the size.
func (c catalogue) maxCompiled() time.Duration {
	if c.routes() > large {
		return 50 * time.Second
	}
	return 5 * time.Second
}

func (c catalogue) weightBound() string {
	if c.routes() < grown {
		return "none"
	}
	return fmt.Sprintf("%.0f", maxWeight)
}

func (c catalogue) maxEdit() float64 {
	if c.routes() > large {
		return 50
	}
	return 20
}

// catalogueHead begins the table.
func (s *section) catalogueHead(changes int) {
	s.printf("Each row is a gateway on one core with the on-disk store, filled by ImportApi; each API has a stage that deploys itself. "+
		"A cell that does not hold is bold; the bound stands behind it. An edit is UpdateIntegration until the first answer from the new target, p95 of %d.\n\n", changes)
	s.printf("| routes, APIs | ready | all compiled | first hit of a stage, slowest | resident memory, all compiled | heap a compiled route | bare look-up | " +
		"CPU of a request to any route, in U | edit, memory store | edit, on-disk store | holds |\n")
	s.printf("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n")
}

// catalogueRow prints one size and notes what does not hold.
func (s *section) catalogueRow(r *sized) {
	var broken []string
	cell := func(what string, holds bool, found, bound string) string {
		if holds {
			return fmt.Sprintf("%s (%s)", found, bound)
		}
		broken = append(broken, what)
		s.broken = append(s.broken, fmt.Sprintf("%s of %d routes: %s, %s", what, r.routes(), found, bound))
		return fmt.Sprintf("**%s** (%s)", found, bound)
	}
	slowest, cost, edit := quantile(r.cold, 1), quartilesOf(r.costs), quantile(r.inMemory, 0.95)
	cells := []string{
		fmt.Sprintf("%d, %d", r.routes(), r.apis),
		cell("ready", r.ready < maxReady, fmt.Sprintf("%.0f ms", ms(r.ready)), fmt.Sprintf("%.0f", ms(maxReady))),
		cell("all compiled", r.compiled < r.maxCompiled(), fmt.Sprintf("%.2f s", r.compiled.Seconds()), fmt.Sprintf("%.0f", r.maxCompiled().Seconds())),
		cell("first hit", slowest < maxCold, fmt.Sprintf("%.1f ms of %d", slowest, len(r.cold)), fmt.Sprintf("%.0f", maxCold)),
		fmt.Sprintf("%d MiB", r.resident>>20),
		cell("heap a route", r.weight < maxWeight || r.routes() < grown, fmt.Sprintf("%.0f B", r.weight), r.weightBound()),
		fmt.Sprintf("%.0f ns", r.look),
		cell("CPU", cost.median <= maxFar, fmt.Sprintf("%.2f, %.2f to %.2f", cost.median, cost.lower, cost.upper), fmt.Sprint(maxFar)),
		cell("edit", edit < r.maxEdit(), fmt.Sprintf("%.1f ms", edit), fmt.Sprintf("%.0f", r.maxEdit())),
		fmt.Sprintf("%.1f ms", quantile(r.onDisk, 0.95)),
	}
	word := "yes"
	if len(broken) > 0 {
		word = "**no**: " + strings.Join(broken, ", ")
	}
	s.printf("| %s | %s |\n", strings.Join(cells, " | "), word)
}

// countable are the sizes that the Go benchmark of the plan has too.
func countable() []int { return []int{10, 100, 1000, 10_000, 100_000, 1_000_000} }

// parseSizes reads numbers of routes, separated by commas.
func parseSizes(text string) (sizes []int, err error) {
	for _, word := range strings.Split(text, ",") {
		n, err := strconv.Atoi(word)
		ok := false
		for _, m := range countable() {
			ok = ok || n == m
		}
		if err != nil || !ok {
			return nil, fmt.Errorf("-sizes has %.20q: give some of %s", word, joinInts(countable()))
		}
		sizes = append(sizes, n)
	}
	return sizes, nil
}

func joinInts(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ",")
}
