// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/core"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// remountPaths are sys/remount.
func (b *backend) remountPaths() []*framework.Path {
	return []*framework.Path{
		path("remount$", "Move the mount point of an already-mounted backend.", map[string]*framework.FieldSchema{
			"from": field(framework.TypeString, "The previous mount point."),
			"to":   field(framework.TypeString, "The new mount point."),
		}, operations{logical.UpdateOperation: b.remount}),
		path("remount/status/(?P<migration_id>.+?)$", "Check the status of a mount move operation", map[string]*framework.FieldSchema{
			"migration_id": field(framework.TypeString, "The ID of the migration operation"),
		}, operations{logical.ReadOperation: b.remountStatus}),
	}
}

func (b *backend) remount(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	from, to := d.Get("from").(string), d.Get("to").(string)
	switch {
	case from == "" || to == "":
		return badRequest(errors.New("both 'from' and 'to' path must be specified as a string"))
	case strings.Trim(from, " ") != from:
		return badRequest(errors.New("'from' path cannot contain trailing whitespace"))
	case strings.Trim(to, " ") != to:
		return badRequest(errors.New("'to' path cannot contain trailing whitespace"))
	}
	target := mounts.CleanPath(b.core.WithinNamespace(ctx, to))
	if b.dialect.Mounts.RemountNeedsPath && target == "" {
		return badRequest(fmt.Errorf("invalid destination mount path %q", to))
	}
	if err := mounts.CheckPath(target); err != nil {
		return badRequest(fmt.Errorf("invalid destination mount: %w", err))
	}
	id, err := b.core.Remount(ctx, mounts.CleanPath(from), mounts.CleanPath(to))
	if err != nil {
		return badRequest(err)
	}
	resp := &logical.Response{Data: map[string]any{"migration_id": id}}
	resp.AddWarning("Mount move has been queued. Progress will be reported in " + b.dialect.DisplayName + "'s server log, tagged with the returned migration_id")
	return resp, nil
}

func (b *backend) remountStatus(_ context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	id := d.Get("migration_id").(string)
	m, err := b.core.MigrationStatus(id)
	if errors.Is(err, core.ErrNoMigration) {
		return nil, nil // 404
	}
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		"migration_id":   id,
		"migration_info": map[string]any{"source_mount": m.From, "target_mount": m.To, "status": m.Status},
	}}, nil
}
