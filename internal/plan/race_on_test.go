//go:build race

package plan

// raceEnabled: the race detector makes sync.Pool forget at random.
const raceEnabled = true
