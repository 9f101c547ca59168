//go:build race

package h1

const raceEnabled = true // sync.Pool drops buffers at random under the race detector
