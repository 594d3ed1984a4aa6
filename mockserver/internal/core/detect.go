// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/process"
)

// DetectType starts a plugin to learn what it is, for registrations that don't say:
// a database plugin, or else a secrets engine or an auth method.
//
// Source: getPluginTypeFromUnknown of the servers' catalog.
func (c *Core) DetectType(ctx context.Context, e *catalog.Entry) (consts.PluginType, error) {
	entry, err := c.processEntry(ctx, e)
	if err != nil {
		return consts.PluginTypeUnknown, err
	}
	asDatabase := c.pool.IsDatabase(ctx, entry)
	if asDatabase == nil {
		return consts.PluginTypeDatabase, nil
	}
	lookup := func(context.Context) (process.Entry, error) { return entry, nil }
	b, err := c.pool.Backend(ctx, lookup, &logical.BackendConfig{
		StorageView: &logical.InmemStorage{}, Logger: c.logger.Named(e.Name), System: &logical.StaticSystemView{VersionString: c.dialect.Version},
	})
	if err != nil {
		return consts.PluginTypeUnknown, typeError(asDatabase, err)
	}
	defer b.Cleanup(ctx)
	switch b.Type() {
	case logical.TypeCredential:
		return consts.PluginTypeCredential, nil
	case logical.TypeLogical:
		return consts.PluginTypeSecrets, nil
	}
	return consts.PluginTypeUnknown, catalog.ErrBadType
}

// typeError returns the server's error for a plugin that could not be started as
// any type: as a database plugin because of the first error, else because of err.
func typeError(asDatabase, err error) error {
	var tries *multierror.Error
	if !errors.As(err, &tries) || len(tries.Errors) != 2 {
		return err
	}
	return multierror.Append(multierror.Append(nil, asDatabase), fmt.Errorf("failed to dispense v4 backend plugin: %w", tries.Errors[1]))
}
