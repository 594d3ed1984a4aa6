// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"context"
	"errors"
)

// ErrUnsupported is returned by Start when this kind of server can't be had.
// Cases that need it are reported as unsupported and not compared.
var ErrUnsupported = errors.New("the target can't start such a server")

// Spec is what a case asks of its server. The zero Spec is a server in
// development mode with an empty plugin directory and api_addr set to its own
// address.
type Spec struct {
	// Env is added to the environment of the server process, as NAME=value.
	Env []string
	// NoAPIAddr leaves the server's api_addr unset.
	NoAPIAddr bool
	// APIAddr is the server's api_addr; empty for the server's own address. Of
	// no meaning with NoAPIAddr.
	APIAddr string
	// NoPluginDir leaves the server without a plugin directory.
	NoPluginDir bool
	// Production asks for a server that was initialised and unsealed, rather
	// than one in development mode.
	Production bool
}

// Server is a running server: the part of steps.Server that a replay uses.
type Server interface {
	Address() string
	Token() string
	PluginDir() string
	Place(ctx context.Context, name, path string) (string, error)
	Logs(ctx context.Context) (string, error)
	Close(ctx context.Context) error
}

// Starter starts a fresh server for a case. It may be used by several cases at
// a time.
type Starter interface {
	// Name is how the user named the target.
	Name() string
	Start(ctx context.Context, spec Spec) (Server, error)
}

// spec translates the server part of a case.
func (s ServerSpec) spec() Spec {
	var out Spec
	for k, v := range s.Env {
		out.Env = append(out.Env, k+"="+v)
	}
	if s.APIAddr != nil {
		out.NoAPIAddr = *s.APIAddr == ""
		out.APIAddr = *s.APIAddr
	}
	out.NoPluginDir = s.PluginDir != nil && *s.PluginDir == ""
	out.Production = s.Dev != nil && !*s.Dev
	return out
}
