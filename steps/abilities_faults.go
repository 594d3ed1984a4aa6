// SPDX-License-Identifier: MPL-2.0

package steps

import "context"

// Faulty is a Server that can be made to fail as servers do in production
// (Faults). Mounts are as in requests.
type Faulty interface {
	Server
	// FailWrites makes every write of the plugin at a mount fail, or lets them
	// succeed again, and returns how many were refused so far.
	FailWrites(ctx context.Context, mount string, fail bool) (refused int64, err error)
	// FailReads does the same with reads.
	FailReads(ctx context.Context, mount string, fail bool) (refused int64, err error)
	// FailRead makes the nth read of the plugin at a mount from now on fail, and no other;
	// with 0 none does.
	FailRead(ctx context.Context, mount string, nth int) (refused int64, err error)
	// SetReadOnly makes the storage of the plugin at a mount that of a standby, or of an
	// active server again, and returns how many accesses were refused so far.
	SetReadOnly(ctx context.Context, mount string, readOnly bool) (refused int64, err error)
	// StorageKeys returns the keys below a folder of the storage of the plugin at a
	// mount, whole and in order.
	StorageKeys(ctx context.Context, mount, folder string) ([]string, error)
	// StorageEntries returns the storage of the plugin at a mount, by key.
	StorageEntries(ctx context.Context, mount string) (map[string][]byte, error)
	// ReplaceStorage makes it what entries say, past the plugin, and tells the plugin
	// each key that changed.
	ReplaceStorage(ctx context.Context, mount string, entries map[string][]byte) error
	// RollBackNow has the plugin at a mount roll back what its write-ahead log has,
	// whatever its age, and returns the plugin's error.
	RollBackNow(ctx context.Context, mount string) error
	// HoldStorage makes the accesses of the plugin at a mount to its storage wait, but
	// for the next ones, of which pass is the number, until ReleaseStorage is called or
	// the plugin's call ends.
	HoldStorage(ctx context.Context, mount string, pass int) error
	// ReleaseStorage lets them go on.
	ReleaseStorage(ctx context.Context, mount string) error
	// HeldAccesses returns how many of them wait.
	HeldAccesses(ctx context.Context, mount string) (int64, error)
	// RevokeUnnoted has the plugin revoke a lease's secret and keeps the lease.
	RevokeUnnoted(ctx context.Context, leaseID string) error
}

// FailWrites makes every write of the plugin at a mount fail, or lets them succeed
// again, and returns how many were refused so far.
func FailWrites(ctx context.Context, server Server, mount string, fail bool) (refused int64, err error) {
	faulty, ok := as[Faulty](server)
	if !ok {
		return 0, lacking(server, Faults)
	}
	return faulty.FailWrites(ctx, mount, fail)
}

// FailReads makes every read of the plugin at a mount fail, or lets them succeed
// again, and returns how many accesses were refused so far.
func FailReads(ctx context.Context, server Server, mount string, fail bool) (refused int64, err error) {
	faulty, ok := as[Faulty](server)
	if !ok {
		return 0, lacking(server, Faults)
	}
	return faulty.FailReads(ctx, mount, fail)
}

// FailRead makes the nth read of the plugin at a mount from now on fail, and no other; with 0
// none does. It returns how many accesses were refused so far.
func FailRead(ctx context.Context, server Server, mount string, nth int) (refused int64, err error) {
	faulty, ok := as[Faulty](server)
	if !ok {
		return 0, lacking(server, Faults)
	}
	return faulty.FailRead(ctx, mount, nth)
}

// SetReadOnly makes the storage of the plugin at a mount that of a standby, where writes
// fail with logical.ErrReadOnly, or of an active server again, and returns how many
// accesses were refused so far.
func SetReadOnly(ctx context.Context, server Server, mount string, readOnly bool) (refused int64, err error) {
	faulty, ok := as[Faulty](server)
	if !ok {
		return 0, lacking(server, Faults)
	}
	return faulty.SetReadOnly(ctx, mount, readOnly)
}

// StorageKeys returns the keys below a folder of the storage of the plugin at a mount.
func StorageKeys(ctx context.Context, server Server, mount, folder string) ([]string, error) {
	faulty, ok := as[Faulty](server)
	if !ok {
		return nil, lacking(server, Faults)
	}
	return faulty.StorageKeys(ctx, mount, folder)
}

// StorageEntries returns the storage of the plugin at a mount, by key.
func StorageEntries(ctx context.Context, server Server, mount string) (map[string][]byte, error) {
	faulty, ok := as[Faulty](server)
	if !ok {
		return nil, lacking(server, Faults)
	}
	return faulty.StorageEntries(ctx, mount)
}

// ReplaceStorage makes the storage of the plugin at a mount what entries say, as if
// another server had written it, and tells the plugin each key that changed.
func ReplaceStorage(ctx context.Context, server Server, mount string, entries map[string][]byte) error {
	faulty, ok := as[Faulty](server)
	if !ok {
		return lacking(server, Faults)
	}
	return faulty.ReplaceStorage(ctx, mount, entries)
}

// RollBackNow has the plugin at a mount roll back what its write-ahead log has.
func RollBackNow(ctx context.Context, server Server, mount string) error {
	faulty, ok := as[Faulty](server)
	if !ok {
		return lacking(server, Faults)
	}
	return faulty.RollBackNow(ctx, mount)
}

// HoldStorage makes the accesses of the plugin at a mount to its storage wait, but for
// the next ones, of which pass is the number.
func HoldStorage(ctx context.Context, server Server, mount string, pass int) error {
	faulty, ok := as[Faulty](server)
	if !ok {
		return lacking(server, Faults)
	}
	return faulty.HoldStorage(ctx, mount, pass)
}

// ReleaseStorage lets them go on.
func ReleaseStorage(ctx context.Context, server Server, mount string) error {
	faulty, ok := as[Faulty](server)
	if !ok {
		return lacking(server, Faults)
	}
	return faulty.ReleaseStorage(ctx, mount)
}

// HeldAccesses returns how many accesses of the plugin at a mount wait.
func HeldAccesses(ctx context.Context, server Server, mount string) (int64, error) {
	faulty, ok := as[Faulty](server)
	if !ok {
		return 0, lacking(server, Faults)
	}
	return faulty.HeldAccesses(ctx, mount)
}

// Fault is what goes wrong with a whole server.
type Fault int

// The faults.
const (
	// NoFault: nothing goes wrong.
	NoFault Fault = iota
	// StorageFails: every access to the storage fails.
	StorageFails
	// StorageReadOnly: every write to the storage fails.
	StorageReadOnly
	// StorageFull: every write to the storage fails for want of space.
	StorageFull
	// OverLimit: requests are over a rate limit.
	OverLimit
	// SlowStarts: the start of a plugin takes half a second longer.
	SlowStarts
)

// FaultSetter is a Server with which, as a whole, something can be made to go wrong
// (Faults).
type FaultSetter interface {
	Server
	// SetFault makes one thing go wrong, instead of what went wrong before. The
	// server must not be shared.
	SetFault(ctx context.Context, fault Fault) error
}

// SetFault makes one thing go wrong with the whole server, instead of what went
// wrong before.
func SetFault(ctx context.Context, server Server, fault Fault) error {
	setter, ok := as[FaultSetter](server)
	if !ok {
		return lacking(server, Faults)
	}
	return setter.SetFault(ctx, fault)
}

// Sealer is a Server that can be sealed (Sealing).
type Sealer interface {
	Server
	// Seal seals the server, or unseals it again; then it serves when Seal returns.
	// The server must not be shared, and keep its state (Spec.State).
	Seal(ctx context.Context, sealed bool) error
}

// SealServer seals the server, or unseals it again.
func SealServer(ctx context.Context, server Server, sealed bool) error {
	sealer, ok := as[Sealer](server)
	if !ok {
		return lacking(server, Sealing)
	}
	return sealer.Seal(ctx, sealed)
}

// RevokeUnnoted has the plugin revoke a lease's secret and keeps the lease, as if
// the plugin's answer had been lost.
func RevokeUnnoted(ctx context.Context, server Server, leaseID string) error {
	faulty, ok := as[Faulty](server)
	if !ok {
		return lacking(server, Faults)
	}
	return faulty.RevokeUnnoted(ctx, leaseID)
}
