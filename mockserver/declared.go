// SPDX-License-Identifier: MPL-2.0

package mockserver

import (
	"context"
	"fmt"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/catalog"
)

// DeclaredPlugin is a plugin that the configuration of a server declares: the stanza
// plugin of OpenBao 2.5 and later.
type DeclaredPlugin struct {
	// Type is auth, database or secret; plugins of type kms are in no catalog.
	Type string
	Name string
	// Version is taken as it is: that of v1.0.0 is v1.0.0, not 1.0.0.
	Version string
	// Command is a file of the plugin directory.
	Command string
	// SHA256 is the sum of the file in hex.
	SHA256    string
	Args, Env []string
	// OCI: the file was downloaded from an OCI registry, into its cache below the
	// plugin directory; Command is the link to it.
	OCI bool
}

// WithDeclaredPlugins registers plugins when the server starts, as plugin_auto_register
// does: it updates those that were declared at an earlier start with the same data
// directory and removes those that are declared no more. A plugin that was registered
// through the API is not replaced: the server does not start. Default: the catalog is
// left as it is. Only dialects of OpenBao 2.5 and later know it.
//
// Source: registerDeclarativePlugins in vault/plugin_catalog.go of OpenBao.
func WithDeclaredPlugins(plugins ...DeclaredPlugin) Option {
	return func(o *options) error {
		o.declared = declarations(plugins)
		return nil
	}
}

// DeclarePlugins brings the catalog of a running server in line with what is declared
// now, as OpenBao does when it gets a SIGHUP: see WithDeclaredPlugins.
func (s *Server) DeclarePlugins(ctx context.Context, plugins ...DeclaredPlugin) error {
	if err := checkDeclares(s.dialect); err != nil {
		return err
	}
	return s.core.RegisterDeclared(ctx, declarations(plugins))
}

// checkDeclares returns an error for a dialect without declared plugins.
func checkDeclares(d *dialect.Dialect) error {
	if d.Configuration.DeclaredPlugins {
		return nil
	}
	return &OptionError{fmt.Errorf("%s knows no declared plugins: OpenBao 2.5 and later do", d.Name)}
}

func declarations(plugins []DeclaredPlugin) []catalog.Declaration {
	all := make([]catalog.Declaration, len(plugins))
	for i, p := range plugins {
		all[i] = catalog.Declaration(p)
	}
	return all
}
