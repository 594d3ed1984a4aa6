// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-plugin"

	"github.com/plugproof/plugproof/mockserver/failure"
)

// StartError is returned when a plugin could not be started. Its text is that of
// real servers; Failure is what else is known.
type StartError struct {
	Failure failure.Failure
	Err     error
}

func (e *StartError) Error() string { return e.Err.Error() }
func (e *StartError) Unwrap() error { return e.Err }

// report passes the failure in err, if there is one, to the server. Starts that
// fail because the server closes are none.
func (p *Pool) report(err error) {
	p.mu.Lock()
	closed := p.closed
	p.mu.Unlock()
	var failed *StartError
	if !closed && errors.As(err, &failed) {
		p.host.OnFailure(failed.Failure)
	}
}

// reportStart passes the failure of a plugin that could be started with neither
// protocol to the server: that of protocol 5, unless the plugin speaks the other.
func (p *Pool) reportStart(current, legacy error) {
	var failed *StartError
	if errors.As(current, &failed) && failed.Failure.Cause == failure.WrongProtocol &&
		errors.As(legacy, &failed) && failed.Failure.Cause != failure.WrongProtocol {
		p.report(legacy)
		return
	}
	p.report(current)
}

// reportDatabase passes the failure of a database plugin to the server, unless it speaks the
// protocol before Vault 1.6: servers do not ask such plugins for a version.
func (p *Pool) reportDatabase(ctx context.Context, e Entry, current error, deadline time.Time) {
	var failed *StartError
	if errors.As(current, &failed) && failed.Failure.Cause == failure.WrongProtocol {
		if proc, err := p.start(ctx, e, oldDatabaseProtocol(true), deadline); err == nil {
			proc.end()
			return
		}
	}
	p.report(current)
}

// reportSetup passes the error of a plugin's own Setup to the server.
func (p *Pool) reportSetup(ctx context.Context, lookup Lookup, err *setupError) {
	entry, lookupErr := lookup(ctx)
	if lookupErr != nil {
		return // it was removed meanwhile
	}
	f := newFailure(entry)
	f.Started, f.Cause, f.Detail = true, failure.SetupFailed, firstLine(err)
	p.host.OnFailure(f)
}

func newFailure(e Entry) failure.Failure {
	return failure.Failure{
		Time: time.Now(), Type: e.Type.String(), Name: e.Name, Version: e.Version, Command: e.Command,
	}
}

// fileFailure returns the error for a binary that can't be used.
func fileFailure(e Entry, err error) error {
	f := newFailure(e)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Cause = failure.FileMissing
	case errors.Is(err, fs.ErrPermission):
		f.Cause, f.Detail = failure.PermissionDenied, err.Error()
	case errors.Is(err, plugin.ErrChecksumsDoNotMatch), errors.Is(err, plugin.ErrSecureConfigNoChecksum):
		f.Cause = failure.ChecksumMismatch
	default:
		f.Cause, f.Detail = failure.ExecFailed, err.Error()
	}
	return &StartError{Failure: f, Err: err}
}

// failed clears up after a start that failed with err and returns the error
// with what is known.
func (proc *process) failed(err error, speak protocol, deadline time.Time) error {
	late := !time.Now().Before(deadline)
	dialErr := proc.dial()
	proc.discard()
	f := newFailure(proc.entry)
	proc.mu.Lock()
	c := proc.child
	proc.mu.Unlock()
	switch {
	case errors.Is(err, plugin.ErrChecksumsDoNotMatch): // it was changed meanwhile
		f.Cause = failure.ChecksumMismatch
	case c == nil && proc.entry.Container != nil:
		f.Cause, f.Detail = failure.ContainerFailed, firstLine(err)
	case c == nil: // go-plugin could not prepare the process
		f.Cause, f.Detail = failure.ExecFailed, err.Error()
	case c.container != nil && !c.begun():
		f.Cause, f.Detail = failure.ContainerFailed, firstLine(err)
	case !c.begun():
		f.Cause, f.Detail = execCause(proc.entry.Command, c.result)
	default:
		f.PID = int(c.pid.Load())
		c.describe(&f)
		f.Cause, f.Detail = c.startCause(f, speak, late, dialErr)
		if f.Detail == "" && f.Cause == failure.ConnectionFailed {
			f.Detail = firstLine(err)
		}
	}
	return &StartError{Failure: f, Err: err}
}

// dial connects to the socket that the plugin named in its handshake as the
// server does, to learn why go-plugin could not use it. It returns nil if the
// plugin named none, does not run or answers.
func (proc *process) dial() error {
	proc.mu.Lock()
	c := proc.child
	proc.mu.Unlock()
	if c == nil || !c.begun() || !proc.running() {
		return nil
	}
	parts := c.stdout.handshake()
	if parts == nil {
		return nil
	}
	network, address, err := c.PluginToHost(parts[2], parts[3])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if proc.tls == nil {
		return nil
	}
	if err := tls.Client(conn, proc.tls).HandshakeContext(ctx); err != nil {
		return &tlsError{err}
	}
	return nil
}

// tlsError is an error of the TLS handshake with a plugin.
type tlsError struct{ err error }

func (e *tlsError) Error() string { return e.err.Error() }
func (e *tlsError) Unwrap() error { return e.err }

// describe completes f with what the ended process left: its exit and its log.
func (c *child) describe(f *failure.Failure) {
	if c.container != nil && c.stderr.ReadCloser == nil {
		return // it has not begun
	}
	select { // what is in the pipe is read in a moment
	case <-c.stderr.ended:
	case <-time.After(pipeGrace):
	}
	f.Stderr, f.Panic = c.stderr.tail()
	f.Exit = c.exit()
}

// exit returns how the process ended; nil if the server killed it. The process
// must have exited.
func (c *child) exit() *failure.Exit {
	var ended *exec.ExitError
	var inContainer *containerExit
	switch {
	case errors.As(c.result, &inContainer) && !c.killed.Load():
		return &failure.Exit{Code: inContainer.code}
	case c.result == nil:
		return &failure.Exit{}
	case !errors.As(c.result, &ended):
		return nil
	}
	name, killed := exitSignal(ended.ProcessState)
	if killed && c.killed.Load() {
		return nil
	}
	return &failure.Exit{Code: ended.ExitCode(), Signal: name}
}

// reportCrash passes the death of a process that was serving to the server.
func (proc *process) reportCrash() {
	f := newFailure(proc.entry)
	f.PID, f.Started = int(proc.child.pid.Load()), true
	proc.child.describe(&f)
	f.Cause = failure.Exited
	if f.Panic != nil {
		f.Cause = failure.Panicked
	}
	proc.pool.host.OnFailure(f)
}

// startCause returns why the process did not become a plugin.
func (c *child) startCause(f failure.Failure, speak protocol, late bool, dialErr error) (failure.Cause, string) {
	line, complete := c.stdout.first()
	parts := c.stdout.handshake()
	var ofTLS *tlsError
	switch {
	case f.Panic != nil && f.Exit != nil:
		return failure.Panicked, ""
	case f.Exit != nil && contains(f.Stderr, "mlock", "lock memory"):
		return failure.MlockFailed, last(f.Stderr)
	case f.Exit != nil && tooLong(c.temporary) && contains(f.Stderr, "invalid argument"):
		return failure.SocketPathTooLong, fmt.Sprintf("TMPDIR has %d bytes, and the path of a socket in it may have %d", len(c.temporary), longestSocket)
	case parts != nil && speak.mismatch(parts) != "":
		return failure.WrongProtocol, speak.mismatch(parts)
	case errors.As(dialErr, &ofTLS):
		return failure.TLSFailed, ofTLS.Error()
	case parts != nil && f.Exit != nil:
		return failure.Exited, last(f.Stderr)
	case dialErr != nil:
		return failure.ConnectionFailed, dialErr.Error()
	case parts != nil && !late:
		return failure.ConnectionFailed, ""
	case line != "" && !complete:
		return failure.NoNewline, shortened(line)
	case line != "" && parts == nil:
		return failure.NoHandshake, shortened(line)
	case late && f.Exit == nil:
		return failure.TimedOut, ""
	case contains(f.Stderr, "This binary is a plugin"): // go-plugin's words
		return failure.WrongCookie, ""
	}
	return failure.NothingPrinted, last(f.Stderr)
}

// mismatch returns what of a handshake the server does not speak; empty if it
// speaks all of it.
func (p protocol) mismatch(parts []string) string {
	if parts[0] != strconv.Itoa(plugin.CoreProtocolVersion) {
		return fmt.Sprintf("it speaks version %q of go-plugin's core protocol, the server %d", shortened(parts[0]), plugin.CoreProtocolVersion)
	}
	version, err := strconv.Atoi(parts[1])
	if _, ok := p.sets[version]; err != nil || !ok {
		return fmt.Sprintf("it speaks version %q of the protocol, the server %s", shortened(parts[1]), p.versions)
	}
	if len(parts) < 5 || parts[4] != string(plugin.ProtocolGRPC) {
		return "it speaks net/rpc, the server gRPC"
	}
	return ""
}

// contains reports whether a line has one of the texts, in any case.
func contains(lines []string, texts ...string) bool {
	for _, line := range lines {
		for _, text := range texts {
			if strings.Contains(strings.ToLower(line), strings.ToLower(text)) {
				return true
			}
		}
	}
	return false
}

func last(lines []string) string {
	for _, line := range slices.Backward(lines) {
		if line != "" {
			return shortened(line)
		}
	}
	return ""
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return shortened(line)
}

// shortened returns at most 200 bytes of a line.
func shortened(line string) string {
	const limit = 200
	if len(line) > limit {
		return strings.ToValidUTF8(line[:limit], "") + "…"
	}
	return line
}
