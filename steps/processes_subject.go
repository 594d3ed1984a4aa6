// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/plugproof/plugproof/steps/host"
)

// processTree is a process that a server started for the checked plugin, and its
// descendants: a plugin may be a script that starts the program.
type processTree struct {
	// root is its identifier.
	root int32
	// all are the root and its descendants.
	all []host.Process
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
	machine, err := w.host(ctx)
	if err != nil {
		return nil, err
	}
	file, err := machine.Resolve(ctx, onHost(server.PluginDir(), w.subject))
	if err != nil {
		return nil, fmt.Errorf("find the plugin's file: %w", err)
	}
	all, err := machine.Processes(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the process table: %w", err)
	}
	parents := make(map[int32]int32, len(all))
	own := make(map[int32]bool)
	for _, candidate := range all {
		// Processes that end meanwhile, or belong to others, can't be asked.
		if parent, err := candidate.Parent(ctx); err == nil {
			parents[candidate.PID()] = parent
		}
		own[candidate.PID()] = executes(ctx, candidate, file, registrationOf(server.PluginDir(), w.subject))
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
		root := rootOf(candidate.PID())
		if root == 0 || candidate.Zombie(ctx) {
			continue
		}
		at := slices.IndexFunc(trees, func(t processTree) bool { return t.root == root })
		if at < 0 {
			at = len(trees)
			trees = append(trees, processTree{root: root})
		}
		trees[at].all = append(trees[at].all, candidate)
	}
	return trees, nil
}

// executes reports whether a process is of the registration with that file and that
// variable.
func executes(ctx context.Context, candidate host.Process, file, registration string) bool {
	if exe, err := candidate.Executable(ctx); err == nil && exe == file {
		return true
	}
	if args, err := candidate.Args(ctx); err == nil && slices.Contains(args, file) {
		return true
	}
	environ, err := candidate.Environ(ctx)
	return err == nil && slices.Contains(environ, registration)
}

// roots returns the root, or nothing if it has ended before its descendants.
func (t processTree) roots() []host.Process {
	return slices.DeleteFunc(slices.Clone(t.all), func(p host.Process) bool { return p.PID() != t.root })
}

// serves reports whether a process of the tree listens on a socket.
func (t processTree) serves(ctx context.Context) bool { return len(t.listening(ctx)) > 0 }

// serving returns the processes of the tree that listen on a socket, as the one
// that serves the plugin does, and all if that can't be found out.
func (t processTree) serving(ctx context.Context) []host.Process {
	if found := t.listening(ctx); len(found) > 0 {
		return found
	}
	return t.all
}

func (t processTree) listening(ctx context.Context) []host.Process {
	var found []host.Process
	for _, candidate := range t.all {
		if usage, err := candidate.Usage(ctx); err == nil && usage.Listens {
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
		if len(found) == 0 {
			w.rouse(ctx)
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
func (w *world) subjectRoots(ctx context.Context) ([]host.Process, error) {
	trees, err := w.subjectTrees(ctx)
	var roots []host.Process
	for _, tree := range trees {
		roots = append(roots, tree.roots()...)
	}
	return roots, err
}

// pluginHas checks a variable of the processes that serve the checked plugin. They are
// looked for again if one has ended before it was read.
func (w *world) pluginHas(ctx context.Context, name, value string) error {
	var lacking error
	err := poll(ctx, soon, func(ctx context.Context) error {
		err := w.servingHas(ctx, name, value)
		if failure := new(Failure); errors.As(err, &failure) {
			lacking = err
			return nil
		}
		return err
	})
	return cmp.Or(err, lacking)
}

func (w *world) servingHas(ctx context.Context, name, value string) error {
	trees, err := w.subjectTrees(ctx)
	if err == nil && len(trees) == 0 && w.rouse(ctx) {
		trees, err = w.subjectTrees(ctx)
	}
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
