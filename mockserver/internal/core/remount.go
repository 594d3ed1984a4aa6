// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/go-uuid"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// The states of a migration.
const (
	MigrationInProgress = "in-progress"
	MigrationSuccess    = "success"
	MigrationFailure    = "failure"
)

// ErrNoMigration is returned for an unknown id.
var ErrNoMigration = errors.New("no such migration")

// Migration is a remount that was asked for, with paths seen from the root namespace.
// It is a value; each change of state stores a new one.
type Migration struct{ From, To, Status string }

// place is a full path within a namespace.
type place struct {
	namespace *namespace.Namespace
	path      string
}

// table returns the path in the mount table.
func (p place) table() string { return p.namespace.Path + p.path }

// placeOf returns where a path leads that is seen from the request's namespace.
func (c *Core) placeOf(ctx context.Context, path string) place {
	ns, rest := c.namespaces.Longest(namespace.From(ctx).Path + path)
	return place{ns, rest}
}

// WithinNamespace returns a path as the namespace sees it that it leads into.
func (c *Core) WithinNamespace(ctx context.Context, path string) string {
	return c.placeOf(ctx, path).path
}

// Remount begins to move a mount from one full path to another, also to another
// namespace, and returns the id for MigrationStatus. The errors have the server's
// texts.
func (c *Core) Remount(ctx context.Context, from, to string) (string, error) {
	source, target := c.placeOf(ctx, from), c.placeOf(ctx, to)
	if err := validateRemount(source.path, target.path); err != nil {
		return "", err
	}
	r, err := c.MountOf(ctx, from)
	if err != nil {
		return "", fmt.Errorf("no matching mount at %q", from)
	}
	if other := c.table.Conflict(target.table()); other != nil {
		return "", fmt.Errorf("path already in use at %q", other.Entry().TablePath())
	}
	id, err := uuid.GenerateUUID()
	if err != nil {
		return "", err
	}
	m := Migration{From: source.table(), To: target.table(), Status: MigrationInProgress}
	c.migrations.Store(id, m)
	c.background.Go(func() {
		m.Status = MigrationSuccess
		if err := c.move(namespace.With(c.ctx, source.namespace), r, source, target); err != nil {
			m.Status = MigrationFailure
			c.logger.Error("remount failed", "migration_id", id, "error", err)
		}
		c.migrations.Store(id, m)
	})
	return id, nil
}

// MigrationStatus returns the state of a remount; the error is ErrNoMigration for
// unknown ids.
func (c *Core) MigrationStatus(id string) (Migration, error) {
	m, ok := c.migrations.Load(id)
	if !ok {
		return Migration{}, ErrNoMigration
	}
	return m.(Migration), nil
}

// validateRemount returns an error for the paths of the server itself.
func validateRemount(from, to string) error {
	refused, shown := protectedPrefixes(), to
	if strings.HasPrefix(from, mounts.AuthPrefix) {
		if !strings.HasPrefix(to, mounts.AuthPrefix) {
			return fmt.Errorf("cannot remount auth mount to non-auth mount %q", to)
		}
		refused, shown = []string{mounts.AuthPrefix + tokenType + "/"}, strconv.Quote(to)
	}
	for _, p := range refused {
		if strings.HasPrefix(from, p) {
			return fmt.Errorf("cannot remount %q", from)
		}
		if strings.HasPrefix(to, p) {
			return fmt.Errorf("cannot remount to destination %s", shown)
		}
	}
	return nil
}

// move moves a mount to its new path: its leases are revoked, its storage,
// accessor and process stay.
func (c *Core) move(ctx context.Context, r *mounts.Route, source, target place) error {
	from, to := source.table(), target.table()
	if !r.TryMove() {
		return fmt.Errorf("the mount at %q is being moved or removed", from)
	}
	defer r.EndOp()
	// A path within a mount was good enough to ask, but is none to move.
	if r.Entry().TablePath() != from {
		return fmt.Errorf("no matching mount at %q", from)
	}
	r.Taint(true)
	defer r.Taint(false)
	c.lastRollback(ctx, r)
	if err := c.access.RevokePrefix(ctx, source.path); err != nil {
		return err
	}
	if err := c.table.Move(r, from, to); err != nil {
		return err
	}
	err := c.Change(ctx, r, func(e *mounts.Entry) error {
		e.Namespace, e.Path = target.namespace.Path, strings.TrimPrefix(target.path, mounts.AuthPrefix)
		return nil
	})
	if err != nil {
		return errors.Join(err, c.table.Move(r, to, from))
	}
	return c.quotas.Move(ctx, source.namespace.Path, source.path, target.namespace.Path, target.path)
}
