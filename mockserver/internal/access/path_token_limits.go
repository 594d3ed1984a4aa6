// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/go-secure-stdlib/strutil"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/policyutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/policy"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

// createPolicies decides which policies the token gets: those that a role
// allows, else those asked for as far as the parent has them or sudo is given,
// else the parent's.
func (a *Authority) createPolicies(_ context.Context, c *creation) error {
	wanted := c.data.Get("policies").([]string)
	refused := c.data.Get("no_default_policy").(bool)
	addDefault := false
	switch {
	case c.role != nil && c.role.RestrictsPolicies():
		var err error
		if wanted, err = policiesOfRole(c.role, wanted, c.parent.Policies, refused); err != nil {
			return err
		}
	case c.abroad: // the parent's policies are those of another namespace
		addDefault = !refused
	case len(wanted) == 0:
		wanted = c.parent.Policies
	case c.sudo:
		addDefault = !refused
	default:
		if !strutil.StrListSubset(sanitized(c.parent.Policies, false), sanitized(wanted, false)) {
			return refuse("child policies must be subset of parent")
		}
		addDefault = !refused && slices.Contains(c.parent.Policies, policy.Default)
	}
	c.te.Policies = sanitized(wanted, addDefault)
	if refused {
		c.te.Policies = strutil.StrListDelete(c.te.Policies, policy.Default)
	}
	switch {
	case slices.Contains(c.te.Policies, policy.Wrapping):
		return refuse("cannot assign policy %q", policy.Wrapping)
	case !slices.Contains(c.te.Policies, policy.Root):
		return nil
	case !slices.Contains(c.parent.Policies, policy.Root):
		return refuse("root tokens may not be created without parent token being root")
	case c.te.Type == logical.TokenTypeBatch:
		return refuse("batch tokens cannot be root tokens")
	}
	return nil
}

// sanitized is a copy, since the SDK's function changes its argument.
func sanitized(policies []string, addDefault bool) []string {
	return policyutil.SanitizePolicies(slices.Clone(policies), addDefault)
}

// policiesOfRole applies a role's lists, which count instead of the parent's
// policies.
func policiesOfRole(role *token.Role, wanted, parents []string, refused bool) ([]string, error) {
	addDefault := !refused && !role.TokenNoDefaultPolicy &&
		!slices.Contains(role.DisallowedPolicies, policy.Default) &&
		!strutil.StrListContainsGlob(role.DisallowedPoliciesGlob, policy.Default)
	var final []string
	if len(wanted) > 0 {
		final = sanitized(wanted, addDefault)
	}
	if len(role.AllowedPolicies) > 0 || len(role.AllowedPoliciesGlob) > 0 {
		allowed := sanitized(role.AllowedPolicies, addDefault)
		globs := sanitized(role.AllowedPoliciesGlob, false)
		if len(final) == 0 {
			final = allowed
		}
		for _, name := range final {
			if !slices.Contains(allowed, name) && !strutil.StrListContainsGlob(globs, name) {
				return nil, refuse("token policies (%q) must be subset of the role's allowed policies (%q) or glob policies (%q)", final, allowed, globs)
			}
		}
	} else if len(final) == 0 {
		final = sanitized(parents, addDefault)
	}
	disallowed := strutil.RemoveDuplicates(slices.Clone(role.DisallowedPolicies), true)
	globs := strutil.RemoveDuplicates(slices.Clone(role.DisallowedPoliciesGlob), true)
	for _, name := range final {
		if slices.Contains(disallowed, name) || strutil.StrListContainsGlob(globs, name) {
			return nil, refuse("token policy %q is disallowed by this role", name)
		}
	}
	return final, nil
}

// createTimes decides how long the token lives.
func (a *Authority) createTimes(ctx context.Context, c *creation) error {
	if err := c.readTimes(); err != nil {
		return err
	}
	root := slices.Contains(c.te.Policies, policy.Root)
	// Root tokens live for ever unless the caller wants an end.
	if c.period > 0 || c.te.TTL > 0 || !root {
		m, err := a.mount(ctx, "auth/token/"+c.req.Path)
		if err != nil {
			return err
		}
		ttl, warnings, err := framework.CalculateTTL(m.ttls(), 0, c.te.TTL, c.period, 0, c.explicitMax, a.clock.System(time.Unix(c.te.CreationTime, 0)))
		if err != nil {
			return err
		}
		for _, warning := range warnings {
			c.resp.AddWarning(warning)
		}
		c.te.TTL = ttl
	}
	if c.te.TTL == 0 {
		c.te.TTL = c.explicitMax
	}
	if c.te.TTL == 0 {
		if c.parent.TTL != 0 {
			return refuse("expiring root tokens cannot create non-expiring root tokens")
		}
		c.renewable, c.te.BoundCIDRs = false, nil
	}
	return nil
}

// readTimes parses the request's times and unites them with the role's.
func (c *creation) readTimes() error {
	var err error
	if c.te.ExplicitMaxTTL, err = c.duration("explicit_max_ttl"); err != nil {
		return err
	}
	if c.te.Period, err = c.duration("period"); err != nil {
		return err
	}
	if c.te.Period > 0 && !c.sudo {
		return refuse("root or sudo privileges required to create periodic token")
	}
	name := "ttl"
	if c.text(name) == "" {
		name = "lease"
	}
	if c.te.TTL, err = c.duration(name); err != nil {
		return err
	}
	c.explicitMax, c.period = c.te.ExplicitMaxTTL, c.te.Period
	if c.role != nil && c.te.Type != logical.TokenTypeBatch {
		c.explicitMax = c.lesser("Explicit max TTL", c.explicitMax, c.role.TokenExplicitMaxTTL)
		c.period = c.lesser("Period", c.period, c.role.TokenPeriod)
	}
	return nil
}

func (c *creation) duration(name string) (time.Duration, error) {
	d, err := parseutil.ParseDurationSecond(c.text(name))
	if err != nil {
		return 0, refuse("%s", err)
	}
	if d < 0 {
		return 0, refuse("%s must be positive", name)
	}
	return d, nil
}

// lesser is the lesser of what the call and the role say, with a warning if
// both say something.
func (c *creation) lesser(what string, call, role time.Duration) time.Duration {
	switch {
	case role == 0:
		return call
	case call == 0:
		return role
	}
	least := min(call, role)
	c.resp.AddWarning(fmt.Sprintf("%s specified both during creation call and in role; using the lesser value of %d seconds", what, int64(least.Seconds())))
	return least
}
