// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/go-secure-stdlib/strutil"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/token"
)

func (a *Authority) listRoles(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	names, err := a.tokens.Roles(ctx)
	if err != nil {
		return nil, err
	}
	return logical.ListResponse(names), nil
}

func (a *Authority) roleExists(ctx context.Context, _ *logical.Request, d *framework.FieldData) (bool, error) {
	_, err := a.tokens.Role(ctx, d.Get("role_name").(string))
	if errors.Is(err, token.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (a *Authority) deleteRole(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return nil, a.tokens.DeleteRole(ctx, d.Get("role_name").(string))
}

func (a *Authority) readRole(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	role, err := a.tokens.Role(ctx, d.Get("role_name").(string))
	if errors.Is(err, token.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	seconds := func(d time.Duration) int64 { return int64(d.Seconds()) }
	data := map[string]any{
		"name": role.Name, "orphan": role.Orphan, "renewable": role.Renewable, "path_suffix": role.PathSuffix,
		"period": seconds(role.Period), "token_period": seconds(role.TokenPeriod),
		"explicit_max_ttl": seconds(role.ExplicitMaxTTL), "token_explicit_max_ttl": seconds(role.TokenExplicitMaxTTL),
		"allowed_policies": role.AllowedPolicies, "disallowed_policies": role.DisallowedPolicies,
		"allowed_policies_glob": role.AllowedPoliciesGlob, "disallowed_policies_glob": role.DisallowedPoliciesGlob,
		"allowed_entity_aliases":  role.AllowedEntityAliases,
		"token_type":              role.TokenType.String(),
		"token_no_default_policy": role.TokenNoDefaultPolicy,
	}
	if len(role.TokenBoundCIDRs) > 0 {
		data["token_bound_cidrs"] = role.TokenBoundCIDRs
	}
	if len(role.BoundCIDRs) > 0 {
		data["bound_cidrs"] = role.BoundCIDRs
	}
	if role.TokenNumUses > 0 {
		data["token_num_uses"] = role.TokenNumUses
	}
	return &logical.Response{Data: data}, nil
}

// suffixAllowed is what a role's path suffix must contain.
var suffixAllowed = regexp.MustCompile(`\w[\w-.]+\w`)

func (a *Authority) writeRole(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("role_name").(string)
	role, err := a.tokens.Role(ctx, name)
	if errors.Is(err, token.ErrNotFound) {
		role = &token.Role{Name: name, Renewable: true}
		role.TokenType = logical.TokenTypeDefaultService
	} else if err != nil {
		return nil, err
	}
	resp := &logical.Response{}
	for _, step := range []func() error{
		func() error { return roleOwnFields(role, d) },
		func() error { return roleTokenFields(role, req, d) },
		func() error { return roleOldFields(role, d, resp) },
		func() error { return a.checkRole(ctx, role, resp) },
	} {
		if err := step(); err != nil {
			return logical.ErrorResponse(err.Error()), nil
		}
	}
	if err := a.tokens.PutRole(ctx, role); err != nil {
		return nil, err
	}
	if len(resp.Warnings) == 0 {
		return nil, nil
	}
	return resp, nil
}

// roleOwnFields sets the fields that only token roles have. Fields that aren't
// given stay.
func roleOwnFields(role *token.Role, d *framework.FieldData) error {
	if v, ok := d.GetOk("orphan"); ok {
		role.Orphan = v.(bool)
	}
	if v, ok := d.GetOk("renewable"); ok {
		role.Renewable = v.(bool)
	}
	if v, ok := d.GetOk("path_suffix"); ok {
		role.PathSuffix = v.(string)
		if role.PathSuffix != "" && !suffixAllowed.MatchString(role.PathSuffix) {
			return fmt.Errorf("given role path suffix contains invalid characters; must match %s", suffixAllowed)
		}
		if strings.Contains(role.PathSuffix, "..") {
			return errors.New("error registering path suffix: path cannot contain parent references")
		}
	}
	for name, list := range map[string]*[]string{
		"allowed_policies": &role.AllowedPolicies, "allowed_policies_glob": &role.AllowedPoliciesGlob,
	} {
		if v, ok := d.GetOk(name); ok || *list == nil {
			names, _ := v.([]string)
			*list = sanitized(names, false)
		}
	}
	for name, list := range map[string]*[]string{
		"disallowed_policies": &role.DisallowedPolicies, "disallowed_policies_glob": &role.DisallowedPoliciesGlob,
	} {
		if v, ok := d.GetOk(name); ok || *list == nil {
			names, _ := v.([]string)
			*list = strutil.RemoveDuplicates(names, true)
		}
	}
	if v, ok := d.GetOk("allowed_entity_aliases"); ok {
		role.AllowedEntityAliases = strutil.RemoveDuplicates(v.([]string), true)
	}
	return nil
}

// roleTokenFields sets the fields that all auth methods have. The type is read
// here, since roles have more of them.
func roleTokenFields(role *token.Role, req *logical.Request, d *framework.FieldData) error {
	kind, given := d.Raw["token_type"]
	delete(d.Raw, "token_type")
	before := role.TokenType
	role.TokenType = logical.TokenTypeDefault
	if err := role.ParseTokenFields(req, d); err != nil {
		return fmt.Errorf("error parsing role fields: %w", err)
	}
	role.TokenType = before
	if !given {
		return nil
	}
	switch kind {
	case nil:
		return errRefused{resp: logical.ErrorResponse("Invalid 'token_type' value: null")}
	case "service":
		role.TokenType = logical.TokenTypeService
	case "batch":
		role.TokenType = logical.TokenTypeBatch
	case "default-service":
		role.TokenType = logical.TokenTypeDefaultService
	case "default-batch":
		role.TokenType = logical.TokenTypeDefaultBatch
	default:
		return fmt.Errorf("invalid 'token_type' value %q", kind)
	}
	return nil
}

// roleOldFields reads the names from before Vault 1.2, unless the new ones are
// given as well.
func roleOldFields(role *token.Role, d *framework.FieldData, resp *logical.Response) error {
	old := func(name string) (any, bool) {
		value, given := d.GetOk(name)
		if _, newer := d.GetOk("token_" + name); newer && given {
			resp.AddWarning(fmt.Sprintf("Both 'token_%s' and deprecated '%s' value supplied, ignoring the deprecated value", name, name))
			return nil, false
		}
		return value, given
	}
	newer := func(name string) bool { _, ok := d.GetOk("token_" + name); return ok }
	if newer("period") {
		role.Period = 0
	}
	if v, ok := old("period"); ok {
		role.Period = time.Duration(v.(int)) * time.Second
		role.TokenPeriod = role.Period
	}
	if newer("bound_cidrs") {
		role.BoundCIDRs = nil
	}
	if v, ok := old("bound_cidrs"); ok {
		bound, err := parseutil.ParseAddrs(v)
		if err != nil {
			return fmt.Errorf("error parsing bound_cidrs: %w", err)
		}
		role.BoundCIDRs, role.TokenBoundCIDRs = bound, bound
	}
	if newer("explicit_max_ttl") {
		role.ExplicitMaxTTL = 0
	}
	if v, ok := old("explicit_max_ttl"); ok {
		role.ExplicitMaxTTL = time.Duration(v.(int)) * time.Second
		role.TokenExplicitMaxTTL = role.ExplicitMaxTTL
	}
	return nil
}

// checkRole refuses roles whose tokens couldn't be made, and warns of those
// that live longer than the server allows.
func (a *Authority) checkRole(ctx context.Context, role *token.Role, resp *logical.Response) error {
	if m, ok := a.router.Mount(ctx, "auth/token/roles"); ok && role.TokenExplicitMaxTTL > m.MaxTTL {
		resp.AddWarning(fmt.Sprintf("Given explicit max TTL of %d is greater than system/mount allowed value of %d seconds; until this is fixed attempting to create tokens against this role will result in an error",
			int64(role.TokenExplicitMaxTTL.Seconds()), int64(m.MaxTTL.Seconds())))
	}
	if role.TokenType != logical.TokenTypeBatch {
		return nil
	}
	const cannot = "'token_type' cannot be 'batch' when role is set to generate "
	switch {
	case !role.Orphan:
		return errors.New(cannot + "non-orphan tokens")
	case role.TokenPeriod != 0:
		return errors.New(cannot + "periodic tokens")
	case role.Renewable:
		return errors.New(cannot + "renewable tokens")
	case role.TokenExplicitMaxTTL != 0:
		return errors.New(cannot + "tokens with an explicit max TTL")
	}
	return nil
}
