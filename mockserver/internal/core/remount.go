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
)

// The states of a migration.
const (
	MigrationInProgress = "in-progress"
	MigrationSuccess    = "success"
	MigrationFailure    = "failure"
)

// ErrNoMigration says that no remount has that id.
var ErrNoMigration = errors.New("no such migration")

// Migration is a remount that was asked for. It is a value; each change of
// state stores a new one.
type Migration struct{ From, To, Status string }

// Remount begins to move a mount from one full path to another and returns the
// id under which MigrationStatus tells how it went. The errors have the
// server's texts.
func (c *Core) Remount(from, to string) (string, error) {
	if err := remountable(from, to); err != nil {
		return "", err
	}
	r, err := c.MountOf(from)
	if err != nil {
		return "", fmt.Errorf("no matching mount at %q", from)
	}
	if other := c.table.Conflict(to); other != nil {
		return "", fmt.Errorf("path already in use at %q", other.Entry().FullPath())
	}
	id, err := uuid.GenerateUUID()
	if err != nil {
		return "", err
	}
	m := Migration{From: from, To: to, Status: MigrationInProgress}
	c.migrations.Store(id, m)
	c.work.Go(func() {
		m.Status = MigrationSuccess
		if err := c.move(c.life, r, from, to); err != nil {
			m.Status = MigrationFailure
			c.logger.Error("remount failed", "migration_id", id, "error", err)
		}
		c.migrations.Store(id, m)
	})
	return id, nil
}

// MigrationStatus tells how far a remount is; the error is ErrNoMigration for
// unknown ids.
func (c *Core) MigrationStatus(id string) (Migration, error) {
	m, ok := c.migrations.Load(id)
	if !ok {
		return Migration{}, ErrNoMigration
	}
	return m.(Migration), nil
}

// remountable refuses the paths of the server itself.
func remountable(from, to string) error {
	refused, shown := protected, to
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

// move takes a mount to its new path: its leases are revoked, its storage,
// accessor and process stay.
func (c *Core) move(ctx context.Context, r *mounts.Route, from, to string) error {
	if !r.Depart() {
		return fmt.Errorf("the mount at %q is being moved or removed", from)
	}
	defer r.Stay()
	// A path within a mount was good enough to ask, but is none to move.
	if r.Entry().FullPath() != from {
		return fmt.Errorf("no matching mount at %q", from)
	}
	r.Taint(true)
	defer r.Taint(false)
	if err := c.access.RevokePrefix(ctx, from); err != nil {
		return err
	}
	if err := c.table.Move(r, from, to); err != nil {
		return err
	}
	err := c.Change(ctx, r, func(e *mounts.Entry) error {
		e.Path = strings.TrimPrefix(to, mounts.AuthPrefix)
		return nil
	})
	if err != nil {
		return errors.Join(err, c.table.Move(r, to, from))
	}
	return nil
}
