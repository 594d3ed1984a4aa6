// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/builtin/identity"
	"github.com/plugproof/plugproof/mockserver/internal/policy"
)

// login makes a token of what an auth method answered. A refusal that is the
// caller's fault is a response.
func (a *Authority) login(ctx context.Context, req *logical.Request, resp *logical.Response) (refused *logical.Response, err error) {
	if !strings.HasPrefix(req.Path, "auth/") && !a.dialect.Tokens.SecretsLogIn {
		a.logger.Error("unexpected auth response for logical secret backend", "request_path", req.Path)
		return nil, multierror.Append(nil, errInternal)
	}
	m, err := a.mount(ctx, req.Path)
	if err != nil {
		return nil, a.failed("unable to look up the mount for login path", err)
	}
	auth := resp.Auth
	if err := a.setEntity(ctx, m, auth); err != nil {
		return nil, err
	}
	if auth.EntityID != "" && len(req.MFACreds) > 0 {
		resp.AddWarning("Found MFA header but failed to find MFA Enforcement Config")
	}
	source := strings.ReplaceAll(strings.TrimPrefix(m.Path, "auth/"), "/", "-")
	auth.DisplayName = strings.TrimSuffix(source+auth.DisplayName, "-")
	req.DisplayName = auth.DisplayName

	ttl, warnings, err := framework.CalculateTTL(m.ttls(), 0, auth.TTL, auth.Period, auth.MaxTTL, auth.ExplicitMaxTTL, time.Time{})
	if err != nil {
		return nil, err
	}
	for _, warning := range warnings {
		resp.AddWarning(warning)
	}
	auth.TTL = ttl
	auth.TokenPolicies = sanitized(auth.Policies, !auth.NoDefaultPolicy)
	auth.Policies = auth.TokenPolicies
	if err := a.addIdentityPolicies(ctx, auth); err != nil {
		return nil, err
	}
	for _, name := range auth.Policies {
		switch name {
		case policy.Root:
			return logical.ErrorResponse("auth methods cannot create root tokens"), logical.ErrInvalidRequest
		case policy.Wrapping:
			return logical.ErrorResponse("cannot assign policy %q", name), logical.ErrInvalidRequest
		}
	}
	if err := a.createLoginToken(ctx, req.Path, auth); err != nil {
		return nil, a.failed("failed to create token", err)
	}
	return nil, nil
}

// setEntity finds the entity of who logs in.
func (a *Authority) setEntity(ctx context.Context, m Mount, auth *logical.Auth) error {
	if auth.Alias == nil {
		return nil
	}
	if auth.Alias.Name == "" {
		return errors.New("missing name in alias")
	}
	auth.Alias.MountType, auth.Alias.MountAccessor, auth.Alias.Local = m.Type, m.Accessor, m.Local
	entity, created, err := a.entities.ForAlias(ctx, identity.Alias{
		Name: auth.Alias.Name, MountAccessor: m.Accessor, MountType: m.Type, MountPath: m.Path,
		Metadata: auth.Alias.Metadata, Local: m.Local,
	})
	if err != nil {
		return fmt.Errorf("failed to create an entity for the authenticated alias: %w", err)
	}
	if entity.Disabled {
		return logical.ErrPermissionDenied
	}
	auth.EntityID, auth.EntityCreated = entity.ID, created
	for _, alias := range auth.GroupAliases {
		alias.MountType, alias.MountAccessor = m.Type, m.Accessor
	}
	auth.GroupAliases, err = a.entities.RefreshGroups(ctx, auth.EntityID, m.Accessor, auth.GroupAliases)
	return err
}

// identityPolicies returns the policies that an entity's tokens have beside their own; none
// without an entity.
func (a *Authority) identityPolicies(ctx context.Context, entityID string) ([]string, error) {
	if entityID == "" {
		return nil, nil
	}
	entity, err := a.entities.Current(ctx, entityID)
	if errors.Is(err, identity.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rights, err := a.entities.Rights(ctx, entity)
	return rights.Policies, err
}

// addIdentityPolicies shows a token's maker what the token may do beside its own policies.
func (a *Authority) addIdentityPolicies(ctx context.Context, auth *logical.Auth) error {
	derived, err := a.identityPolicies(ctx, auth.EntityID)
	if err != nil {
		return a.failed("failed to lookup entity using its ID", err)
	}
	auth.Policies, auth.IdentityPolicies = sanitized(slices.Concat(auth.Policies, derived), false), sanitized(derived, false)
	return nil
}

func (a *Authority) createLoginToken(ctx context.Context, path string, auth *logical.Auth) error {
	e, err := a.tokens.Create(ctx, logical.TokenEntry{
		Path: path, Meta: auth.Metadata, DisplayName: auth.DisplayName,
		CreationTime: a.clock.Now().Unix(), TTL: auth.TTL, NumUses: auth.NumUses,
		EntityID: auth.EntityID, BoundCIDRs: auth.BoundCIDRs, Policies: auth.TokenPolicies,
		ExplicitMaxTTL: auth.ExplicitMaxTTL, Period: auth.Period, Type: auth.TokenType,
	})
	if err != nil {
		return err
	}
	auth.ClientToken, auth.Accessor, auth.Orphan = e.ID, e.Accessor, true
	if e.Batch() {
		auth.Renewable = false
		return nil
	}
	return a.leases.Add(ctx, a.tokenLease(e, auth))
}
