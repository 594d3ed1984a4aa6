// SPDX-License-Identifier: MPL-2.0

package jwt

import (
	"context"
	"errors"
	"fmt"

	capjwt "github.com/hashicorp/cap/jwt"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/certutil"
	"github.com/hashicorp/vault/sdk/logical"
)

const configKey = "config"

// config is the stored configuration of a mount. Exactly one of the discovery
// URL, the JWKS URL and the list of public keys is set.
type config struct {
	OIDCDiscoveryURL     string   `json:"oidc_discovery_url"`
	OIDCDiscoveryCAPEM   string   `json:"oidc_discovery_ca_pem"`
	JWKSURL              string   `json:"jwks_url"`
	JWKSCAPEM            string   `json:"jwks_ca_pem"`
	JWTValidationPubKeys []string `json:"jwt_validation_pubkeys"`
	JWTSupportedAlgs     []string `json:"jwt_supported_algs"`
	BoundIssuer          string   `json:"bound_issuer"`
	DefaultRole          string   `json:"default_role"`
}

// loadConfig returns the configuration of the mount: errNotConfigured if there is
// none.
func loadConfig(ctx context.Context, storage logical.Storage) (*config, error) {
	entry, err := storage.Get(ctx, configKey)
	if err != nil {
		return nil, err
	}
	if entry == nil {
		return nil, errNotConfigured
	}
	c := &config{}
	if err := entry.DecodeJSON(c); err != nil {
		return nil, fmt.Errorf("decode the configuration: %w", err)
	}
	return c, nil
}

func (b *backend) pathConfig() *framework.Path {
	return &framework.Path{
		Pattern: `config`,
		Fields: map[string]*framework.FieldSchema{
			"oidc_discovery_url": {
				Type:        framework.TypeString,
				Description: `OIDC Discovery URL, without any .well-known component. Cannot be used with "jwks_url" or "jwt_validation_pubkeys".`,
			},
			"oidc_discovery_ca_pem": {
				Type:        framework.TypeString,
				Description: "CA certificates, in PEM format, to validate connections to the discovery URL. If not set, system certificates are used.",
			},
			"jwks_url": {
				Type:        framework.TypeString,
				Description: `JWKS URL to fetch keys from. Cannot be used with "oidc_discovery_url" or "jwt_validation_pubkeys".`,
			},
			"jwks_ca_pem": {
				Type:        framework.TypeString,
				Description: "CA certificates, in PEM format, to validate connections to the JWKS URL. If not set, system certificates are used.",
			},
			"jwt_validation_pubkeys": {
				Type:        framework.TypeCommaStringSlice,
				Description: `PEM-encoded public keys to verify signatures. Cannot be used with "jwks_url" or "oidc_discovery_url".`,
			},
			"jwt_supported_algs": {
				Type:        framework.TypeCommaStringSlice,
				Description: "Signing algorithms to accept. Defaults to all asymmetric ones.",
			},
			"bound_issuer": {
				Type:        framework.TypeString,
				Description: "The value that the 'iss' claim must match. Optional.",
			},
			"default_role": {
				Type:        framework.TypeLowerCaseString,
				Description: "The role to use if none is given at login. If not set, a role is required at login.",
			},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation:   &framework.PathOperation{Callback: b.readConfig, Summary: "Read the configuration."},
			logical.UpdateOperation: &framework.PathOperation{Callback: b.writeConfig, Summary: "Configure the auth method."},
		},
		HelpSynopsis:    "Configures the JWT authentication backend.",
		HelpDescription: "Sets where the keys that verify tokens come from: a JWKS URL, OIDC discovery, or a list of public keys. A URL is fetched once before it is stored.",
	}
}

func (b *backend) readConfig(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	c, err := loadConfig(ctx, req.Storage)
	if errors.Is(err, errNotConfigured) {
		return nil, nil // the SDK's "not found", which the server answers with 404
	}
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		"oidc_discovery_url":     c.OIDCDiscoveryURL,
		"oidc_discovery_ca_pem":  c.OIDCDiscoveryCAPEM,
		"jwks_url":               c.JWKSURL,
		"jwks_ca_pem":            c.JWKSCAPEM,
		"jwt_validation_pubkeys": c.JWTValidationPubKeys,
		"jwt_supported_algs":     c.JWTSupportedAlgs,
		"bound_issuer":           c.BoundIssuer,
		"default_role":           c.DefaultRole,
	}}, nil
}

// writeConfig replaces the whole configuration: fields that are not given are
// reset to their defaults, as the original does.
func (b *backend) writeConfig(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	c := &config{
		OIDCDiscoveryURL:     d.Get("oidc_discovery_url").(string),
		OIDCDiscoveryCAPEM:   d.Get("oidc_discovery_ca_pem").(string),
		JWKSURL:              d.Get("jwks_url").(string),
		JWKSCAPEM:            d.Get("jwks_ca_pem").(string),
		JWTValidationPubKeys: d.Get("jwt_validation_pubkeys").([]string),
		JWTSupportedAlgs:     d.Get("jwt_supported_algs").([]string),
		BoundIssuer:          d.Get("bound_issuer").(string),
		DefaultRole:          d.Get("default_role").(string),
	}
	if resp := b.validateConfig(ctx, c); resp != nil {
		return resp, nil
	}
	entry, err := logical.StorageEntryJSON(configKey, c)
	if err != nil {
		return nil, fmt.Errorf("encode the configuration: %w", err)
	}
	if err := req.Storage.Put(ctx, entry); err != nil {
		return nil, fmt.Errorf("store the configuration: %w", err)
	}
	b.verifiers.drop()
	return nil, nil
}

// validateConfig returns the error response for an invalid c, or nil. As in the
// original, it fetches the URL once and writes the cause of a failure to the
// server's log instead of the response.
func (b *backend) validateConfig(ctx context.Context, c *config) *logical.Response {
	sources := 0
	for _, set := range []bool{c.OIDCDiscoveryURL != "", c.JWKSURL != "", len(c.JWTValidationPubKeys) > 0} {
		if set {
			sources++
		}
	}
	if sources != 1 {
		return logical.ErrorResponse("exactly one of 'jwt_validation_pubkeys', 'jwks_url' or 'oidc_discovery_url' must be set")
	}
	switch {
	case c.OIDCDiscoveryURL != "":
		if _, err := newKeySet(ctx, c); err != nil {
			b.Logger().Error("error checking oidc discovery URL", "url", c.OIDCDiscoveryURL, "error", err)
			return logical.ErrorResponse("error checking oidc discovery URL")
		}
	case c.JWKSURL != "":
		client, err := newClient(c.JWKSCAPEM)
		if err != nil {
			b.Logger().Error("error checking jwks_ca_pem", "error", err)
			return logical.ErrorResponse("error checking jwks_ca_pem")
		}
		defer client.CloseIdleConnections()
		if err := fetchKeySet(ctx, client, c.JWKSURL); err != nil {
			b.Logger().Error("error checking jwks URL", "url", c.JWKSURL, "error", err)
			return logical.ErrorResponse("error checking jwks URL %s", c.JWKSURL)
		}
	default:
		for _, pem := range c.JWTValidationPubKeys {
			if _, err := certutil.ParsePublicKeyPEM([]byte(pem)); err != nil {
				return logical.ErrorResponse("error parsing public key: %s", err)
			}
		}
	}
	if err := capjwt.SupportedSigningAlgorithm(algorithms(c.JWTSupportedAlgs)...); err != nil {
		return logical.ErrorResponse("invalid jwt_supported_algs: %s", err)
	}
	return nil
}

// algorithms converts names of signing algorithms to those of cap.
func algorithms(names []string) []capjwt.Alg {
	algs := make([]capjwt.Alg, len(names))
	for i, name := range names {
		algs[i] = capjwt.Alg(name)
	}
	return algs
}
