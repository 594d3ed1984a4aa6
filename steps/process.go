// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// soon bounds waiting for what a server does by itself: ending a process,
// noticing a crash, moving a mount.
const soon = 10 * time.Second

// runsAs keeps the process identifier that the probe at a mount reports.
func (w *world) runsAs(ctx context.Context, mount, name string) error {
	pid, err := w.pid(ctx, mount)
	if err != nil {
		return err
	}
	w.saved[name] = strconv.FormatInt(pid, 10)
	return nil
}

func (w *world) stillRunsAs(ctx context.Context, mount, name string) error {
	pid, err := w.pid(ctx, mount)
	if err != nil {
		return err
	}
	if got := strconv.FormatInt(pid, 10); got != w.saved[name] {
		return mismatch(fmt.Sprintf("process %s at %s", w.saved[name], mount), "process "+got)
	}
	return nil
}

func (w *world) runsAsAnother(ctx context.Context, mount, name string) error {
	pid, err := w.pid(ctx, mount)
	if err != nil {
		return err
	}
	if got := strconv.FormatInt(pid, 10); got == w.saved[name] {
		return mismatch(fmt.Sprintf("another process than %s at %s", w.saved[name], mount), "the same process")
	}
	return nil
}

func (w *world) soonRunsAsAnother(ctx context.Context, mount, name string) error {
	return w.poll(ctx, soon, func(ctx context.Context) error { return w.runsAsAnother(ctx, mount, name) })
}

func (w *world) pid(ctx context.Context, mount string) (int64, error) {
	if err := w.asRoot(ctx, "GET", mount+"/process", ""); err != nil {
		return 0, err
	}
	value, _ := w.answer.lookup("data.pid")
	pid, err := strconv.ParseInt(render(value), 10, 64)
	if w.answer.status != 200 || err != nil {
		return 0, mismatch("the process identifier from "+mount+"/process", describeAnswer(w.answer))
	}
	return pid, nil
}

// kept gives a process identifier that was kept under a name.
func (w *world) kept(name string) (int, error) {
	pid, err := strconv.Atoi(w.saved[name])
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("no process was kept as %q", name)
	}
	return pid, nil
}

func (w *world) isKilled(_ context.Context, name string) error {
	pid, err := w.kept(name)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill the plugin's process %d: %w", pid, err)
	}
	return nil
}

// hasEnded waits until a process is no longer in the table.
func (w *world) hasEnded(ctx context.Context, name string) error {
	pid, err := w.kept(name)
	if err != nil {
		return err
	}
	return w.poll(ctx, soon, func(context.Context) error {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			return mismatch(fmt.Sprintf("process %d to have ended", pid), "it still runs")
		}
		return nil
	})
}

func (w *world) stillRuns(_ context.Context, name string) error {
	pid, err := w.kept(name)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return mismatch(fmt.Sprintf("process %d to run", pid), "it has ended")
	}
	return nil
}

// processesOf waits until so many processes of a binary in the plugin directory
// run.
func (w *world) processesOf(ctx context.Context, count int, binary string) error {
	return w.poll(ctx, soon, func(ctx context.Context) error {
		found, err := w.processes(ctx, binary)
		if err != nil {
			return err
		}
		if len(found) != count {
			pids := make([]string, 0, len(found))
			for _, one := range found {
				pids = append(pids, strconv.Itoa(int(one.Pid)))
			}
			return mismatch(fmt.Sprintf("%d processes of %s", count, binary), fmt.Sprintf("%d: %s", len(found), strings.Join(pids, " ")))
		}
		return nil
	})
}

// processes finds the processes of a binary by the file that they execute.
func (w *world) processes(ctx context.Context, binary string) ([]*process.Process, error) {
	server, err := w.running(ctx)
	if err != nil {
		return nil, err
	}
	file, err := filepath.EvalSymlinks(filepath.Join(server.PluginDir(), w.names.out(binary)))
	if err != nil {
		return nil, fmt.Errorf("find the plugin's file: %w", err)
	}
	all, err := process.ProcessesWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the process table: %w", err)
	}
	var found []*process.Process
	for _, one := range all {
		// Processes that end meanwhile, or belong to others, can't be asked.
		exe, err := one.ExeWithContext(ctx)
		if err == nil && strings.TrimSuffix(exe, " (deleted)") == file {
			found = append(found, one)
		}
	}
	return found, nil
}
