// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"time"
)

// drainAfterExit waits for requests in flight when the process has ended. go-plugin
// would tell the SDK's client that the plugin is shut down while those requests
// are about to return with the error of the broken connection, and which error
// they get would be chance. Real servers mostly give the connection's.
func (proc *process) drainAfterExit() {
	await(proc.retire(), exitDrainLimit)
}

// await waits until all channels are closed. It reports false if limit passed
// before.
func await(channels []<-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for _, c := range channels {
		select {
		case <-c:
		case <-timer.C:
			return false
		}
	}
	return true
}

// end ends the process and returns when it is gone.
func (proc *process) end() {
	proc.ending.Do(func() {
		proc.pool.unshare(proc)
		proc.retire()
		proc.mu.Lock()
		proc.wanted = proc.child == nil || proc.running()
		proc.mu.Unlock()
		<-proc.started
		// Asks the plugin to shut down and kills it if it doesn't.
		proc.client.Kill()
		proc.traceExit()
		proc.removeFiles()
		proc.pool.remove(proc)
		close(proc.ended)
	})
	<-proc.ended
}

// removeFiles removes the files of a process that has ended before the server does.
func (proc *process) removeFiles() {
	proc.mu.Lock()
	c := proc.child
	proc.mu.Unlock()
	if c != nil && !proc.running() {
		c.removeFiles()
	}
}

// abortStart kills a process that is being started.
func (proc *process) abortStart() {
	select {
	case <-proc.started:
		return
	default:
	}
	proc.mu.Lock()
	proc.aborted = true
	c := proc.child
	proc.mu.Unlock()
	if c != nil {
		_ = c.Kill(context.Background())
	}
}

// discard clears up after a start that failed.
func (proc *process) discard() {
	proc.mu.Lock()
	proc.shut = true
	c := proc.child
	proc.mu.Unlock()
	if c != nil {
		_ = c.Kill(context.Background())
		if c.ID() != "" {
			<-c.exited
			c.closePipesLate()
			// go-plugin has it done too, but later, when a server that closes is gone.
			c.removeFiles()
		}
	}
	proc.client.Kill()
	proc.pool.remove(proc)
}
