// SPDX-License-Identifier: MPL-2.0

// Package passthrough is a secrets engine that keeps what it is given at any
// path and gives it back, as the key/value engine version 1 does. One path is
// its own: env/<NAME> shows a variable of the plugin's process, which is how
// documentation and tests see what environment a server started it with.
package passthrough

import (
	"context"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

const help = `
The passthrough secrets engine stores the fields written to a path and returns
them when the path is read. env/<NAME> shows one variable of the environment
that the plugin's process was started with.
`

// Factory builds one mount of the engine. It keeps nothing outside the mount's
// storage, so any number of mounts may share a process.
func Factory(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
	b := &framework.Backend{
		Help:        strings.TrimSpace(help),
		BackendType: logical.TypeLogical,
		// The first pattern that matches wins: the catch-all comes last.
		Paths: []*framework.Path{pathEnv(), pathData()},
	}
	if err := b.Setup(ctx, conf); err != nil {
		return nil, err
	}
	return b, nil
}
