// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/quota"
)

// quotaPaths are sys/quotas: limits of how many requests a client may send
// (vault/logical_system_quotas.go).
func (b *backend) quotaPaths() []*framework.Path {
	rule := map[string]*framework.FieldSchema{
		"type":           field(framework.TypeString, "Type of the quota rule."),
		"name":           field(framework.TypeString, "Name of the quota rule."),
		"path":           field(framework.TypeString, "Path of the mount or namespace to apply the quota. A blank path configures a global quota."),
		"role":           field(framework.TypeString, "Login role to apply this quota to."),
		"rate":           field(framework.TypeFloat, "The maximum number of requests in a given interval to be allowed by the quota rule."),
		"interval":       field(framework.TypeDurationSecond, "The duration to enforce rate limiting for (default '1s')."),
		"block_interval": field(framework.TypeDurationSecond, "If set, how long a client that reaches the limit is prohibited from any further requests."),
	}
	if b.dialect.State.QuotasInherited {
		rule["inheritable"] = field(framework.TypeBool, "If set to true, child namespaces will use this quota.")
	}
	return []*framework.Path{
		path("quotas/config$", "Create, update and read the quota configuration.", map[string]*framework.FieldSchema{
			"rate_limit_exempt_paths":            field(framework.TypeStringSlice, "Specifies the list of exempt paths from all rate limit quotas. If empty no paths will be exempt."),
			"enable_rate_limit_audit_logging":    field(framework.TypeBool, "If set, starts audit logging of requests that get rejected due to rate limit quota rule violations."),
			"enable_rate_limit_response_headers": field(framework.TypeBool, "If set, additional rate limit quota HTTP headers will be added to responses."),
		}, operations{logical.UpdateOperation: b.writeQuotaConfig, logical.ReadOperation: b.readQuotaConfig}),
		path("quotas/rate-limit/?$", "Lists the names of all the rate limit quotas.", nil, operations{logical.ListOperation: b.listQuotas}),
		path("quotas/rate-limit/"+framework.GenericNameRegex("name"), "Get, create or update rate limit resource quota for an optional namespace or mount.", rule, operations{
			logical.UpdateOperation: b.writeQuota, logical.ReadOperation: b.readQuota, logical.DeleteOperation: b.deleteQuota,
		}),
	}
}

func (b *backend) writeQuotaConfig(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return nil, b.core.Quotas().SetConfig(ctx, quota.Config{
		AuditLogging: d.Get("enable_rate_limit_audit_logging").(bool), ResponseHeaders: d.Get("enable_rate_limit_response_headers").(bool),
		ExemptPaths: d.Get("rate_limit_exempt_paths").([]string),
	})
}

func (b *backend) readQuotaConfig(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	config := b.core.Quotas().Config()
	return &logical.Response{Data: map[string]any{
		"enable_rate_limit_audit_logging": config.AuditLogging, "enable_rate_limit_response_headers": config.ResponseHeaders,
		"rate_limit_exempt_paths": config.ExemptPaths,
	}}, nil
}

func (b *backend) listQuotas(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	return logical.ListResponse(b.core.Quotas().Names()), nil
}

func (b *backend) readQuota(_ context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	r, err := b.core.Quotas().Get(d.Get("name").(string))
	if errors.Is(err, quota.ErrNotFound) {
		return nil, nil // 404
	}
	data := map[string]any{
		"type": "rate-limit", "name": r.Name, "path": r.Path(), "role": r.Role, "rate": r.Rate,
		"interval": int(r.Interval.Seconds()), "block_interval": int(r.Block.Seconds()),
	}
	if b.dialect.State.QuotasInherited {
		data["inheritable"] = r.Inheritable
	}
	return &logical.Response{Data: data}, err
}

func (b *backend) deleteQuota(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return nil, b.core.Quotas().Delete(ctx, d.Get("name").(string))
}

func (b *backend) writeQuota(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	r := quota.Rule{
		Name: d.Get("name").(string), Role: d.Get("role").(string), Rate: d.Get("rate").(float64),
		Interval: time.Second * time.Duration(d.Get("interval").(int)), Block: time.Second * time.Duration(d.Get("block_interval").(int)),
	}
	if r.Rate <= 0 {
		return logical.ErrorResponse("'rate' is invalid"), nil
	}
	if r.Interval == 0 {
		r.Interval = time.Second
	}
	ns, refused := b.placeQuota(ctx, &r, strings.TrimPrefix(strings.TrimSuffix(d.Get("path").(string), "/")+"/", "/"))
	if refused == nil && r.Role != "" {
		refused = b.checkQuotaRole(namespace.With(ctx, ns), r)
	}
	if refused != nil {
		return refused, nil
	}
	if same := b.core.Quotas().Same(r); same != "" && same != r.Name {
		return logical.ErrorResponse("quota rule with similar properties exists under the name %q", same), nil
	}
	if b.dialect.State.QuotasInherited {
		inheritable, given := d.GetOk("inheritable")
		r.Inheritable = !given && r.Namespace == "" && r.Mount == "" || given && inheritable.(bool)
	}
	return nil, b.core.Quotas().Put(ctx, r)
}

// placeQuota sets what a rule is about, from a path with a slash at its end. The response
// is not nil when there is nothing of it.
func (b *backend) placeQuota(ctx context.Context, r *quota.Rule, path string) (*namespace.Namespace, *logical.Response) {
	ns, rest := b.core.Namespaces().Longest(path)
	r.Namespace = ns.Path
	if rest == "" {
		return ns, nil
	}
	route, err := b.core.MountOf(namespace.With(ctx, ns), rest)
	if err != nil {
		return ns, logical.ErrorResponse("invalid mount path %q", rest)
	}
	r.Mount = strings.TrimPrefix(route.Entry().TablePath(), ns.Path)
	r.Suffix = strings.TrimSuffix(strings.TrimPrefix(rest, r.Mount), "/")
	return ns, nil
}

// checkQuotaRole refuses a rule about a role of what has none: it asks the auth method for
// the role of a login with nothing in it.
func (b *backend) checkQuotaRole(ctx context.Context, r quota.Rule) *logical.Response {
	if r.Suffix != "" {
		return logical.ErrorResponse("Quotas cannot contain both a path suffix and a role. If a role is provided, path must be a valid auth mount with a concept of roles")
	}
	route, err := b.core.MountOf(ctx, r.Mount)
	if r.Mount == "" || err != nil || !route.Entry().Auth {
		return logical.ErrorResponse("Mount path %q is not a valid auth method and therefore unsuitable for use with role-based quotas", r.Mount)
	}
	if _, err := b.core.ResolveRole(ctx, r.Mount, nil); errors.Is(err, logical.ErrUnsupportedOperation) || errors.Is(err, logical.ErrUnsupportedPath) {
		return logical.ErrorResponse("Mount path %q does not support use with role-based quotas", r.Mount)
	}
	return nil
}
