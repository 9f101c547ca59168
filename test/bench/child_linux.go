package main

import "syscall"

// dieWithParent has the kernel end a child when the bench is killed.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
