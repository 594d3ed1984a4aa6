// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// versionsKey is before the storage keys of the versions.
const versionsKey = "core/versions/"

// InstalledVersion is a version that a server over this storage was, and since when.
type InstalledVersion struct {
	Version   string    `json:"version"`
	Installed time.Time `json:"installed"`
}

// recordVersion stores the server's version, unless an earlier start did
// (handleVersionTimeStamps in vault/core.go). Metadata such as +ent is not part of it.
func (c *Core) recordVersion(ctx context.Context) error {
	version, _, _ := strings.Cut(c.dialect.Version, "+")
	stored, err := c.view.Get(ctx, versionsKey+version)
	if err != nil || stored != nil {
		return err
	}
	return storage.PutJSON(ctx, c.view, versionsKey+version, InstalledVersion{version, c.clock.Now().UTC()})
}

// InstalledVersions returns the versions that servers over this storage were, the oldest
// first.
func (c *Core) InstalledVersions(ctx context.Context) ([]InstalledVersion, error) {
	names, err := c.view.List(ctx, versionsKey)
	if err != nil {
		return nil, err
	}
	var versions []InstalledVersion
	for _, name := range names {
		entry, err := c.view.Get(ctx, versionsKey+name)
		if err != nil {
			return nil, err
		}
		if entry == nil {
			continue
		}
		var v InstalledVersion
		if err := entry.DecodeJSON(&v); err != nil {
			return nil, err
		}
		versions = append(versions, v)
	}
	slices.SortFunc(versions, func(a, b InstalledVersion) int { return a.Installed.Compare(b.Installed) })
	return versions, nil
}
