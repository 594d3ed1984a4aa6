// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"errors"
	"fmt"
	"strings"

	"github.com/plugproof/plugproof/suites/internal/usage"
)

// The kinds of failure. Errors of this package match one of them with
// errors.Is.
var (
	// ErrUsage: the target was named or chosen wrongly.
	ErrUsage = usage.Errorf("wrong use of a target")
	// ErrNotAllowed: a server that somebody else runs was not released with
	// Options.ThisServer. It is wrong use too.
	ErrNotAllowed = fmt.Errorf("server not released: %w", ErrUsage)
	// ErrNotAServer: the program or image is not a known server.
	ErrNotAServer = errors.New("not a known server")
	// ErrWrongArchitecture: a program was built for another machine.
	ErrWrongArchitecture = errors.New("wrong architecture")
	// ErrExited: the server ended before it was ready.
	ErrExited = errors.New("server ended")
	// ErrPortTaken: another process listens where the server should.
	ErrPortTaken = errors.New("port taken")
	// ErrNotReady: the server did not become ready in time.
	ErrNotReady = errors.New("server not ready")
	// ErrTokenRefused: the server does not accept the token.
	ErrTokenRefused = errors.New("token refused")
	// ErrUnreachable: nothing answers at the address.
	ErrUnreachable = errors.New("server unreachable")
	// ErrTLS: no trusted TLS connection came about.
	ErrTLS = errors.New("TLS failed")
	// ErrNoEngine: no container engine answers.
	ErrNoEngine = errors.New("no container engine")
	// ErrImageMissing: the image is neither local nor can it be had.
	ErrImageMissing = errors.New("image missing")
)

// Error is a target's failure as the user reads it: which target, what went
// wrong and what to do.
type Error struct {
	// Target is the target as the user named it.
	Target string
	// Kind is one of this package's Err values, or steps.ErrUnsupported.
	Kind error
	// Problem says in one sentence what went wrong.
	Problem string
	// Remedy says what the user can do; it may be empty.
	Remedy string
	// Log holds the last lines that the server wrote; it may be empty.
	Log string
	// Err is the cause, if there is one below this package.
	Err error
}

// Error returns the problem with its cause, the end of the log and the remedy.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Target)
	b.WriteString(": ")
	b.WriteString(e.Problem)
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	if e.Log != "" {
		b.WriteString("\n  its last lines:")
		for line := range strings.Lines(e.Log) {
			b.WriteString("\n  | ")
			b.WriteString(strings.TrimRight(line, "\r\n"))
		}
	}
	if e.Remedy != "" {
		b.WriteString("\n  ")
		b.WriteString(e.Remedy)
	}
	return b.String()
}

// Unwrap returns the kind and the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}
