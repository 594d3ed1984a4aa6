// SPDX-License-Identifier: MPL-2.0

package catalog

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// checkRequested refuses what a request may not name as a command, before the file
// is looked at.
func (c *Catalog) checkRequested(e *Entry) error {
	if c.directory == "" {
		return ErrNoDirectory
	}
	if strings.Contains(e.Name, "..") || strings.Contains(e.Command, "..") {
		return ErrParentReference
	}
	return nil
}

// checkCommand refuses commands that don't lie where the plugin's files must:
// in the plugin directory itself, symlinks followed, or for plugins that were
// downloaded or extracted in their own place below it.
func (c *Catalog) checkCommand(e *Entry) error {
	if len(e.SHA256) == 0 && c.dialect.Catalog.Artifacts {
		return c.verifyArtifact(e)
	}
	resolved, err := filepath.EvalSymlinks(c.Path(e))
	if err != nil {
		return fmt.Errorf("error while validating the command path: %w", err)
	}
	wanted := c.directory
	if e.OCI {
		if len(e.SHA256) < 8 {
			return ErrShortHash
		}
		wanted = filepath.Join(c.directory, ".oci-cache", e.Type.String()+"-"+e.Name, hex.EncodeToString(e.SHA256)[:8])
	}
	switch got := filepath.Dir(resolved); {
	case got == wanted:
		return nil
	case c.dialect.Catalog.OutsideNamesDirectory:
		return fmt.Errorf("%w %s: expected %s, got %s", ErrOutside, c.directory, wanted, got)
	}
	return ErrOutside
}

// verifyArtifact looks at an extracted artifact as servers do before they
// register it. It never accepts one: that takes its publisher's signature.
func (c *Catalog) verifyArtifact(e *Entry) error {
	dir := filepath.Join(c.directory, fmt.Sprintf("%s_%s_%s_%s", e.Name, strings.TrimPrefix(e.Version, "v"), runtime.GOOS, runtime.GOARCH))
	// "plugin plugin" is the servers' own.
	return fmt.Errorf("failed to verify plugin plugin %q version %q: %w", e.Name, e.Version, verify(dir))
}

func verify(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s", ErrNoArtifact, dir)
	case err != nil:
		return fmt.Errorf("unexpected err %w", err)
	case !info.IsDir():
		return fmt.Errorf("%w: %s is not a directory", ErrNoArtifact, dir)
	}
	for _, file := range []struct{ name, what string }{{"metadata.json", "metadata"}, {"metadata.json.sig", "metadata signature"}} {
		if _, err := os.ReadFile(filepath.Join(dir, file.name)); err != nil {
			return fmt.Errorf("failed to read %s: %w", file.what, err)
		}
	}
	return ErrUnverified
}
