// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/cidrutil"
	"github.com/hashicorp/vault/sdk/logical"
)

// method returns an auth method that does nothing wrong.
func method() *framework.Backend {
	return &framework.Backend{
		BackendType:  logical.TypeCredential,
		Help:         "Lets users of an imaginary directory log in.",
		PathsSpecial: &logical.Paths{Unauthenticated: []string{"login"}, SealWrapStorage: []string{"config"}},
		AuthRenew: func(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
			user, err := load(ctx, req.Storage, "user/"+fmt.Sprint(req.Auth.InternalData["name"]))
			if err != nil || user == nil {
				return logical.ErrorResponse("the user is gone"), err
			}
			return &logical.Response{Auth: req.Auth}, nil
		},
		Paths: append([]*framework.Path{
			configPath(), listPath("user"), notePath(),
			stored("user/"+framework.GenericNameRegex("name"), "user", "Manages the users.", []string{"password"}, map[string]*framework.FieldSchema{
				"name":     {Type: framework.TypeString, Description: "Name of the user."},
				"password": {Type: framework.TypeString, Description: "Password of the user.", DisplayAttrs: &framework.DisplayAttributes{Sensitive: true}},
				"policies": {Type: framework.TypeCommaStringSlice, Description: "Policies of the user's tokens."},
				"ttl":      {Type: framework.TypeDurationSecond, Description: "Time to live of the user's tokens."},
				"max_ttl":  {Type: framework.TypeDurationSecond, Description: "Longest time to live of the user's tokens."},

				"token_period":      {Type: framework.TypeDurationSecond, Description: "How long they live when they are renewed, for ever."},
				"token_num_uses":    {Type: framework.TypeInt, Description: "How often the user's tokens can be used."},
				"token_bound_cidrs": {Type: framework.TypeCommaStringSlice, Description: "Where they can be used."},
			}),
			{
				Pattern: "login$", HelpSynopsis: "Logs a user in.", HelpDescription: "Returns a token with the user's policies.",
				Fields: map[string]*framework.FieldSchema{
					"name":     {Type: framework.TypeString, Description: "Name of the user."},
					"password": {Type: framework.TypeString, Description: "Password of the user.", DisplayAttrs: &framework.DisplayAttributes{Sensitive: true}},
				},
				Operations: map[logical.Operation]framework.OperationHandler{
					logical.UpdateOperation: &framework.PathOperation{Callback: login, Summary: "Log in."},
				},
			},
		}, keyPaths()...),
	}
}

func login(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	name, password := data.Get("name").(string), data.Get("password").(string)
	user, err := load(ctx, req.Storage, "user/"+name)
	if err != nil {
		return nil, err
	}
	if user == nil || subtle.ConstantTimeCompare([]byte(fmt.Sprint(user["password"])), []byte(password)) != 1 {
		return logical.ErrorResponse("wrong name or password"), nil
	}
	config, err := load(ctx, req.Storage, "config")
	if err != nil {
		return nil, err
	}
	if err := call(ctx, config, http.MethodGet, ""); err != nil {
		return logical.ErrorResponse("the service can't be reached"), nil
	}
	var policies []string
	given, _ := user["policies"].([]any)
	for _, policy := range given {
		policies = append(policies, fmt.Sprint(policy))
	}
	bound, err := parseutil.ParseAddrs(list(user["token_bound_cidrs"]))
	if err != nil {
		return logical.ErrorResponse(err.Error()), nil
	}
	if !cidrutil.RemoteAddrIsOk(req.Connection.RemoteAddr, bound) {
		return nil, logical.ErrPermissionDenied
	}
	ttl, limit := times(user, config)
	return &logical.Response{Auth: &logical.Auth{
		NumUses: int(user.seconds("token_num_uses").Seconds()), BoundCIDRs: bound,
		Policies: policies, Alias: &logical.Alias{Name: name}, DisplayName: name,
		InternalData: map[string]any{"name": name},
		LeaseOptions: logical.LeaseOptions{TTL: ttl, MaxTTL: limit, Renewable: true}, Period: user.seconds("token_period"),
	}}, nil
}
