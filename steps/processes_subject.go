// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/net"
	"github.com/shirou/gopsutil/v4/process"
)

// processTree is a process that a server started for the checked plugin, and its
// descendants: a plugin may be a script that starts the program.
type processTree struct {
	root *process.Process
	// all are the root and its descendants.
	all []*process.Process
}

// subjectTrees finds the processes of the scenario's registration of the checked
// plugin. They execute its file, have it among their arguments, as the
// interpreter of a script has, carry the registration's variable, or descend
// from one that does.
func (w *world) subjectTrees(ctx context.Context) ([]processTree, error) {
	server, err := w.ensureServer(ctx)
	if err != nil {
		return nil, err
	}
	file, err := filepath.EvalSymlinks(filepath.Join(server.PluginDir(), w.subject))
	if err != nil {
		return nil, fmt.Errorf("find the plugin's file: %w", err)
	}
	all, err := process.ProcessesWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the process table: %w", err)
	}
	parents := make(map[int32]int32, len(all))
	own := make(map[int32]bool)
	for _, candidate := range all {
		// Processes that end meanwhile, or belong to others, can't be asked.
		if parent, err := candidate.PpidWithContext(ctx); err == nil {
			parents[candidate.Pid] = parent
		}
		own[candidate.Pid] = executes(ctx, candidate, file, registrationOf(server.PluginDir(), w.subject))
	}
	// rootOf returns the highest ancestor that is the plugin's, or 0.
	rootOf := func(pid int32) int32 {
		root := int32(0)
		for range len(all) {
			if own[pid] {
				root = pid
			}
			parent, ok := parents[pid]
			if !ok || parent == pid {
				break
			}
			pid = parent
		}
		return root
	}
	var trees []processTree
	for _, candidate := range all {
		root := rootOf(candidate.Pid)
		if root == 0 || isZombie(ctx, candidate) {
			continue
		}
		at := slices.IndexFunc(trees, func(t processTree) bool { return t.root.Pid == root })
		if at < 0 {
			at = len(trees)
			trees = append(trees, processTree{root: &process.Process{Pid: root}})
		}
		trees[at].all = append(trees[at].all, candidate)
	}
	return trees, nil
}

// executes reports whether a process is of the registration with that file and that
// variable.
func executes(ctx context.Context, candidate *process.Process, file, registration string) bool {
	if exe, err := candidate.ExeWithContext(ctx); err == nil && strings.TrimSuffix(exe, " (deleted)") == file {
		return true
	}
	if args, err := candidate.CmdlineSliceWithContext(ctx); err == nil && slices.Contains(args, file) {
		return true
	}
	environ, err := candidate.EnvironWithContext(ctx)
	return err == nil && slices.Contains(environ, registration)
}

func isZombie(ctx context.Context, candidate *process.Process) bool {
	status, err := candidate.StatusWithContext(ctx)
	return err == nil && slices.Contains(status, process.Zombie)
}

// serves reports whether a process of the tree listens on a socket.
func (t processTree) serves(ctx context.Context) bool { return len(t.listening(ctx)) > 0 }

// serving returns the processes of the tree that listen on a socket, as the one
// that serves the plugin does, and all if that can't be found out.
func (t processTree) serving(ctx context.Context) []*process.Process {
	if found := t.listening(ctx); len(found) > 0 {
		return found
	}
	return t.all
}

func (t processTree) listening(ctx context.Context) []*process.Process {
	var found []*process.Process
	for _, candidate := range t.all {
		connections, err := candidate.ConnectionsWithContext(ctx)
		// A Unix domain socket that listens has a path and no status.
		if err == nil && slices.ContainsFunc(connections, func(c net.ConnectionStat) bool {
			return c.Status == "LISTEN" || c.Family == syscall.AF_UNIX && c.Laddr.IP != ""
		}) {
			found = append(found, candidate)
		}
	}
	return found
}

// servingTree waits until one process of the checked plugin serves and returns it
// with its descendants. A process that another one left behind does not serve.
func (w *world) servingTree(ctx context.Context, within time.Duration) (processTree, error) {
	var found []processTree
	err := poll(ctx, within, func(ctx context.Context) (err error) {
		if found, err = w.subjectTrees(ctx); err != nil {
			return err
		}
		if serving := slices.DeleteFunc(slices.Clone(found), func(t processTree) bool { return !t.serves(ctx) }); len(serving) > 0 {
			found = serving
		}
		if len(found) != 1 {
			return mismatch(countProcesses(1)+" of the plugin", countProcesses(len(found)))
		}
		return nil
	})
	if err != nil {
		return processTree{}, err
	}
	return found[0], nil
}

// settling bounds waiting for processes that were started to ask for the plugin's
// version.
const settling = 2 * time.Second

// oneServes wants one process that serves all mounts.
func (w *world) oneServes(ctx context.Context) error {
	_, err := w.servingTree(ctx, settling)
	return err
}

// subjectRoots returns the processes that the server started for the scenario's
// registration of the checked plugin.
func (w *world) subjectRoots(ctx context.Context) ([]*process.Process, error) {
	trees, err := w.subjectTrees(ctx)
	var roots []*process.Process
	for _, tree := range trees {
		roots = append(roots, tree.root)
	}
	return roots, err
}

// pluginHas checks a variable of the processes that serve the checked plugin.
func (w *world) pluginHas(ctx context.Context, name, value string) error {
	trees, err := w.subjectTrees(ctx)
	if err == nil && len(trees) == 0 {
		err = mismatch("a process of the plugin", "none")
	}
	if err != nil {
		return err
	}
	for _, tree := range trees {
		for _, serving := range tree.serving(ctx) {
			if err := hasVariable(ctx, serving, name, value); err != nil {
				return err
			}
		}
	}
	return nil
}
