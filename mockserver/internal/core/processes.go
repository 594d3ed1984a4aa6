// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/helper/consts"

	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/process"
)

// Processes returns the plugin processes that are running.
func (c *Core) Processes() []process.Info { return c.pool.Processes() }

// AwaitPluginLog returns when all that a plugin has logged until now is in the log.
func (c *Core) AwaitPluginLog(ctx context.Context, name string) error {
	return c.pool.AwaitLog(ctx, name)
}

// hostEnviron is the server process's environment as plugins inherit it: what
// the server was given, and what this version of it sets for itself.
func (c *Core) hostEnviron() []string {
	return slices.Concat(c.environ(), c.dialect.Processes.ServerVariables)
}

// Probe starts a plugin once and returns the version that it reports.
func (c *Core) Probe(ctx context.Context, e *catalog.Entry) (string, error) {
	entry, err := c.processEntry(ctx, e)
	if err != nil {
		return "", err
	}
	return c.pool.Version(ctx, entry)
}

// processEntry returns a catalog entry in the form that the process pool takes.
func (c *Core) processEntry(ctx context.Context, e *catalog.Entry) (process.Entry, error) {
	entry := process.Entry{Name: e.Name, Type: e.Type, Version: e.Version, Command: c.catalog.Path(e), Args: e.Args, Env: e.Env, SHA256: e.SHA256}
	if e.Image == "" {
		return entry, nil
	}
	entry.Container = &process.Container{Image: e.Image, Command: e.Command, Runtime: e.Runtime}
	if e.Runtime == "" {
		return entry, nil
	}
	r, err := c.catalog.Runtime(ctx, e.Runtime)
	if err != nil {
		return process.Entry{}, fmt.Errorf("failed to get configured runtime for plugin %q: %w", e.Name, err)
	}
	entry.Container.OCIRuntime, entry.Container.CgroupParent = r.OCIRuntime, r.CgroupParent
	entry.Container.CPU, entry.Container.Memory, entry.Container.Rootless = r.CPU, r.Memory, r.Rootless
	return entry, nil
}

// logConflicts logs, as servers do when they are unsealed with the opt-out on,
// which variables of the server hide registered ones.
func (c *Core) logConflicts(ctx context.Context) error {
	host := c.hostEnviron()
	if !environ.OptedOut(host) {
		return nil
	}
	var plugins []environ.Plugin
	for _, kind := range consts.PluginTypes {
		entries, err := c.catalog.List(ctx, kind)
		if err != nil {
			return err
		}
		for _, e := range entries {
			plugins = append(plugins, environ.Plugin{Type: kind.String(), Name: e.Name, Version: e.Version, Env: e.Env})
		}
	}
	for _, n := range environ.Notices(c.dialect.Processes.Environment, host, plugins) {
		if n.Warn {
			c.logger.Warn(n.Message, n.Fields...)
		} else {
			c.logger.Info(n.Message, n.Fields...)
		}
	}
	return nil
}
