// SPDX-License-Identifier: MPL-2.0

package probe

import (
	"context"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

func (b *backend) pathLogin() *framework.Path {
	return &framework.Path{
		Pattern: `login`,
		Fields: map[string]*framework.FieldSchema{
			"user":     {Type: framework.TypeString, Description: "Who logs in; anybody may."},
			"policies": {Type: framework.TypeCommaStringSlice, Description: "Policies that the token gets."},
			"groups":   {Type: framework.TypeCommaStringSlice, Description: "What the mount calls the groups of who logs in."},
			"ttl":      {Type: framework.TypeDurationSecond, Description: "How long the token lives; the mount's default when it is not given."},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{Callback: login},
		},
		HelpSynopsis:    "Log in without any proof.",
		HelpDescription: "Without `user` the login is denied.",
	}
}

func login(_ context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	user := d.Get("user").(string)
	if user == "" {
		return nil, logical.ErrPermissionDenied
	}
	var groups []*logical.Alias
	for _, name := range d.Get("groups").([]string) {
		groups = append(groups, &logical.Alias{Name: name})
	}
	return &logical.Response{Auth: &logical.Auth{
		DisplayName:  user,
		Alias:        &logical.Alias{Name: user},
		GroupAliases: groups,
		Metadata:     map[string]string{"user": user},
		Policies:     d.Get("policies").([]string),
		LeaseOptions: logical.LeaseOptions{
			TTL:       time.Duration(d.Get("ttl").(int)) * time.Second,
			Renewable: true,
		},
	}}, nil
}

func renewLogin(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return &logical.Response{Auth: req.Auth}, nil
}
