// SPDX-License-Identifier: MPL-2.0

package jwt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/go-sockaddr"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/tokenutil"
	"github.com/hashicorp/vault/sdk/logical"
)

const (
	rolePrefix = "role/"

	// How the values of bound_claims are compared.
	claimsString = "string"
	claimsGlob   = "glob"

	// roleMetadata is the metadata key that holds the role's name. A claim
	// mapping may not overwrite it.
	roleMetadata = "role"
)

// errRoleNotFound reports that the mount has no role of a name.
var errRoleNotFound = errors.New("role not found")

// role is a stored role. A leeway of zero stands for the default (150 seconds
// for expiration and not-before, 60 for clock skew), a negative one for none,
// both in cap and in the API documentation.
type role struct {
	tokenutil.TokenParams

	ExpirationLeeway time.Duration `json:"expiration_leeway"`
	NotBeforeLeeway  time.Duration `json:"not_before_leeway"`
	ClockSkewLeeway  time.Duration `json:"clock_skew_leeway"`

	BoundAudiences       []string          `json:"bound_audiences"`
	BoundSubject         string            `json:"bound_subject"`
	BoundClaimsType      string            `json:"bound_claims_type"`
	BoundClaims          map[string]any    `json:"bound_claims"`
	ClaimMappings        map[string]string `json:"claim_mappings"`
	UserClaim            string            `json:"user_claim"`
	UserClaimJSONPointer bool              `json:"user_claim_json_pointer"`
	GroupsClaim          string            `json:"groups_claim"`

	// Deprecated names of token fields. A role that was written with them is
	// read with them.
	Policies   []string                      `json:"policies"`
	NumUses    int                           `json:"num_uses"`
	TTL        time.Duration                 `json:"ttl"`
	MaxTTL     time.Duration                 `json:"max_ttl"`
	Period     time.Duration                 `json:"period"`
	BoundCIDRs []*sockaddr.SockAddrMarshaler `json:"bound_cidrs"`
}

// loadRole returns the role of that name: errRoleNotFound if there is none.
func loadRole(ctx context.Context, storage logical.Storage, name string) (*role, error) {
	entry, err := storage.Get(ctx, rolePrefix+name)
	if err != nil {
		return nil, err
	}
	if entry == nil {
		return nil, errRoleNotFound
	}
	r := &role{}
	if err := entry.DecodeJSON(r); err != nil {
		return nil, fmt.Errorf("decode role %q: %w", name, err)
	}
	return r, nil
}

// update sets the fields that the request gives and keeps the others. Its errors
// are written for the caller.
func (r *role) update(req *logical.Request, d *framework.FieldData) error {
	if err := r.updateToken(req, d); err != nil {
		return err
	}
	for field, leeway := range map[string]*time.Duration{
		"expiration_leeway": &r.ExpirationLeeway,
		"not_before_leeway": &r.NotBeforeLeeway,
		"clock_skew_leeway": &r.ClockSkewLeeway,
	} {
		if seconds, ok := d.GetOk(field); ok {
			*leeway = time.Duration(seconds.(int)) * time.Second
		}
	}
	for field, text := range map[string]*string{
		"bound_subject": &r.BoundSubject,
		"user_claim":    &r.UserClaim,
		"groups_claim":  &r.GroupsClaim,
	} {
		if value, ok := d.GetOk(field); ok {
			*text = value.(string)
		}
	}
	if audiences, ok := d.GetOk("bound_audiences"); ok {
		r.BoundAudiences = audiences.([]string)
	}
	if pointer, ok := d.GetOk("user_claim_json_pointer"); ok {
		r.UserClaimJSONPointer = pointer.(bool)
	}
	// As in the original, an update that does not give the type resets it.
	r.BoundClaimsType = d.Get("bound_claims_type").(string)
	if claims, ok := d.GetOk("bound_claims"); ok {
		r.BoundClaims = claims.(map[string]any)
	}
	if mappings, ok := d.GetOk("claim_mappings"); ok {
		r.ClaimMappings = mappings.(map[string]string)
	}
	return nil
}

// updateToken sets the token fields. A deprecated name sets the token_ field that
// replaced it, unless the request gives both.
func (r *role) updateToken(req *logical.Request, d *framework.FieldData) error {
	if err := r.ParseTokenFields(req, d); err != nil {
		return err
	}
	for _, field := range []struct {
		name                string
		deprecated, current any
	}{
		{"policies", &r.Policies, &r.TokenPolicies},
		{"bound_cidrs", &r.BoundCIDRs, &r.TokenBoundCIDRs},
		{"num_uses", &r.NumUses, &r.TokenNumUses},
		{"ttl", &r.TTL, &r.TokenTTL},
		{"max_ttl", &r.MaxTTL, &r.TokenMaxTTL},
		{"period", &r.Period, &r.TokenPeriod},
	} {
		if err := tokenutil.UpgradeValue(d, field.name, "token_"+field.name, field.deprecated, field.current); err != nil {
			return err
		}
	}
	return nil
}

// validate returns an error, written for the caller, if the role may not be
// stored. Among the rules of the API documentation: user_claim is required, and
// at least one of bound_audiences, bound_subject, bound_claims and
// token_bound_cidrs.
func (r *role) validate(system logical.SystemView) error {
	if r.TokenPeriod > system.MaxLeaseTTL() {
		return fmt.Errorf("'period' of '%q' is greater than the backend's maximum lease TTL of '%q'", r.TokenPeriod, system.MaxLeaseTTL())
	}
	if err := r.validateClaims(); err != nil {
		return err
	}
	if r.UserClaim == "" {
		return errors.New("a user claim must be defined on the role")
	}
	if len(r.BoundAudiences) == 0 && len(r.TokenBoundCIDRs) == 0 && r.BoundSubject == "" && len(r.BoundClaims) == 0 {
		return errors.New("must have at least one bound constraint when creating/updating a role")
	}
	if r.TokenMaxTTL > 0 && r.TokenTTL > r.TokenMaxTTL {
		return errors.New("ttl should not be greater than max ttl")
	}
	return nil
}

// validateClaims checks bound_claims against bound_claims_type, and that claim
// mappings write different metadata keys.
func (r *role) validateClaims() error {
	switch r.BoundClaimsType {
	case claimsString:
	case claimsGlob:
		for _, bound := range r.BoundClaims {
			values, ok := asList(bound)
			if !ok {
				return fmt.Errorf("claim is not a string or list: %v", bound)
			}
			for _, value := range values {
				if _, ok := value.(string); !ok {
					return fmt.Errorf("claim is not a string: %v", value)
				}
			}
		}
	default:
		return fmt.Errorf("invalid 'bound_claims_type': %s", r.BoundClaimsType)
	}
	targets := make(map[string]bool)
	for _, target := range r.ClaimMappings {
		if target == roleMetadata {
			return fmt.Errorf("metadata key %q is reserved and may not be a mapping destination", target)
		}
		if targets[target] {
			return fmt.Errorf("multiple keys are mapped to metadata key %q", target)
		}
		targets[target] = true
	}
	return nil
}
