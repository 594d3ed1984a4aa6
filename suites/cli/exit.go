// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/report"
)

// errInterrupted reports that a command was ended before it came to a result.
// Whatever else went wrong may be because of that.
var errInterrupted = errors.New("the run was interrupted")

// exitError ends the program with a code. Its text may be empty: the result is
// printed already.
type exitError struct {
	code int
	text string
}

func (e *exitError) Error() string { return e.text }

// exitWith ends the program with a code and nothing more to say.
func exitWith(code int) error { return &exitError{code: code} }

// found ends the program with the code of differences or findings, which are
// printed already; the text sums them up.
func found(format string, args ...any) error {
	return &exitError{code: report.ExitDeviates, text: fmt.Sprintf(format, args...)}
}

// exitCode returns the exit code of a command's error. It is the one place that
// assigns codes: the same cause has the same code in every command.
//
//	0  conforms
//	1  a plugin or server does not; two sides differ; there are findings
//	2  wrong usage or configuration: the user has to change the command line, a
//	   variable or a file that one of them names
//	3  the harness or the target failed, or the command was interrupted
//
// A missing Go toolchain and missing sources of the sample plugins are 3: nothing on
// the command line is wrong, the harness lacks what it works with. A directory
// given with --plugins that lacks a plugin is 2. A file that can't be written is 2
// before the work, as the command line names it, and 3 after it. A server that refuses
// the token is 3; a server that may not be used without --yes-this-server is 2.
func exitCode(err error) int {
	var known *exitError
	switch {
	case err == nil:
		return report.ExitConforms
	case errors.Is(err, errInterrupted):
		return report.ExitBroken
	case errors.As(err, &known):
		return known.code
	case errors.As(err, new(*usage.Error)):
		return report.ExitUsage
	}
	return report.ExitBroken
}

// interrupted returns the error of a command that was ended with err, which is
// repeated unless it only says the same.
func interrupted(err error) error {
	if isBare(err) {
		return errInterrupted
	}
	return fmt.Errorf("%w: %w", errInterrupted, err)
}

// isBare reports whether an error is the end of a context and says nothing more, also
// where it was joined with nil.
func isBare(err error) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all := joined.Unwrap()
		return len(all) == 1 && isBare(all[0])
	}
	return err == context.Canceled || err == context.DeadlineExceeded //nolint:errorlint // the same
}
