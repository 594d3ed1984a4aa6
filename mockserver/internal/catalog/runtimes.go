// SPDX-License-Identifier: MPL-2.0

package catalog

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// Runtime is how plugins in containers are run. Only the type container exists.
type Runtime struct {
	Name       string `json:"name"`
	OCIRuntime string `json:"oci_runtime"`
	// CgroupParent is the parent cgroup of the containers.
	CgroupParent string `json:"cgroup_parent"`
	// CPU is in billionths of a core, Memory in bytes; 0 means no limit.
	CPU      int64 `json:"cpu_nanos"`
	Memory   int64 `json:"memory_bytes"`
	Rootless bool  `json:"rootless"`
}

// RuntimeInUseError says which plugins keep a runtime from being deleted.
type RuntimeInUseError struct {
	Name    string
	Plugins []string
}

func (e *RuntimeInUseError) Error() string {
	return fmt.Sprintf("unable to delete %q runtime. Registered plugins=%v are referencing it.", e.Name, e.Plugins)
}

// SetRuntime makes or replaces a runtime.
func (c *Catalog) SetRuntime(ctx context.Context, r Runtime) error {
	value, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return c.storage.Put(ctx, &logical.StorageEntry{Key: runtimeKey(r.Name), Value: value})
}

// Runtime returns the runtime of that name. The error wraps ErrNoRuntime when
// there is none.
func (c *Catalog) Runtime(ctx context.Context, name string) (Runtime, error) {
	raw, err := c.storage.Get(ctx, runtimeKey(name))
	if err != nil {
		return Runtime{}, err
	}
	if raw == nil {
		return Runtime{}, fmt.Errorf("failed to retrieve container plugin runtime %q: %w", name, ErrNoRuntime)
	}
	var r Runtime
	return r, raw.DecodeJSON(&r)
}

// DeleteRuntime removes a runtime that no plugin refers to; the error is a
// *RuntimeInUseError if one does, and ErrNoRuntime if there is no such runtime.
func (c *Catalog) DeleteRuntime(ctx context.Context, name string) error {
	users, err := c.runtimeUsers(ctx, name)
	if err != nil {
		return err
	}
	if len(users) > 0 {
		return &RuntimeInUseError{Name: name, Plugins: users}
	}
	switch _, err := c.Runtime(ctx, name); {
	case errors.Is(err, ErrNoRuntime):
		return ErrNoRuntime
	case err != nil:
		return err
	}
	return c.storage.Delete(ctx, runtimeKey(name))
}

// runtimeUsers returns the names of the plugins that refer to a runtime, in the order
// in which servers find them: they walk their storage depth first, the last directory
// first.
func (c *Catalog) runtimeUsers(ctx context.Context, runtime string) ([]string, error) {
	var users []string
	for _, kind := range []consts.PluginType{consts.PluginTypeSecrets, consts.PluginTypeDatabase, consts.PluginTypeCredential} {
		all, err := c.allRegistered(ctx, kind)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(all, func(a, b *Entry) int {
			switch {
			case a.Version == "" && b.Version == "":
				return cmp.Compare(a.Name, b.Name)
			case a.Version == "":
				return -1
			case b.Version == "":
				return 1
			}
			return cmp.Or(cmp.Compare(b.Name, a.Name), cmp.Compare(a.Version, b.Version))
		})
		for _, e := range all {
			if e.Runtime == runtime {
				users = append(users, e.Name)
			}
		}
	}
	return users, nil
}

// Runtimes returns all runtimes, sorted by name.
func (c *Catalog) Runtimes(ctx context.Context) ([]Runtime, error) {
	names, err := c.storage.List(ctx, "runtimes/container/")
	if err != nil {
		return nil, err
	}
	runtimes := []Runtime{}
	for _, name := range names {
		r, err := c.Runtime(ctx, unescape(name))
		if err != nil {
			return nil, err
		}
		runtimes = append(runtimes, r)
	}
	return runtimes, nil
}

func runtimeKey(name string) string { return "runtimes/container/" + escape(name) }
