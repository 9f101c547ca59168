package main

import (
	"errors"
	"fmt"
	"strings"
)

// What the process exits with. Scripts rely on these.
const (
	exitDone         = 0
	exitFailed       = 1
	exitRefused      = 3 // validation found errors
	exitNotFound     = 4
	exitConflict     = 5
	exitUnauthorised = 6
	exitUnreachable  = 7
	exitUsage        = 64
	exitInterrupted  = 130
)

// A failure is an error as a person meets it: what failed, why, and what to
// do about it. Every command returns one, or an error that becomes one.
type failure struct {
	Exit      int
	Code      string // for programs: AddressInUse
	What      string
	Why       string // several lines where several things are wrong
	Do        string
	RequestID string // of the control call that failed, if one did
	cause     error
}

func (f *failure) Error() string {
	return fmt.Sprintf("%s: %s: %s", f.What, strings.ReplaceAll(f.Why, "\n", "; "), f.Do)
}

func (f *failure) Unwrap() error { return f.cause }

// failureOf is the failure that an error is, or that of a plain error.
func failureOf(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return &failure{Exit: exitFailed, Code: "Failed", What: "gatehouse failed", Why: err.Error(),
		Do: "if the reason does not help, run it again with --verbose", cause: err}
}

// usage is the failure of a command line that means nothing.
func usage(why string) *failure {
	return &failure{Exit: exitUsage, Code: "Usage", What: "the command line is not understood", Why: why,
		Do: "see gatehouse help"}
}
