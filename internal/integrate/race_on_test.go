//go:build race

package integrate

// raceEnabled: the race detector makes sync.Pool forget at random.
const raceEnabled = true
