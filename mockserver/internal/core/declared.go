// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"

	"github.com/plugproof/plugproof/mockserver/internal/catalog"
)

// DeclarationError says which declared plugin keeps the server from starting.
type DeclarationError struct {
	// what failed, in the words of the server.
	what string
	Err  error
}

func (e *DeclarationError) Error() string { return e.what + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *DeclarationError) Unwrap() error { return e.Err }

// RegisterDeclared brings the catalog in line with the configuration: at the start before
// the mounts are loaded that need it. The error is a *DeclarationError.
//
// Source: registerDeclarativePlugins in vault/plugin_catalog.go at v2.6.2, registerOCIPlugins at v2.5.5.
func (c *Core) RegisterDeclared(ctx context.Context, declared []catalog.Declaration) error {
	core := c.logger.Named("core")
	logger, called, failed := core.Named("plugins"), "declarative plugin", "failed to set up declarative plugins"
	if c.dialect.Configuration.OCIWords {
		logger, called, failed = core.Named("oci-plugins"), "OCI plugin", "failed to register OCI plugins"
	}
	logger.Info("starting " + called + " registration")
	defer logger.Info(called + " registration completed")
	if err := c.catalog.Declare(ctx, declared, c, core); err != nil {
		return &DeclarationError{what: failed, Err: err}
	}
	return nil
}
