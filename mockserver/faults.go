// SPDX-License-Identifier: MPL-2.0

package mockserver

import "context"

// The methods here make things go wrong that go wrong in production, for tests of
// plugins.

// FailWrites makes every write of the plugin at a mount to its storage fail, or
// lets them succeed again. The mount's path is as in requests, with a slash at its
// end. It returns how many writes were refused so far.
func (s *Server) FailWrites(mount string, fail bool) (refused int64, err error) {
	return s.core.FailWrites(mount, fail)
}

// FailReads makes every read of the plugin at a mount from its storage fail, or lets
// them succeed again; the mount is named as for FailWrites. It returns how many accesses
// were refused so far.
func (s *Server) FailReads(mount string, fail bool) (refused int64, err error) {
	return s.core.FailReads(mount, fail)
}

// FailRead makes the nth read of the plugin at a mount from its storage fail, counted from
// now on, and no other; with 0 none does. The mount is named as for FailWrites. It returns
// how many accesses were refused so far.
func (s *Server) FailRead(mount string, nth int) (refused int64, err error) {
	return s.core.FailRead(mount, nth)
}

// SetReadOnly makes every write of the plugin at a mount fail with logical.ErrReadOnly,
// as on a standby, or lets them succeed again; the mount is named as for FailWrites. It
// returns how many accesses were refused so far.
func (s *Server) SetReadOnly(mount string, readOnly bool) (refused int64, err error) {
	return s.core.SetReadOnly(mount, readOnly)
}

// StorageKeys returns the keys below a folder of the storage of the plugin at a mount,
// such as "wal/", whole and in order; the mount is named as for FailWrites.
func (s *Server) StorageKeys(ctx context.Context, mount, folder string) ([]string, error) {
	return s.core.StorageKeys(ctx, mount, folder)
}

// StorageEntries returns the storage of the plugin at a mount by key; the mount is named
// as for FailWrites.
func (s *Server) StorageEntries(ctx context.Context, mount string) (map[string][]byte, error) {
	return s.core.StorageEntries(ctx, mount)
}

// ReplaceStorage makes the storage of the plugin at a mount what entries say, past the
// plugin, and calls its InvalidateKey with each key that changed, as a standby does when
// the active server has written. The mount is named as for FailWrites.
func (s *Server) ReplaceStorage(ctx context.Context, mount string, entries map[string][]byte) error {
	return s.core.ReplaceStorage(ctx, mount, entries)
}

// RollBackNow has the plugin at a mount roll back what its write-ahead log has, whatever
// its age, and returns its error; the mount is named as for FailWrites.
func (s *Server) RollBackNow(ctx context.Context, mount string) error {
	return s.core.RollBackNow(ctx, mount)
}

// HoldStorage makes the accesses of the plugin at a mount to its storage wait, but for
// the next ones, of which pass is the number, until ReleaseStorage is called or their
// requests end; the mount is named as for FailWrites.
func (s *Server) HoldStorage(mount string, pass int) error { return s.core.HoldStorage(mount, pass) }

// ReleaseStorage lets the accesses that wait go on, and all that come.
func (s *Server) ReleaseStorage(mount string) error { return s.core.ReleaseStorage(mount) }

// HeldAccesses returns how many accesses wait at a mount since HoldStorage.
func (s *Server) HeldAccesses(mount string) (int64, error) { return s.core.HeldAccesses(mount) }

// RevokeUnnoted has the plugin revoke a lease's secret and keeps the lease, as a
// server does that ends, or loses the plugin's answer, before it has noted the
// success. Real servers then revoke again.
func (s *Server) RevokeUnnoted(ctx context.Context, leaseID string) error {
	return s.core.Access().RevokeUnnoted(ctx, leaseID)
}
