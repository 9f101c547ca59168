//go:build race

package logs

// racing: the race detector allocates on its own account.
const racing = true
