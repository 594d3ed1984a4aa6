// SPDX-License-Identifier: MPL-2.0

package process

import (
	"runtime"
	"sync"
)

// forker starts processes from one operating system thread that lives as long
// as the Pool.
//
// On Linux a child can ask to be killed when its parent dies (Pdeathsig), which
// is how no plugin outlives a server that was killed with SIGKILL. But "parent"
// there means the thread that forked, not the process: forked from any
// goroutine, a plugin would be killed as soon as the Go runtime ends the thread
// that the goroutine happened to run on. So a goroutine that is locked to its
// thread does nothing but fork; a fork takes about a millisecond and waits for
// nothing that a plugin does.
type forker struct {
	begin sync.Once
	jobs  chan func()
	quit  chan struct{}
	end   sync.Once
}

func newForker() *forker {
	return &forker{jobs: make(chan func()), quit: make(chan struct{})}
}

// do runs job on the thread and waits for it.
func (f *forker) do(job func() error) error {
	f.begin.Do(func() { go f.run() })
	result := make(chan error, 1)
	select {
	case f.jobs <- func() { result <- job() }:
		return <-result
	case <-f.quit:
		return ErrClosed
	}
}

// close ends the thread, and with it whatever it forked and still runs.
func (f *forker) close() { f.end.Do(func() { close(f.quit) }) }

func (f *forker) run() {
	// Never unlocked: a goroutine that ends locked takes its thread along.
	runtime.LockOSThread()
	for {
		select {
		case job := <-f.jobs:
			job()
		case <-f.quit:
			return
		}
	}
}
