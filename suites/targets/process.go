// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// stopGrace is how long a server that was asked to end may take before it and
// everything it started is killed.
const stopGrace = 5 * time.Second

// process is a running server program in a process group of its own. Its
// methods may be called by several goroutines.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when the program has ended and its group is dead
	err    error         // how it ended; valid when exited is closed
}

// startProcess runs a program in its directory dir with exactly the environment env.
// What it writes is appended to the file logPath. The program, and everything it
// starts, ends with stop, and also when this process is killed; the directory is
// removed then.
func startProcess(path string, args, env []string, dir, logPath string) (*process, error) {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("server log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Dir = env, dir
	// A file, not a pipe: plugins that inherit it can't delay the noticing of
	// the server's end, and nothing has to copy.
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = groupAttr()
	p := &process{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// run starts the program and waits for its end on one thread: the kernel sends
// the parent-death signal when the thread that forked ends, not the process.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	release := guard(p.cmd.Process.Pid, p.cmd.Dir)
	started <- nil
	p.err = p.cmd.Wait()
	// What a server leaves behind when it crashes or is killed: its plugins.
	killGroup(p.cmd.Process.Pid)
	release()
	close(p.exited)
}

// ended reports whether the program has ended.
func (p *process) ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// stop ends the program: politely first, and with its whole group when that
// takes too long or ctx ends. It returns when nothing of it runs any more.
func (p *process) stop(ctx context.Context) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(stopGrace)
	defer timer.Stop()
	select {
	case <-p.exited:
		return
	case <-timer.C:
	case <-ctx.Done():
	}
	p.kill()
}

// kill ends the program and its group at once and returns when it is over.
func (p *process) kill() {
	select {
	case <-p.exited:
		return // its number may belong to somebody else by now
	default:
	}
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// exit describes how the program ended, after exited is closed.
func (p *process) exit() string {
	var status *exec.ExitError
	switch {
	case p.err == nil:
		return "it exited with 0"
	case errors.As(p.err, &status) && status.ExitCode() >= 0:
		return fmt.Sprintf("it exited with %d", status.ExitCode())
	default:
		return p.err.Error()
	}
}

// tail returns the last lines of the file, at most 12 of them.
func tail(path string) string {
	const most, lines = 8 << 10, 12
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > most {
		_, _ = f.Seek(-most, io.SeekEnd)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return ""
	}
	return lastLines(string(text), lines)
}
