// SPDX-License-Identifier: MPL-2.0

package jwt

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/tokenutil"
	"github.com/hashicorp/vault/sdk/logical"
)

// errRoleDeleted is returned for an update of a role that was deleted after the
// existence check.
var errRoleDeleted = errors.New("role entry not found during update operation")

func (b *backend) pathRoleList() *framework.Path {
	return &framework.Path{
		Pattern: `role/?`,
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ListOperation: &framework.PathOperation{Callback: b.listRoles, Summary: "List the roles."},
		},
		HelpSynopsis:    "Lists all the roles registered with the backend.",
		HelpDescription: "The list will contain the names of the roles.",
	}
}

func (b *backend) pathRole() *framework.Path {
	fields := map[string]*framework.FieldSchema{
		"name":      {Type: framework.TypeLowerCaseString, Description: "Name of the role."},
		"role_type": {Type: framework.TypeString, Description: "Type of the role. Only 'jwt' is supported.", Default: "jwt"},
		"expiration_leeway": {
			Type:        framework.TypeSignedDurationSecond,
			Description: "Leeway for the expiration ('exp') of a token. Defaults to 150 seconds if set to 0, and is disabled if set to -1.",
		},
		"not_before_leeway": {
			Type:        framework.TypeSignedDurationSecond,
			Description: "Leeway for the not-before time ('nbf') of a token. Defaults to 150 seconds if set to 0, and is disabled if set to -1.",
		},
		"clock_skew_leeway": {
			Type:        framework.TypeSignedDurationSecond,
			Description: "Leeway for all times of a token, to account for clock skew. Defaults to 60 seconds if set to 0, and is disabled if set to -1.",
		},
		"bound_subject":   {Type: framework.TypeString, Description: "The 'sub' claim that is valid for login. Optional."},
		"bound_audiences": {Type: framework.TypeCommaStringSlice, Description: "The 'aud' claims that are valid for login; any match is sufficient."},
		"bound_claims_type": {
			Type:        framework.TypeString,
			Description: "How to compare the values of bound_claims: 'string' or 'glob'.",
			Default:     claimsString,
		},
		"bound_claims":            {Type: framework.TypeMap, Description: "Claims that a token must have, each with the allowed value or values."},
		"claim_mappings":          {Type: framework.TypeKVPairs, Description: "Mappings of claims (key) that are copied to a metadata field (value)."},
		"user_claim":              {Type: framework.TypeString, Description: "The claim that uniquely identifies the user."},
		"user_claim_json_pointer": {Type: framework.TypeBool, Description: "Whether user_claim is a JSON pointer."},
		"groups_claim":            {Type: framework.TypeString, Description: "The claim that lists the user's groups."},
	}
	tokenutil.AddTokenFields(fields)
	for name, kind := range map[string]framework.FieldType{
		"policies":    framework.TypeCommaStringSlice,
		"num_uses":    framework.TypeInt,
		"ttl":         framework.TypeDurationSecond,
		"max_ttl":     framework.TypeDurationSecond,
		"period":      framework.TypeDurationSecond,
		"bound_cidrs": framework.TypeCommaStringSlice,
	} {
		fields[name] = &framework.FieldSchema{
			Type: kind, Description: tokenutil.DeprecationText("token_" + name), Deprecated: true,
		}
	}
	return &framework.Path{
		Pattern:        `role/` + framework.GenericNameRegex("name"),
		Fields:         fields,
		ExistenceCheck: b.roleExists,
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.CreateOperation: &framework.PathOperation{Callback: b.writeRole, Summary: "Register a role."},
			logical.ReadOperation:   &framework.PathOperation{Callback: b.readRole, Summary: "Read a role."},
			logical.UpdateOperation: &framework.PathOperation{Callback: b.writeRole, Summary: "Update the given fields of a role."},
			logical.DeleteOperation: &framework.PathOperation{Callback: b.deleteRole, Summary: "Delete a role."},
		},
		HelpSynopsis:    "Register a role with the backend.",
		HelpDescription: "A role sets which JWTs may log in with it, and the policies and other settings of the token that the server issues.",
	}
}

func (b *backend) listRoles(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	names, err := req.Storage.List(ctx, rolePrefix)
	if err != nil {
		return nil, fmt.Errorf("list the roles: %w", err)
	}
	return logical.ListResponse(names), nil
}

func (b *backend) roleExists(ctx context.Context, req *logical.Request, d *framework.FieldData) (bool, error) {
	_, err := loadRole(ctx, req.Storage, d.Get("name").(string))
	if errors.Is(err, errRoleNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (b *backend) readRole(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	r, err := loadRole(ctx, req.Storage, d.Get("name").(string))
	if errors.Is(err, errRoleNotFound) {
		return nil, nil // the SDK's "not found", which the server answers with 404
	}
	if err != nil {
		return nil, err
	}
	data := map[string]any{
		"role_type":               "jwt",
		"expiration_leeway":       int64(r.ExpirationLeeway.Seconds()),
		"not_before_leeway":       int64(r.NotBeforeLeeway.Seconds()),
		"clock_skew_leeway":       int64(r.ClockSkewLeeway.Seconds()),
		"bound_audiences":         r.BoundAudiences,
		"bound_subject":           r.BoundSubject,
		"bound_claims_type":       r.BoundClaimsType,
		"bound_claims":            r.BoundClaims,
		"claim_mappings":          r.ClaimMappings,
		"user_claim":              r.UserClaim,
		"user_claim_json_pointer": r.UserClaimJSONPointer,
		"groups_claim":            r.GroupsClaim,
	}
	r.PopulateTokenData(data)
	for name, set := range map[string]bool{
		"policies":    len(r.Policies) > 0,
		"num_uses":    r.NumUses > 0,
		"ttl":         r.TTL > 0,
		"max_ttl":     r.MaxTTL > 0,
		"period":      r.Period > 0,
		"bound_cidrs": len(r.BoundCIDRs) > 0,
	} {
		if set {
			data[name] = data["token_"+name]
		}
	}
	return &logical.Response{Data: data}, nil
}

func (b *backend) writeRole(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	r, err := loadRole(ctx, req.Storage, name)
	switch {
	case errors.Is(err, errRoleNotFound) && req.Operation == logical.UpdateOperation:
		return nil, errRoleDeleted
	case errors.Is(err, errRoleNotFound):
		r = &role{}
	case err != nil:
		return nil, err
	}
	switch kind := d.Get("role_type").(string); kind {
	case "jwt", "":
	case "oidc":
		return logical.ErrorResponse("'role_type' 'oidc' needs the browser flow, which this plugin does not have: use 'jwt'"), nil
	default:
		return logical.ErrorResponse("invalid 'role_type': %s", kind), nil
	}
	if err := r.update(req, d); err != nil {
		return logical.ErrorResponse("%s", err), nil
	}
	if err := r.validate(b.System()); err != nil {
		return logical.ErrorResponse("%s", err), nil
	}
	entry, err := logical.StorageEntryJSON(rolePrefix+name, r)
	if err != nil {
		return nil, fmt.Errorf("encode role %q: %w", name, err)
	}
	if err := req.Storage.Put(ctx, entry); err != nil {
		return nil, fmt.Errorf("store role %q: %w", name, err)
	}
	if r.TokenMaxTTL > b.System().MaxLeaseTTL() {
		resp := &logical.Response{}
		resp.AddWarning("token max ttl is greater than the system or backend mount's maximum TTL value; issued tokens' max TTL value will be truncated")
		return resp, nil
	}
	return nil, nil
}

func (b *backend) deleteRole(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	if err := req.Storage.Delete(ctx, rolePrefix+name); err != nil {
		return nil, fmt.Errorf("delete role %q: %w", name, err)
	}
	return nil, nil
}
