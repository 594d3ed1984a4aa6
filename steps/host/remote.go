// SPDX-License-Identifier: MPL-2.0

package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

var errEnded = errors.New("the process has ended")

// Remote is the machine, or container, in which Serve runs.
type Remote struct {
	// asking is held by whoever asks; it is a channel so that others can give up.
	asking  chan struct{}
	stream  io.ReadWriteCloser
	answers *json.Decoder
	sees    bool

	mu     sync.Mutex
	broken error // why nothing can be asked any more
}

// Dial greets the Serve at the other end of the stream, which it closes when it
// fails.
func Dial(ctx context.Context, stream io.ReadWriteCloser) (*Remote, error) {
	r := &Remote{asking: make(chan struct{}, 1), stream: stream, answers: json.NewDecoder(stream)}
	var greeting answer
	stop := context.AfterFunc(ctx, func() { _ = stream.Close() })
	err := r.answers.Decode(&greeting)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(err, stream.Close())
	}
	r.sees = greeting.Sees
	return r, nil
}

// Sees reports whether the processes of all users can be asked.
func (r *Remote) Sees() bool { return r.sees }

// Broken returns why nothing can be asked any more, or nil: the container has ended.
func (r *Remote) Broken() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.broken
}

// Close ends the Serve.
func (r *Remote) Close() error { return r.stream.Close() }

// ask sends a question and waits for its answer. An answer that ctx does not wait
// for ends the connection: the next one would be taken for it.
func (r *Remote) ask(ctx context.Context, q question) (answer, error) {
	select {
	case r.asking <- struct{}{}:
		defer func() { <-r.asking }()
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	if err := r.Broken(); err != nil {
		return answer{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = r.stream.Close() })
	var a answer
	err := json.NewEncoder(r.stream).Encode(q)
	if err == nil {
		err = r.answers.Decode(&a)
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		err = fmt.Errorf("ask in the container: %w", errors.Join(ctx.Err(), err))
		r.mu.Lock()
		r.broken = err
		r.mu.Unlock()
		return answer{}, errors.Join(err, r.stream.Close())
	}
	if a.Error != "" {
		return answer{}, errors.New(a.Error)
	}
	return a, nil
}

// Processes implements Processes.
func (r *Remote) Processes(ctx context.Context) ([]Process, error) {
	a, err := r.ask(ctx, question{Op: opProcesses})
	if err != nil {
		return nil, err
	}
	processes := make([]Process, 0, len(a.Processes))
	for _, p := range a.Processes {
		processes = append(processes, remoteProcess{p, r})
	}
	return processes, nil
}

// Began implements Processes. Zombies count as ended.
func (r *Remote) Began(ctx context.Context, pid int32) (int64, error) {
	a, err := r.ask(ctx, question{Op: opBegan, PID: pid})
	return a.Began, err
}

// Kill implements Processes.
func (r *Remote) Kill(ctx context.Context, pid int32) error {
	return r.do(ctx, question{Op: opKill, PID: pid})
}

// Quit implements Processes.
func (r *Remote) Quit(ctx context.Context, pid int32) error {
	return r.do(ctx, question{Op: opQuit, PID: pid})
}

func (r *Remote) do(ctx context.Context, q question) error {
	_, err := r.ask(ctx, q)
	return err
}

// Resolve implements Files.
func (r *Remote) Resolve(ctx context.Context, path string) (string, error) {
	a, err := r.ask(ctx, question{Op: opResolve, Path: path})
	return a.Path, err
}

// Create implements Files.
func (r *Remote) Create(ctx context.Context, path string) error {
	return r.do(ctx, question{Op: opCreate, Path: path})
}

// MakeDirectory implements Files.
func (r *Remote) MakeDirectory(ctx context.Context, path string) error {
	return r.do(ctx, question{Op: opMakeDirectory, Path: path})
}

// Temporary implements Files.
func (r *Remote) Temporary(ctx context.Context) (string, error) {
	a, err := r.ask(ctx, question{Op: opTemporary})
	return a.Path, err
}

// Symlink implements Files.
func (r *Remote) Symlink(ctx context.Context, destination, path string) error {
	return r.do(ctx, question{Op: opSymlink, From: destination, Path: path})
}

// Link implements Files.
func (r *Remote) Link(ctx context.Context, file, path string) error {
	return r.do(ctx, question{Op: opLink, From: file, Path: path})
}

// Rename implements Files.
func (r *Remote) Rename(ctx context.Context, file, path string) error {
	return r.do(ctx, question{Op: opRename, From: file, Path: path})
}

// Append implements Files.
func (r *Remote) Append(ctx context.Context, path, text string) error {
	return r.do(ctx, question{Op: opAppend, Path: path, Text: text})
}

// Remove implements Files.
func (r *Remote) Remove(ctx context.Context, path string) error {
	return r.do(ctx, question{Op: opRemove, Path: path})
}

// List implements Files.
func (r *Remote) List(ctx context.Context, directory string) ([]string, error) {
	a, err := r.ask(ctx, question{Op: opList, Path: directory})
	return a.Paths, err
}

// remoteProcess is a process as it was when the table was read.
type remoteProcess struct {
	snapshot
	remote *Remote
}

func (p remoteProcess) PID() int32 { return p.ID }

func (p remoteProcess) Parent(context.Context) (int32, error) { return p.PPID, nil }

func (p remoteProcess) Executable(context.Context) (string, error) { return p.File, nil }

func (p remoteProcess) Args(context.Context) ([]string, error) { return p.Command, nil }

func (p remoteProcess) Environ(context.Context) ([]string, error) { return p.Env, nil }

func (p remoteProcess) Zombie(context.Context) bool { return false }

func (p remoteProcess) Usage(ctx context.Context) (Usage, error) {
	a, err := p.remote.ask(ctx, question{Op: opUsage, PID: p.ID})
	return a.Usage, err
}
