//go:build !race

package logs

const racing = false
