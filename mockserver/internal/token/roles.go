// SPDX-License-Identifier: MPL-2.0

package token

import (
	"context"
	"time"

	"github.com/hashicorp/go-sockaddr"
	"github.com/hashicorp/vault/sdk/helper/tokenutil"
)

// Role bounds the tokens that are created with auth/token/create/:role.
type Role struct {
	tokenutil.TokenParams

	Name                   string   `json:"name"`
	AllowedPolicies        []string `json:"allowed_policies"`
	DisallowedPolicies     []string `json:"disallowed_policies"`
	AllowedPoliciesGlob    []string `json:"allowed_policies_glob"`
	DisallowedPoliciesGlob []string `json:"disallowed_policies_glob"`
	AllowedEntityAliases   []string `json:"allowed_entity_aliases"`
	Orphan                 bool     `json:"orphan"`
	Renewable              bool     `json:"renewable"`
	PathSuffix             string   `json:"path_suffix"`

	// The fields before Vault 1.2, kept apart so that a read shows what was
	// written; TokenParams has what counts.
	Period         time.Duration                 `json:"period"`
	ExplicitMaxTTL time.Duration                 `json:"explicit_max_ttl"`
	BoundCIDRs     []*sockaddr.SockAddrMarshaler `json:"bound_cidrs"`
}

// RestrictsPolicies reports whether the role itself says which policies its
// tokens may have, instead of the parent.
func (r *Role) RestrictsPolicies() bool {
	return len(r.AllowedPolicies)+len(r.DisallowedPolicies)+len(r.AllowedPoliciesGlob)+len(r.DisallowedPoliciesGlob) > 0
}

// Role returns the role, or ErrNotFound.
func (s *Store) Role(ctx context.Context, name string) (*Role, error) {
	role := &Role{}
	found, err := get(ctx, s.roles, name, role)
	if err == nil && !found {
		err = ErrNotFound
	}
	return role, err
}

// PutRole writes a role under its name.
func (s *Store) PutRole(ctx context.Context, role *Role) error {
	return put(ctx, s.roles, role.Name, role)
}

// DeleteRole removes a role, if it exists.
func (s *Store) DeleteRole(ctx context.Context, name string) error {
	return s.roles.Delete(ctx, name)
}

// Roles lists the names of the roles.
func (s *Store) Roles(ctx context.Context) ([]string, error) {
	return s.roles.List(ctx, "")
}
