// SPDX-License-Identifier: MPL-2.0

package access

import (
	"maps"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/tokenutil"
	"github.com/hashicorp/vault/sdk/logical"
)

// newTokenBackend is the auth method at auth/token/, not set up yet. Its
// tokens are renewed without a request to it, see renewToken.
func (a *Authority) newTokenBackend() *framework.Backend {
	return &framework.Backend{
		Help:        "The token auth method creates, looks up, renews and revokes tokens.",
		BackendType: logical.TypeCredential,
		PathsSpecial: &logical.Paths{
			Root: []string{"revoke-orphan/*", "accessors*"},
		},
		Paths: []*framework.Path{
			listPath("roles/?$", a.listRoles, "List the roles."),
			listPath("accessors/?$", a.listAccessors, "List the accessors of all tokens. A root path: it helps to revoke them all."),
			writePath("create-orphan$", createFields(), a.createOrphan, "Create a token without parent."),
			writePath("create/"+framework.GenericNameRegex("role_name"),
				with(createFields(), field("role_name", framework.TypeString, "Name of the role")),
				a.createWithRole, "Create a token as a role says."),
			writePath("create$", createFields(), a.createChild, "Create a token, a child of the caller's."),
			lookupPath("lookup", a.lookup),
			writePath("lookup-accessor", accessorField(), a.lookupAccessor, "Look up a token by its accessor."),
			lookupPath("lookup-self$", a.lookupSelf),
			writePath("revoke-accessor", accessorField(), a.revokeAccessor, "Revoke a token and its children by its accessor."),
			writePath("revoke-self$", nil, a.revokeSelf, "Revoke the caller's token and its children."),
			writePath("revoke", tokenField(), a.revoke, "Revoke a token and its children."),
			writePath("revoke-orphan", tokenField(), a.revokeOrphan, "Revoke a token; its children live on."),
			writePath("renew-accessor", with(accessorField(), incrementField()), a.renewAccessor, "Renew a token by its accessor."),
			writePath("renew-self$", with(tokenField(), incrementField()), a.renewSelf, "Renew the caller's token."),
			writePath("renew", with(tokenField(), incrementField()), a.renew, "Renew a token."),
			writePath("tidy$", nil, a.tidyTokens, "Remove what is left of tokens that are gone."),
			a.rolePath(),
		},
	}
}

type fields = map[string]*framework.FieldSchema

func field(name string, kind framework.FieldType, description string) fields {
	return fields{name: {Type: kind, Description: description}}
}

func with(base fields, more ...fields) fields {
	for _, m := range more {
		maps.Copy(base, m)
	}
	return base
}

func tokenField() fields {
	return field("token", framework.TypeString, "The token (request body)")
}

func accessorField() fields {
	return field("accessor", framework.TypeString, "Accessor of the token (request body)")
}

func incrementField() fields {
	return fields{"increment": {
		Type: framework.TypeDurationSecond, Default: 0,
		Description: "The desired increment in seconds to the token expiration",
	}}
}

func createFields() fields {
	f := with(fields{},
		field("display_name", framework.TypeString, "Name to associate with this token"),
		field("explicit_max_ttl", framework.TypeString, "Explicit Max TTL of this token"),
		field("entity_alias", framework.TypeString, "Name of the entity alias to associate with this token"),
		field("num_uses", framework.TypeInt, "Max number of uses for this token"),
		field("period", framework.TypeString, "Renew period"),
		field("ttl", framework.TypeString, "Time to live for this token"),
		field("lease", framework.TypeString, "Use 'ttl' instead"),
		field("type", framework.TypeString, "Token type"),
		field("no_default_policy", framework.TypeBool, "Do not include default policy for this token"),
		field("id", framework.TypeString, "Value for the token"),
		field("meta", framework.TypeKVPairs, "Arbitrary key=value metadata to associate with the token"),
		field("no_parent", framework.TypeBool, "Create the token with no parent"),
		field("policies", framework.TypeStringSlice, "List of policies for the token"),
	)
	f["renewable"] = &framework.FieldSchema{
		Type: framework.TypeBool, Default: true,
		Description: "Allow token to be renewed past its initial TTL up to system/mount maximum TTL",
	}
	return f
}

// writePath is a path that is only written; without existence check that is
// always an update.
func writePath(pattern string, f fields, callback framework.OperationFunc, help string) *framework.Path {
	return &framework.Path{
		Pattern: pattern, Fields: f,
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{Callback: callback},
		},
		HelpSynopsis: help,
	}
}

func listPath(pattern string, callback framework.OperationFunc, help string) *framework.Path {
	return &framework.Path{
		Pattern: pattern,
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ListOperation: &framework.PathOperation{Callback: callback},
		},
		HelpSynopsis: help,
	}
}

func lookupPath(pattern string, callback framework.OperationFunc) *framework.Path {
	return &framework.Path{
		Pattern: pattern, Fields: tokenField(),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation:   &framework.PathOperation{Callback: callback},
			logical.UpdateOperation: &framework.PathOperation{Callback: callback},
		},
		HelpSynopsis: "Look up a token: its policies, times and uses.",
	}
}

func (a *Authority) rolePath() *framework.Path {
	f := with(fields{},
		field("role_name", framework.TypeString, "Name of the role"),
		field("allowed_policies", framework.TypeCommaStringSlice, "Policies that tokens of this role may have, whatever the parent has"),
		field("disallowed_policies", framework.TypeCommaStringSlice, "Policies that tokens of this role may not have"),
		field("allowed_policies_glob", framework.TypeCommaStringSlice, "As allowed_policies, with * in names"),
		field("disallowed_policies_glob", framework.TypeCommaStringSlice, "As disallowed_policies, with * in names"),
		field("orphan", framework.TypeBool, "Tokens of this role have no parent"),
		field("period", framework.TypeDurationSecond, "Use 'token_period' instead."),
		field("path_suffix", framework.TypeString, "Is added to the path of the tokens' leases"),
		field("explicit_max_ttl", framework.TypeDurationSecond, "Use 'token_explicit_max_ttl' instead."),
		field("bound_cidrs", framework.TypeCommaStringSlice, "Use 'token_bound_cidrs' instead."),
		field("allowed_entity_aliases", framework.TypeCommaStringSlice, "Entity aliases that may be named at creation, with *"),
	)
	f["renewable"] = &framework.FieldSchema{Type: framework.TypeBool, Default: true, Description: "Tokens of this role can be renewed"}
	tokenutil.AddTokenFieldsWithAllowList(f, []string{
		"token_bound_cidrs", "token_explicit_max_ttl", "token_period", "token_type", "token_no_default_policy", "token_num_uses",
	})
	return &framework.Path{
		Pattern: "roles/" + framework.GenericNameRegex("role_name"),
		Fields:  f,
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation:   &framework.PathOperation{Callback: a.readRole},
			logical.CreateOperation: &framework.PathOperation{Callback: a.writeRole},
			logical.UpdateOperation: &framework.PathOperation{Callback: a.writeRole},
			logical.DeleteOperation: &framework.PathOperation{Callback: a.deleteRole},
		},
		ExistenceCheck: a.roleExists,
		HelpSynopsis:   "Roles bound the tokens that are created with them.",
	}
}
