// SPDX-License-Identifier: MPL-2.0

package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

// pipeGrace is how long the output of a process that has ended is still read
// when something else holds its pipes open.
const pipeGrace = time.Second

// child is one operating system process, as go-plugin's runner.Runner. Own code
// stands where go-plugin has its cmdrunner for three reasons: the fork must
// happen on the Pool's thread (go-plugin forks and then waits for the handshake
// in one call), the end of the process must be known at once and not when its
// last pipe is closed, and nothing of it may be left behind.
type child struct {
	cmd     *exec.Cmd
	threads *forker
	// dir is go-plugin's directory for this process, socket the plugin's.
	dir    string
	socket atomic.Pointer[string]
	// stdout and stderr are the reading ends; the others go to the process.
	stdout, stderr       *os.File
	stdoutEnd, stderrEnd *os.File
	// hint: see Host.HandshakeHint.
	hint bool
	// settle delays the news of the end for go-plugin; see process.settle.
	settle func()

	pid atomic.Int64
	// doomed: the process is to be killed as soon as it exists.
	doomed atomic.Bool
	exited chan struct{}
	result error // of the process, to be read when exited is closed
}

var _ runner.Runner = (*child)(nil)

func newChild(cmd *exec.Cmd, dir string, threads *forker, hint bool, settle func()) (*child, error) {
	stdout, stdoutEnd, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for the plugin's output: %w", err)
	}
	stderr, stderrEnd, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a pipe for the plugin's log: %w", err), stdout.Close(), stdoutEnd.Close())
	}
	cmd.Stdout, cmd.Stderr = stdoutEnd, stderrEnd
	cmd.SysProcAttr = attributes()
	return &child{
		cmd: cmd, dir: dir, threads: threads, hint: hint, settle: settle,
		stdout: stdout, stdoutEnd: stdoutEnd, stderr: stderr, stderrEnd: stderrEnd,
		exited: make(chan struct{}),
	}, nil
}

// Start forks the process. Its error is os/exec's and goes to the caller of the
// server as it is.
func (c *child) Start(context.Context) error {
	err := c.threads.do(c.cmd.Start)
	c.stdoutEnd.Close()
	c.stderrEnd.Close()
	if err != nil {
		c.stdout.Close()
		c.stderr.Close()
		c.removeFiles()
		c.result = err
		close(c.exited)
		return err
	}
	c.pid.Store(int64(c.cmd.Process.Pid))
	go c.reap()
	if c.doomed.Load() {
		return c.Kill(context.Background())
	}
	return nil
}

func (c *child) reap() {
	killRest(c.cmd.Process.Pid)
	c.result = c.cmd.Wait()
	close(c.exited)
}

// Wait is called by go-plugin when both pipes are at their end. go-plugin takes
// its return for the end of the process and gives up the calls in flight.
func (c *child) Wait(context.Context) error {
	<-c.exited
	c.settle()
	c.removeFiles()
	return c.result
}

// closePipesLate ends the reading of a process's output some time after its
// end, should a process that it started hold the pipes.
func (c *child) closePipesLate() {
	time.AfterFunc(pipeGrace, func() {
		c.stdout.Close()
		c.stderr.Close()
	})
}

func (c *child) removeFiles() {
	os.RemoveAll(c.dir)
	// A plugin that ends in order removes its socket; one that crashed can't.
	// The path is what the plugin said: nothing but a socket is removed.
	if socket := c.socket.Load(); socket != nil {
		if info, err := os.Lstat(*socket); err == nil && info.Mode().Type() == os.ModeSocket {
			os.Remove(*socket)
		}
	}
}

// Kill kills the process; killing one that has ended is no error. One that has
// not begun yet is killed when it does.
func (c *child) Kill(context.Context) error {
	c.doomed.Store(true)
	if c.pid.Load() == 0 {
		return nil
	}
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Stdout is where go-plugin expects the handshake.
func (c *child) Stdout() io.ReadCloser { return &output{ReadCloser: c.stdout, child: c} }

// Stderr is the plugin's log.
func (c *child) Stderr() io.ReadCloser { return c.stderr }

// Name is the path of the binary.
func (c *child) Name() string { return c.cmd.Path }

// ID is the pid, empty before Start.
func (c *child) ID() string {
	if pid := c.pid.Load(); pid != 0 {
		return strconv.FormatInt(pid, 10)
	}
	return ""
}

// Diagnose is what go-plugin says of a plugin without a handshake.
func (c *child) Diagnose(context.Context) string {
	return `This usually means
  the plugin was not compiled for this architecture,
  the plugin is missing dynamic-link libraries necessary to run,
  the plugin is not executable by this process due to file permissions, or
  the plugin failed to negotiate the initial go-plugin protocol handshake
` + notes(c.cmd.Path)
}

// PluginToHost changes nothing: the process runs beside us.
func (c *child) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin changes nothing.
func (c *child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// handshakeLimit is more than any handshake has: version|protocol|network|
// address|gRPC|certificate.
const handshakeLimit = 16 << 10

// output reads what a plugin writes and notes where it listens, which go-plugin
// tells only of plugins whose protocol it speaks: the others, killed for that,
// leave their socket behind too.
//
// It also makes go-plugin 1.6 and later answer as those before did when a
// plugin ends without a word, unless Host.HandshakeHint: they told an output
// that ends at once from an empty first line in their message, older ones did
// not. So an empty output becomes an empty line.
type output struct {
	io.ReadCloser
	child *child
	line  []byte // the first one, as far as it was read
	done  bool   // with the first line
}

func (o *output) Read(buffer []byte) (int, error) {
	n, err := o.ReadCloser.Read(buffer)
	if o.done {
		return n, err
	}
	if n == 0 && err != nil && len(o.line) == 0 && len(buffer) > 0 && !o.child.hint {
		o.done = true
		buffer[0] = '\n'
		return 1, nil
	}
	line, _, complete := bytes.Cut(buffer[:n], []byte{'\n'})
	o.line = append(o.line, line...)
	o.done = complete || len(o.line) > handshakeLimit
	if parts := strings.Split(string(o.line), "|"); complete && len(parts) > 3 && parts[2] == "unix" {
		o.child.socket.Store(&parts[3])
	}
	return n, err
}
