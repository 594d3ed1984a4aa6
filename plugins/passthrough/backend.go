// SPDX-License-Identifier: MPL-2.0

// Package passthrough is a secrets engine that stores the fields written to a
// path and returns them, like version 1 of Vault's key/value engine
// (https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v1). In addition,
// env/<NAME> returns a variable of the plugin process, to see the environment
// that a server started it with.
package passthrough

import (
	"context"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

const help = `
The passthrough secrets engine stores the fields written to a path and returns
them when the path is read. env/<NAME> returns one environment variable of the
plugin process.
`

// Factory returns a backend for one mount of the engine. Backends share no state,
// so one multiplexed process can serve any number of mounts.
func Factory(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
	b := &framework.Backend{
		Help:        strings.TrimSpace(help),
		BackendType: logical.TypeLogical,
		// The first matching pattern wins, so the catch-all is last.
		Paths: []*framework.Path{pathEnv(), pathData()},
	}
	if err := b.Setup(ctx, conf); err != nil {
		return nil, err
	}
	return b, nil
}
