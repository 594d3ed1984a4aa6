// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/mockserver/failure"
	"github.com/plugproof/plugproof/mockserver/fault"
	"github.com/plugproof/plugproof/steps"
)

// notInAPI returns why a server that is only reached over HTTP lacks what the mock
// of this process knows of plugins; empty for everything else.
func notInAPI(c steps.Capability) string {
	switch c {
	case steps.Crashes, steps.SpecialPaths, steps.Clock, steps.PluginLogs, steps.Faults:
		return "servers have no such API; --target mock does it"
	}
	return ""
}

// Advance implements steps.ClockMover.
func (s *mockServer) Advance(_ context.Context, d time.Duration) error {
	s.clock.Advance(d)
	return nil
}

// slashed returns a mount's path as the server names it, with a slash at its end.
func slashed(mount string) string { return strings.Trim(mount, "/") + "/" }

// FailWrites implements steps.Faulty.
func (s *mockServer) FailWrites(_ context.Context, mount string, fail bool) (refused int64, err error) {
	return s.running().FailWrites(slashed(mount), fail)
}

// FailReads implements steps.Faulty.
func (s *mockServer) FailReads(_ context.Context, mount string, fail bool) (refused int64, err error) {
	return s.running().FailReads(slashed(mount), fail)
}

// FailRead implements steps.Faulty.
func (s *mockServer) FailRead(_ context.Context, mount string, nth int) (refused int64, err error) {
	return s.running().FailRead(slashed(mount), nth)
}

// SetReadOnly implements steps.Faulty.
func (s *mockServer) SetReadOnly(_ context.Context, mount string, readOnly bool) (refused int64, err error) {
	return s.running().SetReadOnly(slashed(mount), readOnly)
}

// StorageKeys implements steps.Faulty.
func (s *mockServer) StorageKeys(ctx context.Context, mount, folder string) ([]string, error) {
	return s.running().StorageKeys(ctx, slashed(mount), folder)
}

// StorageEntries implements steps.Faulty.
func (s *mockServer) StorageEntries(ctx context.Context, mount string) (map[string][]byte, error) {
	return s.running().StorageEntries(ctx, slashed(mount))
}

// ReplaceStorage implements steps.Faulty.
func (s *mockServer) ReplaceStorage(ctx context.Context, mount string, entries map[string][]byte) error {
	return s.running().ReplaceStorage(ctx, slashed(mount), entries)
}

// RollBackNow implements steps.Faulty.
func (s *mockServer) RollBackNow(ctx context.Context, mount string) error {
	return s.running().RollBackNow(ctx, slashed(mount))
}

// HoldStorage implements steps.Faulty.
func (s *mockServer) HoldStorage(_ context.Context, mount string, pass int) error {
	return s.running().HoldStorage(slashed(mount), pass)
}

// ReleaseStorage implements steps.Faulty.
func (s *mockServer) ReleaseStorage(_ context.Context, mount string) error {
	return s.running().ReleaseStorage(slashed(mount))
}

// HeldAccesses implements steps.Faulty.
func (s *mockServer) HeldAccesses(_ context.Context, mount string) (int64, error) {
	return s.running().HeldAccesses(slashed(mount))
}

// SetFault implements steps.FaultSetter.
func (s *mockServer) SetFault(_ context.Context, wanted steps.Fault) error {
	all := map[steps.Fault]fault.Faults{
		steps.NoFault:         {},
		steps.StorageFails:    {StorageFailures: 1},
		steps.StorageReadOnly: {StorageReadOnly: true},
		steps.StorageFull:     {StorageFull: true},
		steps.OverLimit:       {OverLimit: 1},
		steps.SlowStarts:      {StartDelay: 500 * time.Millisecond},
	}
	f, known := all[wanted]
	if !known {
		return fmt.Errorf("%s: fault %d: %w", s.target.name, wanted, steps.ErrUnsupported)
	}
	s.faults.Replace(f)
	return nil
}

// Seal implements steps.Sealer.
func (s *mockServer) Seal(_ context.Context, sealed bool) error {
	s.faults.Replace(fault.Faults{Sealed: sealed})
	return nil
}

// RevokeUnnoted implements steps.Faulty.
func (s *mockServer) RevokeUnnoted(ctx context.Context, leaseID string) error {
	return s.running().RevokeUnnoted(ctx, leaseID)
}

// running returns the server.
func (s *mockServer) running() *mockserver.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.server
}

// PluginLog implements steps.PluginLogReader. The server logs a plugin's lines under
// the name of its registration.
func (s *mockServer) PluginLog(_ context.Context, registration string) ([]string, error) {
	var found []string
	for line := range strings.Lines(s.log.String()) {
		if (strings.Contains(line, registration+":") || strings.Contains(line, registration+".")) && !ofGoPlugin(line) {
			found = append(found, mask(strings.TrimSuffix(line, "\n"), s.token))
		}
	}
	return found, nil
}

// ofGoPlugin reports whether a line is what go-plugin's client says at the level trace, of
// each piece of a plugin's output among others.
func ofGoPlugin(line string) bool {
	if !strings.Contains(line, "[TRACE]") {
		return false
	}
	return slices.ContainsFunc([]string{
		": waiting for stdio data", ": received data: channel=", ": created temporary directory for unix sockets: dir=",
	}, func(text string) bool { return strings.Contains(line, text) })
}

// AwaitPluginLog implements steps.PluginLogAwaiter.
func (s *mockServer) AwaitPluginLog(ctx context.Context, registration string) error {
	return s.running().AwaitPluginLog(ctx, registration)
}

// PluginToken implements steps.TokenReporter.
func (s *mockServer) PluginToken(_ context.Context, mount, token string) (string, error) {
	return s.running().PluginToken(slashed(mount), token)
}

// Crashes implements steps.CrashReporter.
func (s *mockServer) Crashes(context.Context) ([]steps.Crash, error) {
	s.mu.Lock()
	server := s.server
	s.mu.Unlock()
	var crashes []steps.Crash
	for _, f := range server.PluginFailures() {
		crash := steps.Crash{
			Plugin: f.Name, Time: f.Time, Started: f.Started, Killed: f.Exit != nil && f.Exit.Signal != "",
			Panicked: f.Panic != nil, What: f.String(), Remedy: remedy(f),
		}
		for _, line := range f.Stderr {
			if strings.HasPrefix(line, `{"@level":"debug"`) || strings.HasPrefix(line, `{"@level":"trace"`) {
				continue // go-plugin's own
			}
			crash.Stderr = append(crash.Stderr, mask(line, s.token))
		}
		crashes = append(crashes, crash)
	}
	return crashes, nil
}

// remedy returns what a plugin's author does about a failure; empty where the
// cause does not say.
func remedy(f failure.Failure) string {
	switch f.Cause {
	case failure.PermissionDenied:
		return "Make the file executable: chmod +x, on a file system that is not mounted noexec."
	case failure.LoaderMissing:
		return "Build a static program: CGO_ENABLED=0 go build."
	case failure.WrongFormat:
		return "Build for the server's platform: GOOS=linux GOARCH=…, and begin a script with #!."
	case failure.NothingPrinted:
		return "Call plugin.ServeMultiplex of vault/sdk in main, and give what the plugin needs to start with --env."
	case failure.NoHandshake:
		return "Print nothing to stdout before plugin.ServeMultiplex: log to stderr."
	case failure.NoNewline, failure.WrongProtocol, failure.WrongCookie:
		return "Serve with plugin.ServeMultiplex of vault/sdk, or a database with its dbplugin.ServeMultiplex, which speak the protocols."
	case failure.MlockFailed:
		return "Allow it: setcap cap_ipc_lock=+ep, or raise the limit (ulimit -l)."
	case failure.SocketPathTooLong:
		return "Set TMPDIR to a directory with a short path, such as /tmp."
	case failure.TimedOut:
		return "Call plugin.ServeMultiplex of vault/sdk before anything that waits, be it for the network, a file or stdin. If it is only slow, give it longer with --plugin-start-timeout."
	case failure.TLSFailed:
		return "Pass api.VaultPluginTLSProvider to plugin.ServeMultiplex, or build with an SDK that has AutoMTLS."
	case failure.SetupFailed:
		return "Let the factory succeed on a mount that is not configured yet; check the configuration when it is written."
	case failure.Panicked:
		if strings.Contains(f.Panic.Message, "nil map") {
			return "Make the map before it is written to."
		}
		return "Repair the line that is named."
	}
	return ""
}

// SpecialPaths implements steps.SpecialPathReporter.
func (s *mockServer) SpecialPaths(ctx context.Context, mount string) (steps.SpecialPathSet, error) {
	s.mu.Lock()
	server := s.server
	s.mu.Unlock()
	paths, err := server.SpecialPaths(ctx, slashed(mount))
	if err != nil {
		return steps.SpecialPathSet{}, fmt.Errorf("%s: %w", s.target.name, err)
	}
	return steps.SpecialPathSet{
		Root: paths.Root, Unauthenticated: paths.Unauthenticated,
		LocalStorage: paths.LocalStorage, SealWrapStorage: paths.SealWrapStorage,
	}, nil
}
