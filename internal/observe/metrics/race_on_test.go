//go:build race

package metrics

// racing: the race detector allocates on its own account.
const racing = true
