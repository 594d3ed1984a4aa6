// SPDX-License-Identifier: MPL-2.0

package rights

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/policy"
)

// policyPaths are sys/policies/acl and, from before Vault 0.9, sys/policy.
func (e *endpoints) policyPaths() []*framework.Path {
	write := fields{
		"name":   {Type: framework.TypeString, Description: "The name of the policy"},
		"policy": {Type: framework.TypeString, Description: "The rules of the policy, in HCL or JSON"},
		"rules":  {Type: framework.TypeString, Description: "Use 'policy' instead"},
	}
	if e.dialect.Policies.Versions {
		write["cas"] = &framework.FieldSchema{Type: framework.TypeInt, Description: "The version that is replaced; -1 for none"}
		write["cas_required"] = &framework.FieldSchema{Type: framework.TypeBool, Description: "Writes must give cas"}
		write["expiration"] = &framework.FieldSchema{Type: framework.TypeTime, Description: "When the policy expires"}
		write["ttl"] = &framework.FieldSchema{Type: framework.TypeDurationSecond, Description: "In how many seconds the policy expires"}
	}
	if e.dialect.Policies.TemplateLimits {
		write[allowSlashes] = &framework.FieldSchema{Type: framework.TypeBool, Description: "Values from identity templates may hold slashes"}
		write[allowWildcards] = &framework.FieldSchema{Type: framework.TypeBool, Description: "Values from identity templates may hold wildcards"}
	}
	one := func(pattern string) *framework.Path {
		return &framework.Path{
			Pattern: pattern, Fields: write,
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation:   &framework.PathOperation{Callback: e.readPolicy},
				logical.UpdateOperation: &framework.PathOperation{Callback: e.writePolicy},
				logical.DeleteOperation: &framework.PathOperation{Callback: e.deletePolicy},
			},
			HelpSynopsis: "Read, write or delete a policy.",
		}
	}
	paths := []*framework.Path{
		path("policy/?$", nil, e.listPolicies, "List the policies.", logical.ListOperation, logical.ReadOperation),
		one("policy/(?P<name>.+)"),
		path("policies/acl/?$", nil, e.listPolicies, "List the policies.", logical.ListOperation),
		one("policies/acl/(?P<name>.+)"),
	}
	if e.dialect.Policies.Detailed {
		paths = append(paths, path("policies/detailed/acl/?$", detailedFields(), e.listDetailed, "List the policies with their content.", logical.ListOperation))
	}
	if e.dialect.Policies.DetailedBelow {
		fields := detailedFields()
		fields["name"] = &framework.FieldSchema{Type: framework.TypeString, Description: "What the names begin with"}
		paths = append(paths, path("policies/detailed/acl/(?P<name>.+)", fields, e.listDetailed, "List the policies with their content.", logical.ListOperation))
	}
	if e.dialect.Policies.Patch {
		paths[3].Operations[logical.PatchOperation] = &framework.PathOperation{Callback: e.patchPolicy}
	}
	if e.dialect.Policies.ListBelow {
		for _, p := range []*framework.Path{paths[1], paths[3]} {
			p.Operations[logical.ListOperation] = &framework.PathOperation{Callback: e.listPolicies}
		}
	}
	return paths
}

// The fields of policies with limits on their templates.
const (
	allowSlashes   = "allow_slashes_in_identity_templates"
	allowWildcards = "allow_wildcards_in_identity_templates"
)

// isOldPolicyPath reports whether a request's answer has the form of sys/policy.
func isOldPolicyPath(req *logical.Request) bool { return strings.HasPrefix(req.Path, "policy") }

func (e *endpoints) listPolicies(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	prefix := ""
	if _, ok := d.Schema["name"]; ok {
		prefix = d.Get("name").(string)
	}
	names, err := e.policies.List(ctx, prefix)
	if err != nil {
		return nil, err
	}
	if prefix == "" && namespace.From(ctx).IsRoot() {
		names = append(names, policy.Root)
	}
	resp := logical.ListResponse(names)
	if isOldPolicyPath(req) {
		resp.Data["policies"] = resp.Data["keys"]
	}
	return resp, nil
}

func (e *endpoints) readPolicy(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	stored, err := e.policies.Get(ctx, d.Get("name").(string))
	if errors.Is(err, policy.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return invalidRequest(err)
	}
	text := "policy"
	if isOldPolicyPath(req) {
		text = "rules"
	}
	return &logical.Response{Data: e.policyData(stored, text)}, nil
}

// policyData returns what is shown of a policy, with its rules in the field text.
func (e *endpoints) policyData(stored policy.Stored, text string) map[string]any {
	data := map[string]any{"name": stored.Name, text: stored.Raw}
	if e.dialect.Policies.Versions {
		data["version"], data["cas_required"] = stored.Version, stored.CASRequired
		if !stored.Modified.IsZero() {
			data["modified"] = stored.Modified
		}
		if !stored.Expiration.IsZero() {
			data["expiration"] = stored.Expiration
		}
	}
	if e.dialect.Policies.TemplateLimits {
		data[allowSlashes], data[allowWildcards] = stored.AllowSlashes, stored.AllowWildcards
	}
	return data
}

// detailedFields are those of detailed lists, of which nobody looks at the value.
func detailedFields() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{"list": {Type: framework.TypeBool, Description: "List ACL policies", Query: true}}
}

// listDetailed lists policies with what reading each would show.
func (e *endpoints) listDetailed(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	resp, err := e.listPolicies(ctx, req, d)
	if err != nil {
		return nil, err
	}
	names, _ := resp.Data["keys"].([]string)
	infos := map[string]any{}
	for _, name := range names {
		stored, err := e.policies.Get(ctx, name)
		if err != nil {
			continue // removed meanwhile
		}
		infos[name] = map[string]any{"name": stored.Name, "policy": stored.Raw}
		if e.dialect.Policies.DetailedBelow {
			infos[name] = e.policyData(stored, "policy")
		}
	}
	return logical.ListResponseWithInfo(names, infos), nil
}

func (e *endpoints) writePolicy(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	var resp *logical.Response
	warn := func(text string) {
		if resp == nil {
			resp = &logical.Response{}
		}
		resp.AddWarning(text)
	}
	name := d.Get("name").(string)
	stored := policy.Stored{Name: strings.ToLower(name), Raw: d.Get("policy").(string)}
	if stored.Name != name {
		warn(fmt.Sprintf("policy name was converted to %s", stored.Name))
	}
	if stored.Raw == "" && isOldPolicyPath(req) {
		stored.Raw = d.Get("rules").(string)
		warn("'rules' is deprecated, please use 'policy' instead")
	}
	if stored.Raw == "" {
		return logical.ErrorResponse("'policy' parameter not supplied or empty"), nil
	}
	if decoded, err := base64.StdEncoding.DecodeString(stored.Raw); err == nil {
		stored.Raw = string(decoded)
	}
	if refused := e.expiration(d, &stored); refused != nil {
		return refused, nil
	}
	if err := e.policies.Check(stored.Raw); err != nil {
		return invalidRequest(err)
	}
	cas := e.policyVersion(d, &stored)
	if err := e.policies.Put(ctx, stored, cas); err != nil {
		return invalidRequest(err)
	}
	return resp, nil
}

// patchPolicy changes the fields that are given and keeps the others
// (handlePoliciesPatch in vault/logical_system.go of OpenBao 2.6.2).
func (e *endpoints) patchPolicy(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	resp := &logical.Response{}
	name := d.Get("name").(string)
	if lower := strings.ToLower(name); lower != name {
		name = lower
		resp.AddWarning(fmt.Sprintf("policy name was converted to %s", name))
	}
	old, err := e.policies.Get(ctx, name)
	if errors.Is(err, policy.ErrNotFound) {
		err := logical.CodedError(http.StatusNotFound, "policy not found")
		return logical.ErrorResponse("%s", err.Error()), err
	}
	if err != nil {
		return invalidRequest(err)
	}
	stored, cas := old, &old.Version
	if text, given := d.GetOk("policy"); given {
		stored.Raw = text.(string)
	}
	if stored.Raw == "" {
		return logical.ErrorResponse("'policy' parameter not supplied or empty"), nil
	}
	if decoded, err := base64.StdEncoding.DecodeString(stored.Raw); err == nil {
		stored.Raw = string(decoded)
	}
	for field, to := range map[string]*bool{
		"cas_required": &stored.CASRequired, allowSlashes: &stored.AllowSlashes, allowWildcards: &stored.AllowWildcards,
	} {
		if value, given := d.GetOk(field); given {
			*to = value.(bool)
		}
	}
	if refused := e.expiration(d, &stored); refused != nil {
		return refused, nil
	}
	if err := e.policies.Check(stored.Raw); err != nil {
		return invalidRequest(err)
	}
	if v, given := d.GetOk("cas"); given {
		version := v.(int)
		cas = &version
	}
	if err := e.policies.Put(ctx, stored, cas); err != nil {
		return invalidRequest(err)
	}
	return resp, nil
}

// expiration reads when the policy is to expire, and returns the refusal of a time
// that makes no sense.
func (e *endpoints) expiration(d *framework.FieldData, stored *policy.Stored) *logical.Response {
	if !e.dialect.Policies.Versions {
		return nil
	}
	at, atGiven := d.GetOk("expiration")
	ttl, ttlGiven := d.GetOk("ttl")
	now := e.authority.Now()
	switch {
	case atGiven && ttlGiven:
		return logical.ErrorResponse("cannot supply both 'expiration' and 'ttl' for policies")
	case atGiven:
		stored.Expiration = at.(time.Time)
	case ttlGiven:
		stored.Expiration = now.Add(time.Duration(ttl.(int)) * time.Second)
	}
	if !stored.Expiration.IsZero() && !now.Before(stored.Expiration) {
		return logical.ErrorResponse("refusing to update policy as expiration time has already elapsed")
	}
	return nil
}

// policyVersion reads the fields that only servers with versioned policies
// have.
func (e *endpoints) policyVersion(d *framework.FieldData, stored *policy.Stored) (cas *int) {
	if !e.dialect.Policies.Versions {
		return nil
	}
	stored.CASRequired = d.Get("cas_required").(bool)
	if e.dialect.Policies.TemplateLimits {
		stored.AllowSlashes, stored.AllowWildcards = d.Get(allowSlashes).(bool), d.Get(allowWildcards).(bool)
	}
	if v, ok := d.GetOk("cas"); ok {
		version := v.(int)
		cas = &version
	}
	return cas
}

func (e *endpoints) deletePolicy(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if err := e.policies.Delete(ctx, d.Get("name").(string)); err != nil {
		return invalidRequest(err)
	}
	return nil, nil
}
