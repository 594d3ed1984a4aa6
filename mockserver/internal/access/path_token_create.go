// SPDX-License-Identifier: MPL-2.0

package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/go-secure-stdlib/strutil"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/builtin/identity"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/policy"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

func (a *Authority) createOrphan(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return a.create(ctx, req, d, true, nil)
}

func (a *Authority) createChild(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return a.create(ctx, req, d, false, nil)
}

func (a *Authority) createWithRole(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("role_name").(string)
	role, err := a.tokens.Role(ctx, name)
	if errors.Is(err, token.ErrNotFound) {
		return logical.ErrorResponse("unknown role %s", name), nil
	}
	if err != nil {
		return nil, err
	}
	return a.create(ctx, req, d, false, role)
}

// creation is one request for a token.
type creation struct {
	req    *logical.Request
	data   *framework.FieldData
	parent *token.Entry
	// sudo: the caller has root privileges on the request's path.
	sudo bool
	// role may be nil.
	role   *token.Role
	orphan bool
	// abroad: the parent is of another namespace.
	abroad bool

	te        logical.TokenEntry
	renewable bool
	// period and explicitMax are what counts, of the request and the role.
	period, explicitMax time.Duration
	resp                *logical.Response
}

func (c *creation) text(name string) string { return c.data.Get(name).(string) }

// refuse is the caller's fault: a 400 whether or not an error comes with the
// response.
func refuse(format string, args ...any) error {
	return errRefused{resp: logical.ErrorResponse(format, args...)}
}

// forbid is refuse for what the caller has no right to.
func forbid(format string, args ...any) error {
	return errRefused{resp: logical.ErrorResponse(format, args...), cause: logical.ErrPermissionDenied}
}

// create makes a token. The steps and their order are Vault's: each may refuse
// for a reason that the next ones rely on.
func (a *Authority) create(ctx context.Context, req *logical.Request, d *framework.FieldData, orphan bool, role *token.Role) (*logical.Response, error) {
	parent, err := a.tokens.Lookup(ctx, CallerID(req))
	if errors.Is(err, token.ErrNotFound) {
		return logical.ErrorResponse("parent token lookup failed: no parent found"), logical.ErrInvalidRequest
	}
	if err != nil {
		return nil, fmt.Errorf("parent token lookup failed: %w", err)
	}
	c := &creation{req: req, data: d, parent: parent, role: role, orphan: orphan, resp: &logical.Response{}}
	if c.sudo, err = a.callerHasSudo(ctx, req); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context, *creation) error{
		a.createWhere, a.createKind, a.createEntity, a.createNames, a.createPolicies, a.createParent, a.createTimes, a.createStored,
	} {
		err := step(ctx, c)
		if refused, is := Refusal(err); is {
			return refused, cmp.Or(errors.Unwrap(err), logical.ErrInvalidRequest)
		}
		if err != nil {
			return nil, err
		}
	}
	return c.resp, nil
}

// createWhere refuses parents that may have no children, and children in another
// namespace than the parent's that the parent may not make there.
func (a *Authority) createWhere(ctx context.Context, c *creation) error {
	switch {
	case c.parent.Batch():
		return refuse("batch tokens cannot create more tokens")
	case c.parent.NumUses < 0:
		return refuse("parent token lookup failed: no parent found")
	case c.parent.NumUses > 0:
		// Or it would escape its own restriction.
		return refuse("restricted use token cannot generate child tokens")
	}
	c.abroad = namespace.From(ctx).ID != namespaceOf(c.parent)
	switch {
	case !c.abroad:
		return nil
	case !c.sudo:
		return refuse("root or sudo privileges required to directly generate a token in a child namespace")
	case slices.Contains(c.data.Get("policies").([]string), policy.Root):
		return refuse("root tokens may not be created from a parent namespace")
	}
	return nil
}

// createKind decides between service and batch.
func (a *Authority) createKind(_ context.Context, c *creation) error {
	kind := c.text("type")
	if c.role != nil {
		switch c.role.TokenType {
		case logical.TokenTypeDefaultBatch:
			if kind == "" {
				kind = "batch"
			}
		case logical.TokenTypeService, logical.TokenTypeBatch:
			kind = c.role.TokenType.String()
		}
	}
	c.renewable = c.data.Get("renewable").(bool)
	c.te.NumUses = c.data.Get("num_uses").(int)
	switch kind {
	case "", "service":
		c.te.Type = logical.TokenTypeService
	case "batch":
		c.te.Type, c.renewable = logical.TokenTypeBatch, false
		if err := c.checkBatch(); err != nil {
			return err
		}
	default:
		return refuse("invalid 'token_type' value")
	}
	if c.te.NumUses < 0 {
		return refuse("number of uses cannot be negative")
	}
	return nil
}

// checkBatch refuses what a batch token can't have.
func (c *creation) checkBatch() error {
	for _, name := range []string{"explicit_max_ttl", "num_uses", "period"} {
		set := c.te.NumUses != 0
		if name != "num_uses" {
			ttl, err := parseutil.ParseDurationSecond(c.text(name))
			if err != nil {
				return refuse("'%s' value could not be parsed", name)
			}
			set = ttl != 0
		}
		if set {
			return refuse("batch tokens cannot have %q set", name)
		}
	}
	return nil
}

// createEntity is for roles that let the caller name an entity's alias.
func (a *Authority) createEntity(ctx context.Context, c *creation) error {
	name := c.text("entity_alias")
	if name == "" {
		return nil
	}
	if c.role == nil {
		return refuse("'entity_alias' is only allowed in combination with token role")
	}
	lower := strings.ToLower(name)
	if !slices.Contains(c.role.AllowedEntityAliases, lower) && !strutil.StrListContainsGlob(c.role.AllowedEntityAliases, lower) {
		return refuse("invalid 'entity_alias' value")
	}
	m, err := a.mount(ctx, "auth/token/"+c.req.Path)
	if err != nil {
		return err
	}
	entity, _, err := a.entities.ForAlias(ctx, identity.Alias{Name: name, MountAccessor: m.Accessor, MountType: m.Type, MountPath: m.Path})
	if err != nil {
		return err
	}
	if entity.Disabled {
		return forbid("entity from given entity alias is disabled")
	}
	c.te.EntityID = entity.ID
	return nil
}

// createNames sets how the token and its lease are called.
func (a *Authority) createNames(ctx context.Context, c *creation) error {
	c.te.Path, c.te.DisplayName = "auth/token/"+c.req.Path, "token"
	c.te.CreationTime = a.clock.Now().Unix()
	if meta, ok := c.data.GetOk("meta"); ok {
		c.te.Meta = meta.(map[string]string)
	}
	if role := c.role; role != nil {
		c.te.Role = role.Name
		c.renewable = c.renewable && role.Renewable
		if role.TokenNumUses != 0 && (c.te.NumUses == 0 || role.TokenNumUses < c.te.NumUses) {
			c.te.NumUses = role.TokenNumUses
		}
		if role.PathSuffix != "" {
			c.te.Path += "/" + role.PathSuffix
		}
	}
	if name := c.text("display_name"); name != "" {
		c.te.DisplayName = strings.TrimSuffix(notInNames.ReplaceAllString("token-"+name, "-"), "-")
	}
	if id := c.text("id"); id != "" {
		if !c.sudo {
			return refuse("root or sudo privileges required to specify token id")
		}
		if !namespace.From(ctx).IsRoot() {
			return refuse("token IDs can only be manually specified in the root namespace")
		}
		c.te.ID = id
	}
	return nil
}

// notInNames is what a display name may not contain.
var notInNames = regexp.MustCompile("[^a-zA-Z0-9-]")

// createParent decides whether the token has a parent, and what comes with it.
func (a *Authority) createParent(_ context.Context, c *creation) error {
	orphan := c.orphan
	switch {
	case c.role != nil:
		orphan = c.role.Orphan
		c.te.BoundCIDRs = c.role.TokenBoundCIDRs
	case c.data.Get("no_parent").(bool):
		if !c.sudo {
			return refuse("root or sudo privileges required to create orphan token")
		}
		orphan = true
	}
	if orphan {
		return nil
	}
	c.te.Parent = c.parent.Key
	if c.te.EntityID == "" {
		c.te.EntityID = c.parent.EntityID
	}
	if c.role == nil {
		c.te.BoundCIDRs = c.parent.BoundCIDRs
	}
	return nil
}

// createStored stores the token. Its lease follows in Answer.
func (a *Authority) createStored(ctx context.Context, c *creation) error {
	if c.te.ID != "" {
		c.resp.AddWarning("Supplying a custom ID for the token uses the weaker SHA1 hashing instead of the more secure SHA2-256 HMAC for token obfuscation. SHA1 hashed tokens on the wire leads to less secure lookups.")
	}
	e, err := a.tokens.Create(ctx, c.te)
	if err != nil {
		return refuse("%s", err)
	}
	// Whoever revokes the parent closes it before looking for children, so
	// either they find this one or this finds the parent closed.
	if e.Parent != "" && !e.Batch() {
		closed, err := a.isClosed(ctx, e.Parent)
		if closed {
			return errors.Join(refuse("parent token not found"), a.endToken(ctx, e))
		}
		if err != nil {
			return err
		}
	}
	c.resp.Auth = &logical.Auth{
		NumUses: e.NumUses, DisplayName: e.DisplayName, Policies: e.Policies, Metadata: e.Meta,
		LeaseOptions: logical.LeaseOptions{TTL: e.TTL, Renewable: c.renewable},
		ClientToken:  e.ID, Accessor: e.Accessor, EntityID: e.EntityID,
		Period: c.period, ExplicitMaxTTL: c.explicitMax, CreationPath: e.Path,
		TokenType: e.Type, Orphan: e.Parent == "",
	}
	for _, name := range e.Policies {
		_, err := a.policies.Get(ctx, name)
		switch {
		case errors.Is(err, policy.ErrNotFound):
			c.resp.AddWarning(fmt.Sprintf("Policy %q does not exist", name))
		case err != nil:
			return refuse("could not look up policy %s", name)
		}
	}
	return nil
}
