// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/fault"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// killWithin is how long after the beginning of a request, at most, a process is killed
// that is to be killed during it.
const killWithin = 2 * time.Millisecond

// mortal is a backend with a process that can be killed.
type mortal interface{ Kill(wait bool) }

// Sealed reports whether the server is sealed.
func (c *Core) Sealed() bool { return c.faults.Now().Sealed }

// ApplyFaults does what a change of the faults asks for at once: a server that is
// sealed has no plugin processes. When it is unsealed, requests start them again.
func (c *Core) ApplyFaults(f fault.Faults) {
	if !f.Sealed {
		return
	}
	for _, r := range c.table.All() {
		if c.Internal(r.Entry().Type) {
			continue
		}
		if err := r.Rest(c.ctx, func(b *mounts.Backend) { b.Cleanup(c.ctx) }); err != nil {
			c.logger.Error("failed to end a plugin of a sealed server", "path", r.Entry().FullPath(), "error", err)
		}
	}
}

// killAround kills the process of a backend before and during a request, and with the
// function that it returns after it, as the faults say.
func (c *Core) killAround(b *mounts.Backend) (after func()) {
	process, ok := b.Backend.(mortal)
	if c.faults == nil || !ok {
		return func() {}
	}
	now := c.faults.Now()
	if c.faults.Happens(now.KillBefore) {
		process.Kill(true)
	}
	if c.faults.Happens(now.KillDuring) {
		time.AfterFunc(c.faults.Within(killWithin), func() { process.Kill(false) })
	}
	return func() {
		if c.faults.Happens(now.KillAfter) {
			process.Kill(true)
		}
	}
}

// delayStart waits as long as starts of plugins are delayed.
func (c *Core) delayStart(ctx context.Context) error {
	delay := c.faults.Now().StartDelay
	if delay == 0 {
		return nil
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// What accesses to the storage of a mount return that are made to fail.
var (
	errStorageFails = errors.New("plugproof: writes are made to fail")
	errReadsFail    = errors.New("plugproof: reads are made to fail")
)

// FailReads makes every read of the plugin at a mount fail, or lets them succeed again.
// It returns how many accesses were refused so far.
func (c *Core) FailReads(mount string, fail bool) (refused int64, err error) {
	r, err := c.MountAt(context.Background(), mount)
	if err != nil {
		return 0, err
	}
	if fail {
		r.Storage.SetUnreadable(errReadsFail)
	} else {
		r.Storage.SetUnreadable(nil)
	}
	return r.Storage.Refused(), nil
}

// FailRead makes the nth read of the plugin at a mount from now on fail, and no other; with 0
// none does. It returns how many accesses were refused so far.
func (c *Core) FailRead(mount string, nth int) (refused int64, err error) {
	r, err := c.MountAt(context.Background(), mount)
	if err != nil {
		return 0, err
	}
	r.Storage.SetUnreadableAt(nth, errReadsFail)
	return r.Storage.Refused(), nil
}

// FailWrites makes every write of the plugin at a mount fail, or lets them succeed
// again. It returns how many were refused so far.
func (c *Core) FailWrites(mount string, fail bool) (refused int64, err error) {
	return c.refuseWrites(mount, fail, errStorageFails)
}

// SetReadOnly makes every write of the plugin at a mount fail as on a standby, or lets
// them succeed again. It returns how many accesses were refused so far.
func (c *Core) SetReadOnly(mount string, readOnly bool) (refused int64, err error) {
	return c.refuseWrites(mount, readOnly, logical.ErrReadOnly)
}

func (c *Core) refuseWrites(mount string, refuse bool, as error) (refused int64, err error) {
	r, err := c.MountAt(context.Background(), mount)
	if err != nil {
		return 0, err
	}
	if !refuse {
		as = nil
	}
	r.Storage.SetReadOnly(as)
	return r.Storage.Refused(), nil
}

// StorageKeys returns the keys below a folder of the storage of the plugin at a mount,
// whole and in order.
func (c *Core) StorageKeys(ctx context.Context, mount, folder string) ([]string, error) {
	r, err := c.MountAt(ctx, mount)
	if err != nil {
		return nil, err
	}
	names, err := logical.CollectKeysWithPrefix(ctx, r.Storage, folder)
	slices.Sort(names)
	return names, err
}

// HoldStorage makes the accesses of the plugin at a mount to its storage wait, but for
// the next ones, of which pass is the number.
func (c *Core) HoldStorage(mount string, pass int) error {
	r, err := c.MountAt(context.Background(), mount)
	if err == nil {
		r.Storage.Hold(pass)
	}
	return err
}

// ReleaseStorage lets them go on.
func (c *Core) ReleaseStorage(mount string) error {
	r, err := c.MountAt(context.Background(), mount)
	if err == nil {
		r.Storage.Release()
	}
	return err
}

// HeldAccesses returns how many of them wait.
func (c *Core) HeldAccesses(mount string) (int64, error) {
	r, err := c.MountAt(context.Background(), mount)
	if err != nil {
		return 0, err
	}
	return r.Storage.Waiting(), nil
}
