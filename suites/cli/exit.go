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
// What the user names and is not there or can't be read is 2: a file, a program, a
// server's token, a plugin that --plugins lacks. A missing Go toolchain and missing sources
// of the sample plugins are 3: nothing that was named is wrong, the harness lacks what it
// works with. A file or a directory that can't be written is 2 before the work, as the command
// line names it, and 3 after it. An address that can't be one is 2; one where nobody
// answers, or where somebody else listens, is 3. A server that refuses the token is 3; a
// server that may not be used without --yes-this-server is 2.
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

// interrupted returns the error of a command that was ended with err, of which only that
// is repeated which says more than that: "context canceled" tells a user nothing.
func interrupted(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	ended := func(err error) bool {
		return errors.Is(err, context.Canceled) || errors.Is(err, cause) || err == context.DeadlineExceeded //nolint:errorlint // nothing more
	}
	if rest := leaveOut(err, ended); rest != nil {
		return fmt.Errorf("%w: %w", errInterrupted, rest)
	}
	return errInterrupted
}

// leaveOut returns the errors that were joined without those that fit; nil for none.
func leaveOut(err error, fits func(error) bool) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || errors.Join(joined.Unwrap()...).Error() != err.Error() {
		if fits(err) {
			return nil
		}
		return err
	}
	var rest []error
	for _, part := range joined.Unwrap() {
		rest = append(rest, leaveOut(part, fits))
	}
	return errors.Join(rest...)
}
