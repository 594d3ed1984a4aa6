// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"context"
	"errors"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/deviations"
	"github.com/plugproof/plugproof/suites/targets"
)

// serverNamed is serverOf for the name of a target.
func serverNamed(ctx context.Context, name string, options targets.Options, ask bool) (server deviations.Server, err error) {
	if !ask {
		return deviations.Server{Target: name}, nil
	}
	target, err := targets.Parse(name, options)
	if err != nil {
		return server, err
	}
	defer func() { err = errors.Join(err, target.Close(context.WithoutCancel(ctx))) }()
	return serverOf(ctx, target, ask)
}

// serverOf returns what entries of a list of deviations may be about: a target,
// and with ask, which costs the start of a server, its product and version.
func serverOf(ctx context.Context, target steps.Target, ask bool) (server deviations.Server, err error) {
	server.Target = target.Name()
	if !ask {
		return server, nil
	}
	server.Identity, err = steps.Identify(ctx, target)
	// What is neither Vault nor OpenBao is none of the servers that entries name.
	if errors.Is(err, steps.ErrUnknownServer) {
		err = nil
	}
	return server, err
}
