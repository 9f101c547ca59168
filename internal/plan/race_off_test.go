//go:build !race

package plan

// raceEnabled is explained in race_on_test.go.
const raceEnabled = false
