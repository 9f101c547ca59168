//go:build !linux

package main

import "syscall"

// dieWithParent does nothing where the kernel cannot do it. The bench needs
// /proc and taskset and so runs on Linux only; elsewhere it says what it lacks.
func dieWithParent() *syscall.SysProcAttr { return nil }
