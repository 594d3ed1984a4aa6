// SPDX-License-Identifier: MPL-2.0

// Package jwt is an auth method that takes JSON Web Tokens. Paths, fields,
// defaults and error texts are those of HashiCorp's vault-plugin-auth-jwt, of
// which it leaves out the browser flow (role_type oidc), provider-specific
// group look-ups and jwks_pairs.
//
// Keys are fetched as every Go program fetches: through the proxy that
// HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the plugin's process name, loopback
// addresses excepted.
package jwt

import (
	"context"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

const help = `
The JWT auth method logs in callers that hold a JSON Web Token. It verifies the
token with the configured keys and gives the token policies of a role.
`

// backend is one mount of the method.
type backend struct {
	*framework.Backend
	verifiers verifiers
}

// Factory builds one mount of the method.
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

// invalidate is called when another node of the server's cluster wrote key.
func (b *backend) invalidate(_ context.Context, key string) {
	if key == configKey {
		b.verifiers.drop()
	}
}
