// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"os"
	"slices"

	"github.com/plugproof/plugproof/steps"
)

// SetHostEnv replaces what Spec.Env added to the server's environment, for
// plugins that start from now on. Only the mock within this process can; others
// give steps.ErrUnsupported.
func (l *lent) SetHostEnv(env []string) error {
	changer, ok := l.running.(steps.EnvironmentChanger)
	if !ok || l.common {
		return &Error{
			Target: l.Address(), Kind: steps.ErrUnsupported,
			Problem: "the environment of this server can't be changed while it runs",
		}
	}
	return changer.SetHostEnv(env)
}

// SetHostEnv implements steps.EnvironmentChanger.
func (s *mock) SetHostEnv(env []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spec.Env = slices.Clone(env)
	return nil
}

// hostEnv is what plugins see as the environment of the server.
func (s *mock) hostEnv() []string {
	s.mu.Lock()
	spec := s.spec
	s.mu.Unlock()
	home := s.dir
	if s.target.versions != nil {
		// A plugin sees the directory, and so is started for its version on each
		// server that has another one.
		home = os.TempDir()
	}
	env := environment(spec, home)
	if change := s.target.changes.Environ; change != nil {
		env = change(env)
	}
	return env
}
