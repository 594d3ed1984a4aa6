// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
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
	cmd    *exec.Cmd
	file   *binary
	forker *forker
	// container is nil unless the plugin runs from an image; cmd, file and forker
	// are nil otherwise.
	container *containerRunner
	// dir is go-plugin's directory for this process, temporary the process's own one
	// for temporary files.
	dir, temporary string
	// forkedAt is when the process was started.
	forkedAt time.Time
	// stdout and stderr are the reading ends; the others go to the process.
	stdout               *stdout
	stderr               *stderr
	stdoutEnd, stderrEnd *os.File
	// beforeWait delays the news of the end for go-plugin; see process.drainAfterExit.
	beforeWait func()

	pid atomic.Int64
	// killOnStart: the process is to be killed as soon as it exists.
	killOnStart atomic.Bool
	// killed: the server sent SIGKILL before it saw the end of the process.
	killed atomic.Bool
	exited chan struct{}
	result error // of the process, to be read when exited is closed
}

var _ runner.Runner = (*child)(nil)

func newChild(cmd *exec.Cmd, dir, temporary string, file *binary, forker *forker, hint bool, beforeWait func()) (*child, error) {
	out, stdoutEnd, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for the plugin's output: %w", err)
	}
	log, stderrEnd, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a pipe for the plugin's log: %w", err), out.Close(), stdoutEnd.Close())
	}
	cmd.Stdout, cmd.Stderr = stdoutEnd, stderrEnd
	cmd.SysProcAttr = sysProcAttr()
	return &child{
		cmd: cmd, file: file, dir: dir, temporary: temporary, forker: forker, beforeWait: beforeWait,
		stdout: &stdout{ReadCloser: out, hint: hint}, stdoutEnd: stdoutEnd,
		stderr: &stderr{ReadCloser: log, ended: make(chan struct{})}, stderrEnd: stderrEnd,
		exited: make(chan struct{}),
	}, nil
}

// Start forks the process. Its error is os/exec's and goes to the caller of the
// server as it is.
func (c *child) Start(ctx context.Context) error {
	c.forkedAt = time.Now()
	if c.container != nil {
		return c.startContainer(ctx)
	}
	err := c.forker.do(c.cmd.Start)
	c.stdoutEnd.Close()
	c.stderrEnd.Close()
	var failed *fs.PathError
	if errors.As(err, &failed) {
		failed.Path = c.file.path // whatever it was executed by
	}
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
	if err := c.file.verify(); err != nil {
		defer c.removeFiles()
		return errors.Join(err, c.Kill(context.Background()))
	}
	if c.killOnStart.Load() {
		return c.Kill(context.Background())
	}
	return nil
}

func (c *child) reap() {
	killGroup(c.cmd.Process.Pid)
	c.result = c.cmd.Wait()
	close(c.exited)
}

// Wait is called by go-plugin when both pipes are at their end. go-plugin takes
// its return for the end of the process and gives up the calls in flight.
func (c *child) Wait(context.Context) error {
	<-c.exited
	c.beforeWait()
	c.removeFiles()
	return c.result
}

// closePipesLate ends the reading of a process's output some time after its
// end, should a process that it started hold the pipes.
func (c *child) closePipesLate() {
	if c.container != nil {
		return // its output ends with the container
	}
	time.AfterFunc(pipeGrace, func() {
		c.stdout.Close()
		c.stderr.Close()
	})
}

func (c *child) removeFiles() {
	os.RemoveAll(c.dir)
	if c.container != nil {
		return // the plugin sees no other directory of the host
	}
	// A plugin that ends in order removes its socket; one that crashed can't.
	// The path is what the plugin said: nothing but a socket is removed.
	socket := c.stdout.socket()
	switch {
	case socket != "":
		if info, err := os.Lstat(socket); err == nil && info.Mode().Type() == os.ModeSocket {
			os.Remove(socket)
		}
	case c.stdout.handshake() == nil && c.pid.Load() != 0:
		removeDeadSockets(c.temporary, c.forkedAt)
	}
}

// Kill kills the process; killing one that has ended is not an error. One that has
// not begun yet is killed when it does.
func (c *child) Kill(context.Context) error {
	c.killOnStart.Store(true)
	if !c.begun() {
		return nil
	}
	select {
	case <-c.exited:
		return nil
	default:
		c.killed.Store(true)
	}
	if c.container != nil {
		c.container.remove()
		return nil
	}
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// begun reports whether there is a process, which may have ended.
func (c *child) begun() bool { return c.ID() != "" }

// Stdout is where go-plugin expects the handshake.
func (c *child) Stdout() io.ReadCloser { return c.stdout }

// Stderr is the plugin's log.
func (c *child) Stderr() io.ReadCloser { return c.stderr }

// Name is the path of the binary, or the image.
func (c *child) Name() string {
	if c.container != nil {
		return c.container.Name()
	}
	return c.file.path
}

// ID is the pid, or the container's identifier; empty before Start.
func (c *child) ID() string {
	if c.container != nil {
		if !c.container.begun.Load() {
			return ""
		}
		return c.container.ID()
	}
	if pid := c.pid.Load(); pid != 0 {
		return strconv.FormatInt(pid, 10)
	}
	return ""
}

// Diagnose is what go-plugin says of a plugin without a handshake.
func (c *child) Diagnose(ctx context.Context) string {
	if c.container != nil {
		return c.container.Diagnose(ctx)
	}
	return `This usually means
  the plugin was not compiled for this architecture,
  the plugin is missing dynamic-link libraries necessary to run,
  the plugin is not executable by this process due to file permissions, or
  the plugin failed to negotiate the initial go-plugin protocol handshake
` + diagnosticNotes(c.file.path)
}

// PluginToHost changes nothing for a process, which runs beside us.
func (c *child) PluginToHost(network, address string) (string, string, error) {
	if c.container != nil {
		return c.container.PluginToHost(network, address)
	}
	return network, address, nil
}

// HostToPlugin is the reverse.
func (c *child) HostToPlugin(network, address string) (string, string, error) {
	if c.container != nil {
		return c.container.HostToPlugin(network, address)
	}
	return network, address, nil
}
