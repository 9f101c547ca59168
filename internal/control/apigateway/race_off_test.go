//go:build !race

package apigateway

const raceEnabled = false
