//go:build !race

package upstream

// raceEnabled is explained in race_on_test.go.
const raceEnabled = false
