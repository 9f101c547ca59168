//go:build race

package apigateway

// raceEnabled: the race detector makes all that is long several times as long.
const raceEnabled = true
