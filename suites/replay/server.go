// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/plugproof/plugproof/steps"
)

// spec translates the server part of a case into what targets understand.
//
// A server in development mode takes its own address as api_addr if it was
// given none, so there an empty one and its own are the same; the zero
// steps.Spec is such a server.
func (s ServerSpec) spec(shared bool) steps.Spec {
	out := steps.Spec{Fresh: !shared}
	for k, v := range s.Env {
		out.Env = append(out.Env, k+"="+v)
	}
	slices.Sort(out.Env)
	out.State = s.Dev != nil && !*s.Dev
	if s.APIAddr != nil {
		out.NoAPIAddr = *s.APIAddr == "" && out.State
		out.APIAddr = *s.APIAddr
	}
	out.NoPluginDir = s.PluginDir != nil && *s.PluginDir == ""
	return out
}

// fileSum is the sha256 of a file in hex.
func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("plugin binary: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("plugin binary: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// unshare replaces the files of a plugin directory by copies. Targets may place
// links, and what a shell step does to a file must not happen to the original.
func unshare(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("plugin directory: %w", err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		name := filepath.Join(dir, e.Name())
		if err := copyExecutable(name+".copy", name); err != nil {
			return err
		}
		if err := os.Rename(name+".copy", name); err != nil {
			return fmt.Errorf("plugin directory: %w", err)
		}
	}
	return nil
}

// copyExecutable copies a file that will be executed.
//
// While a file is open for writing, a process that is started then inherits it
// for a moment, and the system refuses to execute the file ("text file busy").
// The fork lock keeps this process from starting others meanwhile.
func copyExecutable(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("plugin binary: %w", err)
	}
	defer in.Close()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return fmt.Errorf("plugin binary: %w", err)
	}
	_, err = io.Copy(out, in) // which the kernel does
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("plugin binary: %w", err)
	}
	return nil
}
