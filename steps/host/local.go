// SPDX-License-Identifier: MPL-2.0

package host

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/shirou/gopsutil/v4/net"
	"github.com/shirou/gopsutil/v4/process"
)

// Local is this machine.
type Local struct{ localFiles }

// keepBootTime lets gopsutil read when the machine was booted once, rather than for each
// process of a table. The times at which processes began do not move with the clock then.
//
//nolint:gochecknoglobals // gopsutil has one setting for all
var keepBootTime = sync.OnceFunc(func() { process.EnableBootTimeCache(true) })

// Processes implements Processes.
func (Local) Processes(ctx context.Context) ([]Process, error) {
	keepBootTime()
	all, err := process.PidsWithContext(ctx)
	if err != nil {
		return nil, err
	}
	processes := make([]Process, 0, len(all))
	for _, pid := range all {
		// A process is read when it is asked for something.
		processes = append(processes, localProcess{&process.Process{Pid: pid}})
	}
	return processes, nil
}

// Began implements Processes.
func (Local) Began(ctx context.Context, pid int32) (int64, error) {
	keepBootTime()
	running, err := process.NewProcessWithContext(ctx, pid)
	if errors.Is(err, process.ErrorProcessNotRunning) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	began, err := running.CreateTimeWithContext(ctx)
	if errors.Is(err, fs.ErrNotExist) { // it has just ended
		return 0, nil
	}
	return began, err
}

// Kill implements Processes.
func (Local) Kill(ctx context.Context, pid int32) error {
	running, err := process.NewProcessWithContext(ctx, pid)
	if err != nil {
		return err
	}
	return running.KillWithContext(ctx)
}

// Quit implements Processes.
func (Local) Quit(ctx context.Context, pid int32) error {
	running, err := process.NewProcessWithContext(ctx, pid)
	if err == nil {
		err = running.SendSignalWithContext(ctx, syscall.SIGQUIT)
	}
	if errors.Is(err, process.ErrorProcessNotRunning) {
		return nil
	}
	return err
}

// localProcess is a process of this machine, which is asked when its methods are
// called: a whole table is long.
type localProcess struct{ process *process.Process }

func (p localProcess) PID() int32 { return p.process.Pid }

func (p localProcess) Parent(ctx context.Context) (int32, error) {
	return p.process.PpidWithContext(ctx)
}

func (p localProcess) Executable(ctx context.Context) (string, error) {
	file, err := p.process.ExeWithContext(ctx)
	return strings.TrimSuffix(file, " (deleted)"), err
}

func (p localProcess) Args(ctx context.Context) ([]string, error) {
	return p.process.CmdlineSliceWithContext(ctx)
}

func (p localProcess) Environ(ctx context.Context) ([]string, error) {
	return p.process.EnvironWithContext(ctx)
}

func (p localProcess) Zombie(ctx context.Context) bool {
	status, err := p.process.StatusWithContext(ctx)
	return err == nil && slices.Contains(status, process.Zombie)
}

func (p localProcess) Usage(ctx context.Context) (Usage, error) {
	usage := Usage{Listens: p.listens(ctx)}
	if n, err := p.process.NumFDsWithContext(ctx); err == nil {
		usage.Descriptors = n
	}
	if info, err := p.process.MemoryInfoWithContext(ctx); err == nil {
		usage.Memory = info.RSS
	}
	return usage, nil
}

// listens reports whether the process listens on a socket. The kernel takes long to list
// TCP sockets, and plugins listen on sockets of files where there are such.
func (p localProcess) listens(ctx context.Context) bool {
	for _, kind := range []string{"unix", "tcp"} {
		sockets, err := net.ConnectionsPidWithContext(ctx, kind, p.process.Pid)
		// A Unix domain socket that listens has a path and no status.
		if err == nil && slices.ContainsFunc(sockets, func(c net.ConnectionStat) bool {
			return c.Status == "LISTEN" || c.Family == syscall.AF_UNIX && c.Laddr.IP != ""
		}) {
			return true
		}
	}
	return false
}
