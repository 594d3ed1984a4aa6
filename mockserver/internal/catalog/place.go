// SPDX-License-Identifier: MPL-2.0

package catalog

import (
	"encoding/hex"
	"fmt"
	"path/filepath"
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

// checkCommand finds the command of an artifact, and refuses commands that don't lie where
// the plugin's files must:
// in the plugin directory itself, symlinks followed, or for plugins that were
// downloaded or extracted in their own place below it.
func (c *Catalog) checkCommand(e *Entry) error {
	wanted := c.directory
	if len(e.SHA256) == 0 && c.dialect.Catalog.Artifacts {
		if err := c.adoptArtifact(e); err != nil {
			return err
		}
		wanted = filepath.Dir(c.Path(e))
	}
	resolved, err := filepath.EvalSymlinks(c.Path(e))
	if err != nil {
		return fmt.Errorf("error while validating the command path: %w", err)
	}
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
