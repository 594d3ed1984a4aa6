// SPDX-License-Identifier: MPL-2.0

// Package probe is an instrumented plugin: a secrets engine or auth method
// whose paths show how the server treats it, and which fails on demand. Names
// and answers are those of the plugin with which real servers were recorded,
// so that the recordings apply to it word for word.
package probe

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

const help = `
The probe shows how a server treats its plugins: the environment, arguments and
number of mounts of its process, the operations and headers that reach it, the
system view it gets. Some of its paths fail on purpose.
`

// Config says what kind of plugin the probe is. The zero Config is a secrets
// engine without version.
type Config struct {
	// Auth makes it an auth method.
	Auth bool
	// Version is the version that it reports; it is not checked.
	Version string
	// FailSetup makes every call of the factory fail.
	FailSetup bool
	// Exit ends the process with a code when the path crash is used. Nil, for a
	// backend in a server's own process, makes crash an error.
	Exit func(code int)
}

// probe is what all mounts that one process serves have in common.
type probe struct {
	config    Config
	factories atomic.Int64
}

// backend is one mount.
type backend struct {
	*framework.Backend
	process *probe
}

// NewFactory returns a factory whose backends count together how often it was
// called, which the path process shows.
func NewFactory(config Config) logical.Factory {
	return (&probe{config: config}).factory
}

func (p *probe) factory(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
	p.factories.Add(1)
	if p.config.FailSetup {
		return nil, errors.New("probe: told to fail in the factory")
	}
	b := &backend{process: p}
	b.Backend = &framework.Backend{
		Help:           strings.TrimSpace(help),
		BackendType:    logical.TypeLogical,
		RunningVersion: p.config.Version,
		PathsSpecial: &logical.Paths{
			Unauthenticated: []string{"public", "login"},
			Root:            []string{"rooted"},
		},
		Paths: framework.PathAppend(
			b.pathsEnvironment(),
			b.pathsKV(),
			b.pathsRequest(),
			b.pathsLease(),
			b.pathsFault(),
			[]*framework.Path{b.pathLogin()},
		),
		Secrets:   []*framework.Secret{b.secret()},
		AuthRenew: renewLogin,
	}
	if p.config.Auth {
		b.BackendType = logical.TypeCredential
	}
	if err := b.Setup(ctx, conf); err != nil {
		return nil, err
	}
	return b, nil
}

// answer is a response that carries data and nothing else.
func answer(data map[string]any) (*logical.Response, error) {
	return &logical.Response{Data: data}, nil
}
