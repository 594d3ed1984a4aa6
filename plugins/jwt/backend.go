// SPDX-License-Identifier: MPL-2.0

// Package jwt is an auth method that logs in callers with JSON Web Tokens.
//
// Its paths, fields, defaults and error messages are those of HashiCorp's
// vault-plugin-auth-jwt, whose reference is
// https://developer.hashicorp.com/vault/api-docs/auth/jwt and whose guide is
// https://developer.hashicorp.com/vault/docs/auth/jwt; comments call them the
// API documentation and the guide. What neither says is taken from the source
// of vault-plugin-auth-jwt, called the original. The browser flow (role_type
// oidc), provider-specific group lookups and jwks_pairs are not implemented.
//
// Keys are fetched through the proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY
// name in the environment of the plugin process. As in net/http, requests to
// loopback addresses bypass it.
package jwt

import (
	"context"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

const help = `
The JWT auth method logs in callers that hold a JSON Web Token. It verifies the
token with the configured keys and issues a Vault token with the policies of a role.
`

// backend is one mount of the auth method. The SDK calls it from several
// goroutines.
type backend struct {
	*framework.Backend
	verifiers verifiers
}

// Factory returns a backend for one mount of the auth method. Backends share no
// state, so one multiplexed process can serve any number of mounts.
func Factory(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
	b := &backend{}
	b.Backend = &framework.Backend{
		Help:        strings.TrimSpace(help),
		BackendType: logical.TypeCredential,
		PathsSpecial: &logical.Paths{
			Unauthenticated: []string{"login"},
			SealWrapStorage: []string{configKey},
		},
		Paths: []*framework.Path{
			b.pathLogin(),
			b.pathRoleList(),
			b.pathRole(),
			b.pathConfig(),
		},
		AuthRenew:  b.renew,
		Invalidate: b.invalidate,
	}
	if err := b.Setup(ctx, conf); err != nil {
		return nil, err
	}
	return b, nil
}

// invalidate drops the cached keys when another node of the cluster has written
// the configuration. The server calls it with the storage key that was written.
func (b *backend) invalidate(_ context.Context, key string) {
	if key == configKey {
		b.verifiers.drop()
	}
}
