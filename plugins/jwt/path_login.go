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
		HelpDescription: "Verifies the signature, issuer, audience and times of the JWT, and the bound claims of the role.",
	}
}

// loginError is the reason for which a login is refused, written for the caller.
type loginError struct{ error }

func (e *loginError) Unwrap() error { return e.error }

// loginErrorf returns a *loginError with a formatted message; %w wraps.
func loginErrorf(format string, args ...any) error {
	return &loginError{fmt.Errorf(format, args...)}
}

// errorResponse converts an error to what the SDK expects of a handler: a
// *loginError becomes an error response (status 400), any other error stays an
// error (status 500, or 403 for logical.ErrPermissionDenied).
func errorResponse(err error) (*logical.Response, error) {
	var refused *loginError
	if errors.As(err, &refused) {
		return logical.ErrorResponse("%s", refused), nil
	}
	return nil, err
}

// login serves a login and the lookup of its alias, for which the server needs
// the same answer without the token.
func (b *backend) login(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	auth, err := b.authenticate(ctx, req, d)
	if err != nil {
		return errorResponse(err)
	}
	return &logical.Response{Auth: auth}, nil
}

// resolveRole returns the name of the role that a login would use. The server
// asks for it to apply quotas of that role.
func (b *backend) resolveRole(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	v, err := b.verifier(ctx, req.Storage)
	if err != nil {
		return errorResponse(err)
	}
	name, _, err := chooseRole(ctx, req, d, v.config)
	if err != nil {
		return errorResponse(err)
	}
	return logical.ResolveRoleResponse(name)
}

// verifier returns the verifier of the current configuration. A missing or
// unusable configuration is a *loginError.
func (b *backend) verifier(ctx context.Context, storage logical.Storage) (*verifier, error) {
	v, err := b.verifiers.get(ctx, storage)
	var broken *configError
	switch {
	case errors.Is(err, errNotConfigured):
		return nil, &loginError{err}
	case errors.As(err, &broken):
		return nil, loginErrorf("error configuring token validator: %w", err)
	}
	return v, err
}

// chooseRole returns the role that the request names, or else the default_role
// of the configuration, and its name.
func chooseRole(ctx context.Context, req *logical.Request, d *framework.FieldData, c *config) (string, *role, error) {
	name := d.Get("role").(string)
	if name == "" {
		name = c.DefaultRole
	}
	if name == "" {
		return "", nil, loginErrorf("missing role")
	}
	r, err := loadRole(ctx, req.Storage, name)
	if errors.Is(err, errRoleNotFound) {
		return "", nil, loginErrorf("role %q could not be found", name)
	}
	if err != nil {
		return "", nil, err
	}
	return name, r, nil
}

// authenticate checks the login in the order of the original, which decides the
// error that a caller sees when several things are wrong.
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
		return nil, loginErrorf("missing token")
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

// verify returns the claims of the token if its signature, issuer, subject,
// audience and times are valid for r. Only signing algorithms that the mount
// accepts are tried: jwt_supported_algs, or all asymmetric ones.
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
		return nil, loginErrorf("error validating token: %w", err)
	}
	verified := claims(payload)
	// A token for a certain audience must not be accepted by a role that binds
	// none: bound_audiences is required for such tokens (API documentation).
	if len(r.BoundAudiences) == 0 && verified.hasAudience() {
		return nil, loginErrorf("audience claim found in JWT but no audiences bound to the role")
	}
	return verified, nil
}

// newAuth returns the login's result for verified claims: the user and groups as
// aliases for the identity system, metadata, and the role's token settings.
func newAuth(name string, r *role, verified claims) (*logical.Auth, error) {
	user, err := verified.user(r)
	if err != nil {
		return nil, &loginError{err}
	}
	metadata, err := verified.metadata(r)
	if err != nil {
		return nil, &loginError{err}
	}
	metadata[roleMetadata] = name
	groups, err := verified.groups(r)
	if err != nil {
		return nil, &loginError{err}
	}
	if err := verified.checkBound(r); err != nil {
		return nil, loginErrorf("error validating claims: %w", err)
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

// renew extends a token with the current times of its role. As in the original,
// it fails when the role is gone or its policies have changed since the login.
func (b *backend) renew(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	name, _ := req.Auth.InternalData["role"].(string)
	if name == "" {
		return nil, errors.New("failed to fetch role_name during renewal")
	}
	r, err := loadRole(ctx, req.Storage, name)
	if errors.Is(err, errRoleNotFound) {
		return nil, fmt.Errorf("role %s does not exist during renewal", name)
	}
	if err != nil {
		return nil, fmt.Errorf("failed to validate role %s during renewal: %w", name, err)
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
