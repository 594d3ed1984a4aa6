// SPDX-License-Identifier: MPL-2.0

// Package failure says why a plugin process could not be started, or died. It is
// what the server knows beyond the answer that its client gets, which has the
// words of real servers.
package failure

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// Cause is why a process failed.
type Cause string

// The causes before the process runs.
const (
	// FileMissing: there is no file at the registered path.
	FileMissing Cause = "file-missing"
	// ChecksumMismatch: the file is not the registered one.
	ChecksumMismatch Cause = "checksum-mismatch"
	// PermissionDenied: the server may not read or execute the file, or its file
	// system is mounted noexec.
	PermissionDenied Cause = "permission-denied"
	// LoaderMissing: the file names a dynamic loader or a script interpreter that
	// does not exist; Detail is its path if it is known.
	LoaderMissing Cause = "loader-missing"
	// WrongFormat: the kernel can't execute the file: it was built for another
	// platform, or is a script without a #! line.
	WrongFormat Cause = "wrong-format"
	// ExecFailed: the kernel refused for another reason, which is Detail.
	ExecFailed Cause = "exec-failed"
	// ContainerFailed: the plugin's container could not be made or started; Detail
	// is the container engine's reason.
	ContainerFailed Cause = "container-failed"
)

// The causes up to the handshake.
const (
	// NothingPrinted: it ended without a handshake and printed nothing on stdout.
	NothingPrinted Cause = "nothing-printed"
	// NoHandshake: its first line on stdout, Detail, is not a handshake.
	NoHandshake Cause = "no-handshake"
	// NoNewline: its output on stdout, Detail, has no newline at the end.
	NoNewline Cause = "no-newline"
	// WrongProtocol: it speaks a protocol that the server does not; see Detail.
	WrongProtocol Cause = "wrong-protocol"
	// WrongCookie: it is a plugin for another program.
	WrongCookie Cause = "wrong-cookie"
	// MlockFailed: it could not lock its memory.
	MlockFailed Cause = "mlock-failed"
	// SocketPathTooLong: it could not make its socket, because the path of its
	// directory for temporary files is too long; see Detail.
	SocketPathTooLong Cause = "socket-path-too-long"
	// TimedOut: it did not answer within the start timeout.
	TimedOut Cause = "timed-out"
)

// The causes after the handshake.
const (
	// TLSFailed: the TLS handshake on its socket failed; see Detail.
	TLSFailed Cause = "tls-failed"
	// ConnectionFailed: it listens on no socket, or does not answer there.
	ConnectionFailed Cause = "connection-failed"
	// SetupFailed: its backend's factory returned an error, Detail.
	SetupFailed Cause = "setup-failed"
	// Panicked: it ended with a Go panic; see Panic.
	Panicked Cause = "panicked"
	// Exited: it ended, with no panic; see Exit.
	Exited Cause = "exited"
)

// Failure describes the failed start, or the death, of one process.
type Failure struct {
	Time time.Time
	// Type, Name and Version are those of the catalog entry, Command the path of
	// the binary.
	Type, Name, Version, Command string
	// PID is 0 if no process was started.
	PID int
	// Started reports whether the process had been serving.
	Started bool
	Cause   Cause
	// Detail is one line about the cause; empty where the cause says all.
	Detail string
	// Exit is how the process ended; nil if it did not, or was killed by the
	// server.
	Exit *Exit
	// Stderr are the last lines that it printed there.
	Stderr []string
	// Panic is the panic that ended it; nil for none.
	Panic *Panic
}

// Exit is the end of a process.
type Exit struct {
	// Code is -1 if a signal ended it.
	Code int
	// Signal is the name of that signal, such as "killed"; empty for none.
	Signal string
}

// String returns "exit code 2" or "signal: killed".
func (e Exit) String() string {
	if e.Signal != "" {
		return "signal: " + e.Signal
	}
	return fmt.Sprintf("exit code %d", e.Code)
}

// Panic is a Go panic, or a fatal error of the runtime.
type Panic struct {
	// Message is its first line, such as "panic: assignment to entry in nil map".
	Message string
	// Frames are the first calls of the plugin's own code, innermost first:
	// neither the runtime's nor those of libraries that call plugins.
	Frames []Frame
}

// Frame is a place in the plugin's code.
type Frame struct {
	Function, File string
	Line           int
}

// String returns file:line, without the folders.
func (f Frame) String() string { return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line) }

// String returns the message and the place of the first frame.
func (p *Panic) String() string {
	if len(p.Frames) == 0 {
		return p.Message
	}
	return p.Message + " at " + p.Frames[0].String()
}

// String says in one line what happened: "the plugin crashed: panic: … at
// path_config.go:42".
func (f *Failure) String() string {
	var b strings.Builder
	b.WriteString(f.what())
	switch {
	case f.Panic != nil:
		fmt.Fprintf(&b, ": %s", f.Panic)
	case f.Detail != "":
		fmt.Fprintf(&b, ": %s", f.Detail)
	}
	if f.Exit != nil && f.Panic == nil {
		fmt.Fprintf(&b, " (%s)", f.Exit)
	}
	return b.String()
}

func (f *Failure) what() string {
	switch f.Cause {
	case FileMissing:
		return "the plugin's file does not exist"
	case ChecksumMismatch:
		return "the plugin's file is not the registered one"
	case PermissionDenied:
		return "the server may not execute the plugin's file"
	case LoaderMissing:
		return "the loader or interpreter that the plugin's file names does not exist"
	case WrongFormat:
		return "the plugin's file is not a program for this platform"
	case ExecFailed:
		return "the plugin's file can't be executed"
	case ContainerFailed:
		return "the plugin's container can't be started"
	case NothingPrinted:
		return "the plugin ended before its handshake and printed nothing on stdout"
	case NoHandshake:
		return "the plugin printed something else than its handshake"
	case NoNewline:
		return "the plugin's handshake has no newline at its end"
	case WrongProtocol:
		return "the plugin speaks another protocol"
	case WrongCookie:
		return "the plugin is one for another program"
	case MlockFailed:
		return "the plugin can't lock its memory"
	case SocketPathTooLong:
		return "the path of the plugin's directory for temporary files is too long for a socket"
	case TimedOut:
		return "the plugin did not answer in time"
	case TLSFailed:
		return "the plugin's TLS handshake failed"
	case ConnectionFailed:
		return "the plugin does not answer on its socket"
	case SetupFailed:
		return "the plugin's setup failed"
	}
	if f.Started {
		return "the plugin crashed"
	}
	return "the plugin crashed at its start"
}
