// SPDX-License-Identifier: MPL-2.0

package rights

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/access"
	"github.com/plugproof/plugproof/mockserver/internal/lease"
)

// mostIrrevocable is how many leases are listed where a request names no limit.
const mostIrrevocable = 10000

// irrevocableFields are those of the count and the list of leases that could not be revoked.
func irrevocableFields() fields {
	return with(field("type", framework.TypeString, "Only the type irrevocable is known"),
		field("include_child_namespaces", framework.TypeBool, "Whether leases of the namespaces below count"))
}

// leaseLimit reads how many leases to list (processLimit in vault/logical_system.go).
func leaseLimit(d *framework.FieldData) (int, error) {
	switch text := d.Get("limit").(string); {
	case text == "":
		return mostIrrevocable, nil
	case strings.EqualFold(text, "none"):
		return math.MaxInt, nil
	default:
		limit, err := strconv.Atoi(text)
		if err != nil {
			return 0, fmt.Errorf("invalid 'limit' provided: %w", err)
		}
		if limit < 1 {
			return 0, errors.New("limit must be 'none' or a positive integer")
		}
		return limit, nil
	}
}

// isIrrevocable reports whether a request names the only type of leases that can
// be counted and listed: those that could not be revoked.
func isIrrevocable(d *framework.FieldData) bool {
	return strings.EqualFold(d.Get("type").(string), "irrevocable")
}

func (e *endpoints) countLeases(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if !isIrrevocable(d) {
		return nil, nil
	}
	total, counts := 0, map[string]int{}
	err := e.authority.Irrevocable(ctx, func(_ *lease.Lease, m access.Mount) {
		total++
		counts[m.Accessor]++
	})
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"lease_count": total, "counts": counts}}, nil
}

func (e *endpoints) listIrrevocable(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if !isIrrevocable(d) {
		return nil, nil
	}
	limit, err := leaseLimit(d)
	if err != nil {
		return nil, err
	}
	leases := []map[string]any{}
	err = e.authority.Irrevocable(ctx, func(l *lease.Lease, m access.Mount) {
		leases = append(leases, map[string]any{"lease_id": l.ID, "mount_id": m.Accessor, "error": l.Failure})
	})
	if err != nil {
		return nil, err
	}
	resp := &logical.Response{}
	if len(leases) > limit {
		leases = leases[:limit]
		resp.AddWarning("Command halted because many irrevocable leases were found. To emit the entire list, re-run the command with force set true.")
	}
	resp.Data = map[string]any{"lease_count": len(leases), "leases": leases}
	return resp, nil
}
