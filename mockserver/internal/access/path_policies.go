// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/policy"
)

// policyPaths are sys/policies/acl and, from before Vault 0.9, sys/policy.
func (a *Authority) policyPaths() []*framework.Path {
	write := fields{
		"name":   {Type: framework.TypeString, Description: "The name of the policy"},
		"policy": {Type: framework.TypeString, Description: "The rules of the policy, in HCL or JSON"},
		"rules":  {Type: framework.TypeString, Description: "Use 'policy' instead"},
	}
	if a.dialect.PolicyVersions {
		write["cas"] = &framework.FieldSchema{Type: framework.TypeInt, Description: "The version that is replaced; -1 for none"}
		write["cas_required"] = &framework.FieldSchema{Type: framework.TypeBool, Description: "Writes must give cas"}
		write["expiration"] = &framework.FieldSchema{Type: framework.TypeTime, Description: "Not emulated"}
		write["ttl"] = &framework.FieldSchema{Type: framework.TypeDurationSecond, Description: "Not emulated"}
	}
	one := func(pattern string) *framework.Path {
		return &framework.Path{
			Pattern: pattern, Fields: write,
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation:   &framework.PathOperation{Callback: a.readPolicy},
				logical.UpdateOperation: &framework.PathOperation{Callback: a.writePolicy},
				logical.DeleteOperation: &framework.PathOperation{Callback: a.deletePolicy},
			},
			HelpSynopsis: "Read, write or delete a policy.",
		}
	}
	old := listPath("policy/?$", a.listPolicies, "List the policies.")
	old.Operations[logical.ReadOperation] = &framework.PathOperation{Callback: a.listPolicies}
	paths := []*framework.Path{
		old, one("policy/(?P<name>.+)"),
		listPath("policies/acl/?$", a.listPolicies, "List the policies."), one("policies/acl/(?P<name>.+)"),
	}
	if a.dialect.PolicyVersions {
		for _, p := range []*framework.Path{paths[1], paths[3]} {
			p.Operations[logical.ListOperation] = &framework.PathOperation{Callback: a.listPolicies}
		}
	}
	return paths
}

// isOldPolicyPath tells whether a request's answer has the form of sys/policy.
func isOldPolicyPath(req *logical.Request) bool { return strings.HasPrefix(req.Path, "policy") }

func (a *Authority) listPolicies(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	prefix := ""
	if _, ok := d.Schema["name"]; ok {
		prefix = d.Get("name").(string)
	}
	names, err := a.policies.List(ctx, prefix)
	if err != nil {
		return nil, err
	}
	if prefix == "" {
		names = append(names, policy.Root)
	}
	resp := logical.ListResponse(names)
	if isOldPolicyPath(req) {
		resp.Data["policies"] = resp.Data["keys"]
	}
	return resp, nil
}

func (a *Authority) readPolicy(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	stored, err := a.policies.Get(ctx, d.Get("name").(string))
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
	data := map[string]any{"name": stored.Name, text: stored.Raw}
	if a.dialect.PolicyVersions {
		data["version"], data["cas_required"] = stored.Version, stored.CASRequired
		if !stored.Modified.IsZero() {
			data["modified"] = stored.Modified
		}
	}
	return &logical.Response{Data: data}, nil
}

func (a *Authority) writePolicy(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
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
	if err := a.policies.Check(stored.Raw); err != nil {
		return invalidRequest(err)
	}
	cas, err := a.policyVersion(d, &stored)
	if err != nil {
		return nil, err
	}
	if err := a.policies.Put(ctx, stored, cas); err != nil {
		return invalidRequest(err)
	}
	return resp, nil
}

// policyVersion reads the fields that only servers with versioned policies
// have.
func (a *Authority) policyVersion(d *framework.FieldData, stored *policy.Stored) (cas *int, err error) {
	if !a.dialect.PolicyVersions {
		return nil, nil
	}
	for _, name := range []string{"expiration", "ttl"} {
		if _, ok := d.GetOk(name); ok {
			return nil, logical.CodedError(http.StatusNotImplemented,
				fmt.Sprintf("a policy's %q is not emulated by plugproof's mock server: delete the policy when it is over", name))
		}
	}
	stored.CASRequired = d.Get("cas_required").(bool)
	if v, ok := d.GetOk("cas"); ok {
		version := v.(int)
		cas = &version
	}
	return cas, nil
}

func (a *Authority) deletePolicy(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if err := a.policies.Delete(ctx, d.Get("name").(string)); err != nil {
		return invalidRequest(err)
	}
	return nil, nil
}
