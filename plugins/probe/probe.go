// SPDX-License-Identifier: MPL-2.0

// Package probe is an instrumented plugin: a secrets engine or auth method whose
// paths return what the server passes to it, and which fails on demand. Its paths,
// help and responses may not change: they are in the recordings of real servers
// in suites/replay/recordings, with which the mock's responses are compared.
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

// Config is the configuration of a probe. The zero Config is a secrets engine
// that reports no version.
type Config struct {
	// Auth makes the probe an auth method.
	Auth bool
	// Version is the version that the probe reports. It may be invalid.
	Version string
	// FailSetup makes every call of the factory fail.
	FailSetup bool
	// Exit is called by the path "crash" to end the process. Nil makes crash
	// return an error, for a backend in the server's own process.
	Exit func(code int)
}

// probe is the state that all mounts of a process share.
type probe struct {
	config    Config
	factories atomic.Int64
}

// backend is one mount.
type backend struct {
	*framework.Backend
	process *probe
}

// NewFactory returns a factory that counts its calls, a number that the path
// "process" of each of its backends returns. It may be called concurrently.
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
	p.warnOfType(conf)
	if err := b.Setup(ctx, conf); err != nil {
		return nil, err
	}
	return b, nil
}

// warnOfType logs what the probe lacks to be of the type that it was registered as:
// the server refuses the mount without saying it.
func (p *probe) warnOfType(conf *logical.BackendConfig) {
	is, env := "secret", "PROBE_TYPE=auth"
	if p.config.Auth {
		is, env = "auth", "PROBE_TYPE=secret"
	}
	if registered := conf.Config["plugin_type"]; registered != "" && registered != is && conf.Logger != nil {
		conf.Logger.Warn("the probe is registered as of another type than it is: register it with env="+env, "registered", registered, "is", is)
	}
}

// dataResponse returns a response with data.
func dataResponse(data map[string]any) (*logical.Response, error) {
	return &logical.Response{Data: data}, nil
}
