// SPDX-License-Identifier: MPL-2.0

package jwt

import (
	"context"
	"errors"
	"fmt"
	"maps"

	capjwt "github.com/hashicorp/cap/jwt"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/cidrutil"
	"github.com/hashicorp/vault/sdk/helper/policyutil"
	"github.com/hashicorp/vault/sdk/logical"
)

func (b *backend) pathLogin() *framework.Path {
	return &framework.Path{
		Pattern: `login$`,
		Fields: map[string]*framework.FieldSchema{
			"role": {Type: framework.TypeLowerCaseString, Description: "The role to log in against."},
			"jwt":  {Type: framework.TypeString, Description: "The signed JWT to validate."},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation:         &framework.PathOperation{Callback: b.login, Summary: "Log in with a JWT."},
			logical.AliasLookaheadOperation: &framework.PathOperation{Callback: b.login},
			logical.ResolveRoleOperation:    &framework.PathOperation{Callback: b.resolveRole},
		},
		HelpSynopsis:    "Authenticates to Vault using a JWT.",
		HelpDescription: "Verifies signature, issuer, audience and times of the JWT, and what else the role binds.",
	}
}

// refusal is an error of a login that its caller is to read.
type refusal struct{ error }

func (r *refusal) Unwrap() error { return r.error }

func refuse(format string, args ...any) error {
	return &refusal{fmt.Errorf(format, args...)}
}

// answer turns an error into what the plugin SDK wants: a refusal is an error
// answer, anything else a failure of the plugin.
func answer(err error) (*logical.Response, error) {
	var r *refusal
	if errors.As(err, &r) {
		return logical.ErrorResponse("%s", r), nil
	}
	return nil, err
}

func (b *backend) login(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	auth, err := b.authenticate(ctx, req, d)
	if err != nil {
		return answer(err)
	}
	return &logical.Response{Auth: auth}, nil
}

func (b *backend) resolveRole(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	v, err := b.verifier(ctx, req.Storage)
	if err != nil {
		return answer(err)
	}
	name, _, err := chooseRole(ctx, req, d, v.config)
	if err != nil {
		return answer(err)
	}
	return logical.ResolveRoleResponse(name)
}

// verifier returns the current verifier, with a refusal where the
// configuration is at fault.
func (b *backend) verifier(ctx context.Context, storage logical.Storage) (*verifier, error) {
	v, err := b.verifiers.get(ctx, storage)
	var broken *configError
	switch {
	case errors.Is(err, errNotConfigured):
		return nil, &refusal{err}
	case errors.As(err, &broken):
		return nil, refuse("error configuring token validator: %w", err)
	}
	return v, err
}

// chooseRole returns the role that the login names, or the default one.
func chooseRole(ctx context.Context, req *logical.Request, d *framework.FieldData, c *config) (string, *role, error) {
	name := d.Get("role").(string)
	if name == "" {
		name = c.DefaultRole
	}
	if name == "" {
		return "", nil, refuse("missing role")
	}
	r, err := loadRole(ctx, req.Storage, name)
	if err != nil {
		return "", nil, err
	}
	if r == nil {
		return "", nil, refuse("role %q could not be found", name)
	}
	return name, r, nil
}

func (b *backend) authenticate(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Auth, error) {
	v, err := b.verifier(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	name, r, err := chooseRole(ctx, req, d, v.config)
	if err != nil {
		return nil, err
	}
	token := d.Get("jwt").(string)
	if token == "" {
		return nil, refuse("missing token")
	}
	if len(r.TokenBoundCIDRs) > 0 &&
		(req.Connection == nil || !cidrutil.RemoteAddrIsOk(req.Connection.RemoteAddr, r.TokenBoundCIDRs)) {
		return nil, logical.ErrPermissionDenied
	}
	verified, err := v.verify(ctx, token, r)
	if err != nil {
		return nil, err
	}
	return newAuth(name, r, verified)
}

// verify returns the claims of a token that is good for r.
func (v *verifier) verify(ctx context.Context, token string, r *role) (claims, error) {
	accepted := algorithms(v.config.JWTSupportedAlgs)
	if len(accepted) == 0 {
		accepted = []capjwt.Alg{
			capjwt.RS256, capjwt.RS384, capjwt.RS512, capjwt.ES256, capjwt.ES384,
			capjwt.ES512, capjwt.PS256, capjwt.PS384, capjwt.PS512, capjwt.EdDSA,
		}
	}
	payload, err := v.validator.Validate(ctx, token, capjwt.Expected{
		Issuer:            v.config.BoundIssuer,
		Subject:           r.BoundSubject,
		Audiences:         r.BoundAudiences,
		SigningAlgorithms: accepted,
		NotBeforeLeeway:   r.NotBeforeLeeway,
		ExpirationLeeway:  r.ExpirationLeeway,
		ClockSkewLeeway:   r.ClockSkewLeeway,
	})
	if err != nil {
		return nil, refuse("error validating token: %w", err)
	}
	verified := claims(payload)
	// A token meant for somebody must not be taken by a role that names nobody.
	if len(r.BoundAudiences) == 0 && verified.hasAudience() {
		return nil, refuse("audience claim found in JWT but no audiences bound to the role")
	}
	return verified, nil
}

// newAuth makes the login's answer of verified claims.
func newAuth(name string, r *role, verified claims) (*logical.Auth, error) {
	user, err := verified.user(r)
	if err != nil {
		return nil, &refusal{err}
	}
	metadata, err := verified.metadata(r)
	if err != nil {
		return nil, &refusal{err}
	}
	metadata[roleMetadata] = name
	groups, err := verified.groups(r)
	if err != nil {
		return nil, &refusal{err}
	}
	if err := verified.checkBound(r); err != nil {
		return nil, refuse("error validating claims: %w", err)
	}
	auth := &logical.Auth{
		DisplayName:  user,
		Alias:        &logical.Alias{Name: user, Metadata: metadata},
		InternalData: map[string]any{"role": name},
		Metadata:     maps.Clone(metadata),
	}
	for _, group := range groups {
		auth.GroupAliases = append(auth.GroupAliases, &logical.Alias{Name: group})
	}
	r.PopulateTokenAuth(auth)
	return auth, nil
}

// renew lets a token live on while its role exists and gives the policies that
// the token has.
func (b *backend) renew(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	name, _ := req.Auth.InternalData["role"].(string)
	if name == "" {
		return nil, errors.New("failed to fetch role_name during renewal")
	}
	r, err := loadRole(ctx, req.Storage, name)
	if err != nil {
		return nil, fmt.Errorf("failed to validate role %s during renewal: %w", name, err)
	}
	if r == nil {
		return nil, fmt.Errorf("role %s does not exist during renewal", name)
	}
	if !policyutil.EquivalentPolicies(r.TokenPolicies, req.Auth.TokenPolicies) {
		return nil, errors.New("policies have changed, not renewing")
	}
	resp := &logical.Response{Auth: req.Auth}
	resp.Auth.TTL = r.TokenTTL
	resp.Auth.MaxTTL = r.TokenMaxTTL
	resp.Auth.Period = r.TokenPeriod
	return resp, nil
}
