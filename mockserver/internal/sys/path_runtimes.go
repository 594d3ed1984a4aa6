// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/catalog"
)

// runtimePaths are sys/plugins/runtimes/catalog, where the dialect has them.
func (b *backend) runtimePaths() []*framework.Path {
	if !b.dialect.Catalog.Runtimes {
		return nil
	}
	fields := map[string]*framework.FieldSchema{
		"name":          field(framework.TypeString, "The name of the plugin runtime"),
		"type":          field(framework.TypeString, "The type of the plugin runtime: container"),
		"oci_runtime":   field(framework.TypeString, "The OCI-compatible runtime (default \"runsc\")"),
		"cgroup_parent": field(framework.TypeString, "Parent cgroup to set for each container"),
		"cpu_nanos":     field(framework.TypeInt64, "CPU limit to set per container in nanos"),
		"memory_bytes":  field(framework.TypeInt64, "Memory limit to set per container in bytes"),
	}
	if b.dialect.Catalog.RootlessRuntimes {
		fields["rootless"] = field(framework.TypeBool, "Whether the container runtime is run as a non-privileged user")
	}
	return []*framework.Path{
		path("plugins/runtimes/catalog/(?P<type>container)/"+framework.GenericNameRegex("name"), "Configures plugin runtimes", fields, operations{
			logical.UpdateOperation: b.writeRuntime,
			logical.ReadOperation:   b.readRuntime,
			logical.DeleteOperation: b.deleteRuntime,
		}),
		path("plugins/runtimes/catalog/?$", "Lists the plugin runtimes", map[string]*framework.FieldSchema{"type": fields["type"]}, operations{
			logical.ListOperation: b.listRuntimes,
			logical.ReadOperation: b.listRuntimes,
		}),
	}
}

func (b *backend) writeRuntime(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	r := catalog.Runtime{
		Name: d.Get("name").(string), OCIRuntime: d.Get("oci_runtime").(string), CgroupParent: d.Get("cgroup_parent").(string),
		CPU: d.Get("cpu_nanos").(int64), Memory: d.Get("memory_bytes").(int64),
	}
	if b.dialect.Catalog.RootlessRuntimes {
		r.Rootless = d.Get("rootless").(bool)
	}
	switch {
	case r.CPU < 0:
		return logical.ErrorResponse("runtime cpu in nanos cannot be negative"), nil
	case r.Memory < 0:
		return logical.ErrorResponse("runtime memory in bytes cannot be negative"), nil
	}
	return nil, b.core.Catalog().SetRuntime(ctx, r)
}

func (b *backend) readRuntime(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	r, err := b.core.Catalog().Runtime(ctx, d.Get("name").(string))
	if errors.Is(err, catalog.ErrNoRuntime) {
		return nil, nil // 404
	}
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: b.runtimeInfo(r)}, nil
}

func (b *backend) deleteRuntime(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	err := b.core.Catalog().DeleteRuntime(ctx, d.Get("name").(string))
	var used *catalog.RuntimeInUseError
	if errors.As(err, &used) {
		return logical.ErrorResponse("%s", err.Error()), nil
	}
	return nil, err
}

// listRuntimes lists the runtimes of a type, or of all types.
//
// Source: handlePluginRuntimeCatalogList in vault/logical_system.go, #23254, which 1.15.0
// has (#23259).
func (b *backend) listRuntimes(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	kind := consts.PluginRuntimeTypeContainer
	if asked := d.Get("type").(string); asked != "" {
		var err error
		if kind, err = consts.ParsePluginRuntimeType(asked); err != nil {
			return logical.ErrorResponse("%s", err), nil
		}
	}
	list := []map[string]any{}
	if kind == consts.PluginRuntimeTypeContainer {
		runtimes, err := b.core.Catalog().Runtimes(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range runtimes {
			list = append(list, b.runtimeInfo(r))
		}
	}
	data := map[string]any{}
	if len(list) > 0 || b.dialect.Catalog.RootlessRuntimes {
		data["runtimes"] = list
	}
	return &logical.Response{Data: data}, nil
}

func (b *backend) runtimeInfo(r catalog.Runtime) map[string]any {
	info := map[string]any{
		"name": r.Name, "type": "container", "oci_runtime": r.OCIRuntime,
		"cgroup_parent": r.CgroupParent, "cpu_nanos": r.CPU, "memory_bytes": r.Memory,
	}
	if b.dialect.Catalog.RootlessRuntimes {
		info["rootless"] = r.Rootless
	}
	return info
}
