// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"os"
	"slices"
)

// SetHostEnv implements steps.EnvironmentChanger.
func (s *mockServer) SetHostEnv(env []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spec.Env = slices.Clone(env)
	return nil
}

// hostEnv is what plugins see as the environment of the server.
func (s *mockServer) hostEnv() []string {
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
	if change := s.target.faults.Environ; change != nil {
		env = change(env)
	}
	return env
}
