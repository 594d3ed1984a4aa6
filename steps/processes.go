// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
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
	return poll(ctx, soon, func(ctx context.Context) error { return w.runsAsAnother(ctx, mount, name) })
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

// savedProcess returns a process identifier that was kept under a name.
func (w *world) savedProcess(name string) (int32, error) {
	pid, err := strconv.ParseInt(w.saved[name], 10, 32)
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("no process was kept as %q", name)
	}
	return int32(pid), nil
}

// killProcess kills a process the way the kernel does when memory runs out: it
// can't clean up.
func (w *world) killProcess(ctx context.Context, name string) error {
	pids, err := w.savedProcesses(name)
	if err != nil {
		return err
	}
	for at, pid := range pids {
		running, err := process.NewProcessWithContext(ctx, pid)
		if err == nil {
			err = running.KillWithContext(ctx)
		}
		// The others may end with the first.
		if err != nil && at == 0 {
			return fmt.Errorf("kill the plugin's process %d: %w", pid, err)
		}
	}
	return nil
}

// hasEnded waits until a process is no longer in the table.
func (w *world) hasEnded(ctx context.Context, name string) error {
	pids, err := w.savedProcesses(name)
	if err != nil {
		return err
	}
	return poll(ctx, soon, func(ctx context.Context) error {
		for _, pid := range pids {
			running, err := process.PidExistsWithContext(ctx, pid)
			if err == nil && running {
				err = mismatch(fmt.Sprintf("process %d to have ended", pid), "it still runs")
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *world) stillRuns(ctx context.Context, name string) error {
	pid, err := w.savedProcess(name)
	if err != nil {
		return err
	}
	running, err := process.PidExistsWithContext(ctx, pid)
	if err == nil && !running {
		err = mismatch(fmt.Sprintf("process %d to run", pid), "it has ended")
	}
	return err
}

// processesOf waits until so many processes of a binary in the plugin directory
// run.
func (w *world) processesOf(ctx context.Context, number int, binary string) error {
	_, err := w.waitForProcesses(ctx, number, binary)
	return err
}

func (w *world) waitForProcesses(ctx context.Context, number int, binary string) ([]*process.Process, error) {
	var found []*process.Process
	err := poll(ctx, soon, func(ctx context.Context) (err error) {
		if found, err = w.processes(ctx, binary); err != nil {
			return err
		}
		if len(found) == number {
			return nil
		}
		got := countProcesses(len(found))
		for _, running := range found {
			got += fmt.Sprintf(" %d", running.Pid)
		}
		return mismatch(countProcesses(number)+" of "+binary, got)
	})
	return found, err
}

// processes finds the processes of a binary by the file that they execute.
func (w *world) processes(ctx context.Context, binary string) ([]*process.Process, error) {
	server, err := w.ensureServer(ctx)
	if err != nil {
		return nil, err
	}
	if binary == SubjectName && w.subject != "" {
		return w.subjectRoots(ctx)
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
	for _, candidate := range all {
		// Processes that end meanwhile, or belong to others, can't be asked.
		exe, err := candidate.ExeWithContext(ctx)
		if err == nil && strings.TrimSuffix(exe, " (deleted)") == file {
			found = append(found, candidate)
		}
	}
	return found, nil
}

// theProcess waits until one process of a binary runs and returns it.
func (w *world) theProcess(ctx context.Context, binary string) (*process.Process, error) {
	found, err := w.waitForProcesses(ctx, 1, binary)
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func (w *world) processKept(ctx context.Context, binary, name string) error {
	if binary == SubjectName {
		return w.subjectKept(ctx, name)
	}
	found, err := w.theProcess(ctx, binary)
	if err != nil {
		return err
	}
	w.saved[name] = strconv.Itoa(int(found.Pid))
	return nil
}

// subjectKept keeps the process that the server started for the checked plugin,
// and the one that serves where the first is a script.
func (w *world) subjectKept(ctx context.Context, name string) error {
	tree, err := w.servingTree(ctx, soon)
	if err != nil {
		return err
	}
	w.saved[name] = strconv.Itoa(int(tree.root.Pid))
	w.members[name] = []int32{tree.root.Pid}
	for _, serving := range tree.serving(ctx) {
		if serving.Pid != tree.root.Pid {
			w.members[name] = append(w.members[name], serving.Pid)
		}
	}
	return nil
}

// savedProcesses returns the process that was kept under a name and, if it is the
// checked plugin's, the one that serves where the first is a script.
func (w *world) savedProcesses(name string) ([]int32, error) {
	if members := w.members[name]; len(members) > 0 {
		return members, nil
	}
	pid, err := w.savedProcess(name)
	return []int32{pid}, err
}

func hasVariable(ctx context.Context, found *process.Process, name, value string) error {
	environ, err := found.EnvironWithContext(ctx)
	if err != nil {
		return fmt.Errorf("read the environment of process %d: %w", found.Pid, err)
	}
	got := name + " not set"
	for _, entry := range environ {
		if entry == name+"="+value {
			return nil
		}
		if strings.HasPrefix(entry, name+"=") {
			got = entry
		}
	}
	return mismatch(fmt.Sprintf("%s=%s in the process's environment", name, value), got)
}
