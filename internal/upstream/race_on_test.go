//go:build race

package upstream

// raceEnabled: the race detector makes sync.Pool forget at random.
const raceEnabled = true
