// SPDX-License-Identifier: MPL-2.0

package core

import (
	"slices"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/plugproof/plugproof/mockserver/failure"
)

// maxFailures is how many failures are kept.
const maxFailures = 64

// failures keeps the latest failures of plugin processes.
type failures struct {
	logger hclog.Logger

	mu     sync.Mutex
	latest []failure.Failure
}

// add logs a failure and keeps it.
func (f *failures) add(latest failure.Failure) {
	fields := []any{"plugin", latest.Name, "type", latest.Type, "cause", string(latest.Cause), "pid", latest.PID}
	if latest.Exit != nil {
		fields = append(fields, "exit", latest.Exit.String())
	}
	f.logger.Error(latest.String(), fields...)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.latest) == maxFailures {
		f.latest = slices.Delete(f.latest, 0, 1)
	}
	f.latest = append(f.latest, latest)
}

// Failures returns the latest failures of plugin processes, oldest first.
func (c *Core) Failures() []failure.Failure {
	c.failures.mu.Lock()
	defer c.failures.mu.Unlock()
	return slices.Clone(c.failures.latest)
}
