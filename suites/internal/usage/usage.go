// SPDX-License-Identifier: MPL-2.0

// Package usage marks errors that the user corrects on the command line, in a
// variable or in a configuration file. Commands end with exit code 2 for them.
package usage

import "fmt"

// Error is wrong usage or configuration.
type Error struct{ Err error }

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Wrap marks err as the user's to correct. It returns nil for nil.
func Wrap(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Err: err}
}

// Errorf is Wrap(fmt.Errorf(format, args...)).
func Errorf(format string, args ...any) error { return Wrap(fmt.Errorf(format, args...)) }
