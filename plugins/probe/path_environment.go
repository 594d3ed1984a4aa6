// SPDX-License-Identifier: MPL-2.0

package probe

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

func (b *backend) pathsEnvironment() []*framework.Path {
	return []*framework.Path{
		{
			Pattern: `env/(?P<name>.+)`,
			Fields: map[string]*framework.FieldSchema{
				"name": {Type: framework.TypeString, Description: "Name of the variable; case matters."},
			},
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation: &framework.PathOperation{Callback: readEnv},
			},
			HelpSynopsis:    "Show one variable of the process.",
			HelpDescription: "Returns `set` and `value`.",
		},
		{
			Pattern: `environ`,
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation: &framework.PathOperation{Callback: readEnviron},
			},
			HelpSynopsis:    "List the names of the process's variables.",
			HelpDescription: "Returns `names`, sorted. Values are not shown.",
		},
		{
			Pattern: `process`,
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation: &framework.PathOperation{Callback: b.readProcess},
			},
			HelpSynopsis:    "Show the process and the mount that the request came through.",
			HelpDescription: "Returns `pid`, `args`, `factory_calls` (how often this process made a backend), `mount_accessor`, `mount_type` and `mount_point`.",
		},
		{
			Pattern: `system`,
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation: &framework.PathOperation{Callback: b.readSystem},
			},
			HelpSynopsis:    "Show what the server's system view says.",
			HelpDescription: "Lease times are in seconds.",
		},
	}
}

func readEnv(_ context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	value, set := os.LookupEnv(d.Get("name").(string))
	return dataResponse(map[string]any{"set": set, "value": value})
}

func readEnviron(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	var names []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	return dataResponse(map[string]any{"names": slices.Compact(names)})
}

func (b *backend) readProcess(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return dataResponse(map[string]any{
		"pid":            os.Getpid(),
		"args":           os.Args[1:],
		"factory_calls":  b.process.factories.Load(),
		"mount_accessor": req.MountAccessor,
		"mount_type":     req.MountType,
		"mount_point":    req.MountPoint,
	})
}

func (b *backend) readSystem(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	view := b.System()
	env, err := view.PluginEnv(ctx)
	if err != nil {
		return nil, fmt.Errorf("probe: the system view's plugin environment: %w", err)
	}
	return dataResponse(map[string]any{
		"default_lease_ttl": int64(view.DefaultLeaseTTL().Seconds()),
		"max_lease_ttl":     int64(view.MaxLeaseTTL().Seconds()),
		"tainted":           view.Tainted(),
		"caching_disabled":  view.CachingDisabled(),
		"local_mount":       view.LocalMount(),
		"mlock_enabled":     view.MlockEnabled(),
		"replication_state": view.ReplicationState().GetPerformanceString(),
		"vault_version":     env.GetVaultVersion(),
	})
}
