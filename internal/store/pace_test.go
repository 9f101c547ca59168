package store

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestPace(t *testing.T) {
	for _, tc := range []struct {
		desc   string
		pieces []time.Duration
		rests  time.Duration
	}{
		{"The first piece begins a turn.", []time.Duration{time.Hour}, 0},
		{"Pieces that fill less than a turn go on.", []time.Duration{0, turn / 4, turn / 4}, 0},
		{"A turn that is over is followed by a rest.", []time.Duration{0, turn / 2, turn / 2, turn / 2}, turn},
		{"The rest is no part of the next turn.", []time.Duration{0, turn, turn / 2}, turn},
		{"A long piece has one rest.", []time.Duration{0, 100 * turn}, turn},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var p Pace
				start, worked := time.Now(), time.Duration(0)
				for _, d := range tc.pieces {
					time.Sleep(d) // the work
					worked += d
					p.Step()
				}
				if got := time.Since(start) - worked; got != tc.rests {
					t.Errorf("rested for %v, want %v", got, tc.rests)
				}
			})
		})
	}
}
