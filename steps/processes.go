// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/plugproof/plugproof/steps/host"
)

// soon bounds waiting for what a server does by itself: ending a process,
// noticing a crash, moving a mount.
const soon = 10 * time.Second

// host returns the machine that the scenario's server runs its plugins on.
func (w *world) host(ctx context.Context) (host.Host, error) {
	server, err := w.ensureServer(ctx)
	if err != nil {
		return nil, err
	}
	machine, err := HostOf(ctx, server)
	if err != nil {
		return nil, fmt.Errorf("look at where the server runs: %w", err)
	}
	return machine, nil
}

// onHost returns the path of a file in a directory of a server's host, which has
// slashes if it is a container on a machine that has none.
func onHost(directory, name string) string {
	if strings.HasPrefix(directory, "/") {
		return path.Join(directory, name)
	}
	return filepath.Join(directory, name)
}

// runsAs keeps the process identifier that the probe at a mount reports.
func (w *world) runsAs(ctx context.Context, mount, name string) error {
	pid, err := w.pid(ctx, mount)
	if err != nil {
		return err
	}
	w.saved[name] = strconv.FormatInt(pid, 10)
	if w.suite.unsupported(ctx, ProcessControl) != "" {
		return nil // its identifier has to do
	}
	return w.keep(ctx, name, int32(pid)) //nolint:gosec // identifiers of processes have 32 bits
}

// keptProcess is a process that a scenario kept.
type keptProcess struct {
	pid int32
	// began is as of host.Processes.
	began int64
}

// keep notes the processes that a name stands for.
func (w *world) keep(ctx context.Context, name string, pids ...int32) error {
	machine, err := w.host(ctx)
	if err != nil {
		return err
	}
	w.members[name] = nil
	for _, pid := range pids {
		began, err := machine.Began(ctx, pid)
		if err != nil {
			return fmt.Errorf("read when process %d began: %w", pid, err)
		}
		w.members[name] = append(w.members[name], keptProcess{pid, began})
	}
	return nil
}

// stillThere reports whether a process that was kept runs.
func (w *world) stillThere(ctx context.Context, kept keptProcess) (bool, error) {
	machine, err := w.host(ctx)
	if err != nil {
		return false, err
	}
	began, err := machine.Began(ctx, kept.pid)
	return began != 0 && began == kept.began, err
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
		// In a container that was restarted, another process may have its identifier.
		if kept := w.members[name]; len(kept) == 1 {
			if there, err := w.stillThere(ctx, kept[0]); err != nil || !there {
				return err
			}
		}
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

// killProcess kills a process the way the kernel does when memory runs out: it
// can't clean up.
func (w *world) killProcess(ctx context.Context, name string) error {
	pids, err := w.savedProcesses(name)
	if err != nil {
		return err
	}
	machine, err := w.host(ctx)
	if err != nil {
		return err
	}
	for at, kept := range pids {
		// The others may end with the first.
		if err := machine.Kill(ctx, kept.pid); err != nil && at == 0 {
			return fmt.Errorf("kill the plugin's process %d: %w", kept.pid, err)
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
		for _, kept := range pids {
			running, err := w.stillThere(ctx, kept)
			if err == nil && running {
				err = mismatch(fmt.Sprintf("process %d to have ended", kept.pid), "it still runs")
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *world) stillRuns(ctx context.Context, name string) error {
	kept, err := w.savedProcesses(name)
	if err != nil {
		return err
	}
	running, err := w.stillThere(ctx, kept[0])
	if err == nil && !running {
		err = mismatch(fmt.Sprintf("process %d to run", kept[0].pid), "it has ended")
	}
	return err
}

// processesOf waits until so many processes of a binary in the plugin directory
// run.
func (w *world) processesOf(ctx context.Context, number int, binary string) error {
	_, err := w.waitForProcesses(ctx, number, binary)
	return err
}

func (w *world) waitForProcesses(ctx context.Context, number int, binary string) ([]host.Process, error) {
	var found []host.Process
	err := poll(ctx, soon, func(ctx context.Context) (err error) {
		if found, err = w.processes(ctx, binary); err != nil {
			return err
		}
		if len(found) == number {
			return nil
		}
		got := countProcesses(len(found))
		for _, running := range found {
			got += fmt.Sprintf(" %d", running.PID())
		}
		return mismatch(countProcesses(number)+" of "+binary, got)
	})
	return found, err
}

// processes finds the processes of a binary by the file that they execute.
func (w *world) processes(ctx context.Context, binary string) ([]host.Process, error) {
	server, err := w.ensureServer(ctx)
	if err != nil {
		return nil, err
	}
	if binary == SubjectName && w.subject != "" {
		return w.subjectRoots(ctx)
	}
	machine, err := w.host(ctx)
	if err != nil {
		return nil, err
	}
	file, err := machine.Resolve(ctx, onHost(server.PluginDir(), w.names.out(binary)))
	if err != nil {
		return nil, fmt.Errorf("find the plugin's file: %w", err)
	}
	all, err := machine.Processes(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the process table: %w", err)
	}
	var found []host.Process
	for _, candidate := range all {
		// Processes that end meanwhile, or belong to others, can't be asked.
		if exe, err := candidate.Executable(ctx); err == nil && exe == file {
			found = append(found, candidate)
		}
	}
	return found, nil
}

// theProcess waits until one process of a binary runs and returns it.
func (w *world) theProcess(ctx context.Context, binary string) (host.Process, error) {
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
	w.saved[name] = strconv.Itoa(int(found.PID()))
	return w.keep(ctx, name, found.PID())
}

// subjectKept keeps the process that the server started for the checked plugin,
// and the one that serves where the first is a script.
func (w *world) subjectKept(ctx context.Context, name string) error {
	tree, err := w.servingTree(ctx, soon)
	if err != nil {
		return err
	}
	w.saved[name] = strconv.Itoa(int(tree.root))
	pids := []int32{tree.root}
	for _, serving := range tree.serving(ctx) {
		if serving.PID() != tree.root {
			pids = append(pids, serving.PID())
		}
	}
	return w.keep(ctx, name, pids...)
}

// savedProcesses returns the process that was kept under a name and, if it is the
// checked plugin's, the one that serves where the first is a script.
func (w *world) savedProcesses(name string) ([]keptProcess, error) {
	if members := w.members[name]; len(members) > 0 {
		return members, nil
	}
	return nil, fmt.Errorf("no process was kept as %q", name)
}

func hasVariable(ctx context.Context, found host.Process, name, value string) error {
	environ, err := found.Environ(ctx)
	if err != nil {
		return fmt.Errorf("read the environment of process %d: %w", found.PID(), err)
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
