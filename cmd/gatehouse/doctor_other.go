//go:build !(linux || darwin || freebsd)

package main

// openFilesLimit is not known here.
func openFilesLimit() (limit uint64, ok bool) { return 0, false }

// freeSpace is not known here.
func freeSpace(string) (free uint64, ok bool) { return 0, false }

// writable is not known here; a start says it.
func writable(string) error { return nil }
