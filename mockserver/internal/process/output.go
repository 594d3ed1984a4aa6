// SPDX-License-Identifier: MPL-2.0

package process

import (
	"bytes"
	"io"
	"strings"
	"sync"

	"github.com/plugproof/plugproof/mockserver/failure"
)

const (
	// handshakeLimit is more than any handshake has: version|protocol|network|
	// address|gRPC|certificate.
	handshakeLimit = 16 << 10
	// stderrLines and panicLines are how many lines of a plugin's stderr are kept:
	// the last ones, and the first ones of a panic. lineLimit bounds each.
	stderrLines = 40
	panicLines  = 200
	lineLimit   = 2 << 10
)

// stdout reads what a plugin writes and notes its first line: go-plugin reports
// the socket only of plugins whose protocol it speaks, and the others, killed for
// that, leave their socket behind too.
//
// It also makes go-plugin 1.6 and later answer as those before did when a
// plugin ends without a word, unless Host.HandshakeHint: they told an output
// that ends at once from an empty first line in their message, older ones did
// not. So an empty output becomes an empty line.
type stdout struct {
	io.ReadCloser
	hint bool

	mu sync.Mutex
	// line is the first line as far as it was read; complete when its end was.
	line     []byte
	complete bool
	done     bool
}

// Read implements io.Reader.
func (o *stdout) Read(buffer []byte) (int, error) {
	n, err := o.ReadCloser.Read(buffer)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done {
		return n, err
	}
	if n == 0 && err != nil && len(o.line) == 0 && len(buffer) > 0 && !o.hint {
		o.done = true
		buffer[0] = '\n'
		return 1, nil
	}
	line, _, complete := bytes.Cut(buffer[:n], []byte{'\n'})
	o.line = append(o.line, line...)
	o.complete = complete
	o.done = complete || len(o.line) > handshakeLimit
	return n, err
}

// first returns the first line, and whether it was read to its end.
func (o *stdout) first() (line string, complete bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.TrimSuffix(string(o.line), "\r"), o.complete
}

// handshake returns the parts of the handshake; nil if there is none.
func (o *stdout) handshake() []string {
	line, complete := o.first()
	parts := strings.Split(strings.TrimSpace(line), "|")
	if !complete || len(parts) < 4 {
		return nil
	}
	return parts
}

// socket returns the plugin's Unix socket; empty if it named none.
func (o *stdout) socket() string {
	if parts := o.handshake(); parts != nil && parts[2] == "unix" {
		return parts[3]
	}
	return ""
}

// stderr reads a plugin's log and keeps its end, and the panic in it.
type stderr struct {
	io.ReadCloser
	// ended is closed at the end of the log.
	ended chan struct{}
	end   sync.Once
	// reading knows whether what was read is logged.
	reading reading

	mu      sync.Mutex
	partial []byte
	lines   []string
	// crash are the lines from the last one that begins a panic.
	crash []string
}

// Read implements io.Reader.
func (o *stderr) Read(buffer []byte) (int, error) {
	o.reading.begin()
	n, err := o.ReadCloser.Read(buffer)
	o.reading.done(err)
	o.mu.Lock()
	for rest := buffer[:n]; len(rest) > 0; {
		line, after, complete := bytes.Cut(rest, []byte{'\n'})
		if room := lineLimit - len(o.partial); room > 0 {
			o.partial = append(o.partial, line[:min(len(line), room)]...)
		}
		if complete {
			o.add()
		}
		rest = after
	}
	if err != nil && len(o.partial) > 0 {
		o.add()
	}
	o.mu.Unlock()
	if err != nil {
		o.end.Do(func() { close(o.ended) })
	}
	return n, err
}

// add keeps the line that was read.
func (o *stderr) add() {
	line := strings.TrimSuffix(string(o.partial), "\r")
	o.partial = o.partial[:0]
	if len(o.lines) == stderrLines {
		o.lines = append(o.lines[:0], o.lines[1:]...)
	}
	o.lines = append(o.lines, line)
	switch {
	case failure.StartsPanic(line):
		o.crash = []string{line}
	case len(o.crash) > 0 && len(o.crash) < panicLines:
		o.crash = append(o.crash, line)
	}
}

// tail returns the last lines and the panic, nil for none.
func (o *stderr) tail() ([]string, *failure.Panic) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.lines...), failure.ParsePanic(o.crash)
}
