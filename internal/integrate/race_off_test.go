//go:build !race

package integrate

// raceEnabled is explained in race_on_test.go.
const raceEnabled = false
