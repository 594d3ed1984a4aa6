// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/plugproof/plugproof/steps"
)

// lease is a server that one scenario has for itself until it closes it.
type lease struct {
	steps.Server
	release func(context.Context) error
}

// Unwrap implements steps.ServerWrapper.
func (l *lease) Unwrap() steps.Server { return l.Server }

// Close implements steps.Server.
func (l *lease) Close(ctx context.Context) error { return l.release(ctx) }

// sharedLease is a server that other scenarios use too. It refuses what they would
// notice.
type sharedLease struct{ steps.Server }

var errShared = errors.New("this server is shared with other scenarios: ask for State or Fresh")

// Unwrap implements steps.ServerWrapper.
func (l *sharedLease) Unwrap() steps.Server { return l.Server }

// Close implements steps.Server: the server stays for the others.
func (l *sharedLease) Close(context.Context) error { return nil }

// Advance implements steps.ClockMover.
func (l *sharedLease) Advance(context.Context, time.Duration) error {
	return fmt.Errorf("%w to move its time", errShared)
}

// SetFault implements steps.FaultSetter.
func (l *sharedLease) SetFault(context.Context, steps.Fault) error { return errShared }

// Seal implements steps.Sealer.
func (l *sharedLease) Seal(context.Context, bool) error { return errShared }

// Restart implements steps.Restarter.
func (l *sharedLease) Restart(context.Context, bool) error {
	return fmt.Errorf("%w to restart it", errShared)
}

// SetHostEnv implements steps.EnvironmentChanger.
func (l *sharedLease) SetHostEnv([]string) error {
	return &Error{
		Target: l.Address(), Kind: steps.ErrUnsupported,
		Problem: "the environment of a server that scenarios share can't be changed while it runs",
	}
}
