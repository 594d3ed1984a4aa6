// SPDX-License-Identifier: MPL-2.0

package host

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
)

// operation names what a question is about.
type operation string

const (
	opProcesses     operation = "processes"
	opBegan         operation = "began"
	opKill          operation = "kill"
	opQuit          operation = "quit"
	opUsage         operation = "usage"
	opResolve       operation = "resolve"
	opCreate        operation = "create"
	opMakeDirectory operation = "make-directory"
	opTemporary     operation = "temporary"
	opSymlink       operation = "symlink"
	opLink          operation = "link"
	opRename        operation = "rename"
	opAppend        operation = "append"
	opRemove        operation = "remove"
	opList          operation = "list"
)

// question is what a Remote sends, answer what it gets, each as one JSON value.
type question struct {
	Op  operation `json:"op"`
	PID int32     `json:"pid,omitempty"`
	// Path is the file, From the other one or the destination of a link.
	Path string `json:"path,omitempty"`
	From string `json:"from,omitempty"`
	Text string `json:"text,omitempty"`
}

type answer struct {
	Error     string     `json:"error,omitempty"`
	Processes []snapshot `json:"processes,omitempty"`
	Began     int64      `json:"began,omitempty"`
	Usage     Usage      `json:"usage,omitzero"`
	Path      string     `json:"path,omitempty"`
	Paths     []string   `json:"paths,omitempty"`
	// Sees is in the greeting: processes of other users can be asked.
	Sees bool `json:"sees,omitempty"`
}

// snapshot is a process as it was when the table was read.
type snapshot struct {
	ID      int32    `json:"pid"`
	PPID    int32    `json:"ppid"`
	File    string   `json:"file,omitempty"`
	Command []string `json:"args,omitempty"`
	Env     []string `json:"env,omitempty"`
}

// Serve answers what a Remote asks with in and out, until in ends. It greets with
// whether it may look at the first process, which is the server.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	questions, answers := json.NewDecoder(bufio.NewReader(in)), json.NewEncoder(out)
	_, err := os.Readlink("/proc/1/exe")
	greeting := answer{Sees: err == nil}
	if err := answers.Encode(greeting); err != nil {
		return err
	}
	for {
		var q question
		err := questions.Decode(&q)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := answers.Encode(reply(ctx, Local{}, q)); err != nil {
			return err
		}
	}
}

// reply answers one question about a host.
func reply(ctx context.Context, h Host, q question) (a answer) {
	var err error
	switch q.Op {
	case opProcesses:
		a.Processes, err = snapshots(ctx, h)
	case opBegan:
		var p Process
		if p, err = find(ctx, h, q.PID); p != nil && !p.Zombie(ctx) {
			a.Began, err = h.Began(ctx, q.PID)
		}
	case opKill:
		err = h.Kill(ctx, q.PID)
	case opQuit:
		err = h.Quit(ctx, q.PID)
	case opUsage:
		a.Usage, err = usageOf(ctx, h, q.PID)
	case opResolve:
		a.Path, err = h.Resolve(ctx, q.Path)
	case opCreate:
		err = h.Create(ctx, q.Path)
	case opMakeDirectory:
		err = h.MakeDirectory(ctx, q.Path)
	case opTemporary:
		a.Path, err = h.Temporary(ctx)
	case opSymlink:
		err = h.Symlink(ctx, q.From, q.Path)
	case opLink:
		err = h.Link(ctx, q.From, q.Path)
	case opRename:
		err = h.Rename(ctx, q.From, q.Path)
	case opAppend:
		err = h.Append(ctx, q.Path, q.Text)
	case opRemove:
		err = h.Remove(ctx, q.Path)
	case opList:
		a.Paths, err = h.List(ctx, q.Path)
	default:
		err = errors.New("unknown operation " + string(q.Op))
	}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

// snapshots reads the table without zombies: the first process of a container is
// its server, which inherits what plugins' processes leave behind and, unlike the
// first process of a machine, never asks how those ended.
func snapshots(ctx context.Context, h Host) ([]snapshot, error) {
	all, err := h.Processes(ctx)
	if err != nil {
		return nil, err
	}
	var found []snapshot
	for _, p := range all {
		if p.Zombie(ctx) {
			continue
		}
		// What can't be read stays empty, as for a process that ended meanwhile.
		s := snapshot{ID: p.PID()}
		s.PPID, _ = p.Parent(ctx)
		s.File, _ = p.Executable(ctx)
		s.Command, _ = p.Args(ctx)
		s.Env, _ = p.Environ(ctx)
		found = append(found, s)
	}
	return found, nil
}

func usageOf(ctx context.Context, h Host, pid int32) (Usage, error) {
	p, err := find(ctx, h, pid)
	if err != nil {
		return Usage{}, err
	}
	if p == nil {
		return Usage{}, errEnded
	}
	return p.Usage(ctx)
}

// find returns a process of the table, or nil if it is not there.
func find(ctx context.Context, h Host, pid int32) (Process, error) {
	all, err := h.Processes(ctx)
	at := slices.IndexFunc(all, func(p Process) bool { return p.PID() == pid })
	if err != nil || at < 0 {
		return nil, err
	}
	return all[at], nil
}
