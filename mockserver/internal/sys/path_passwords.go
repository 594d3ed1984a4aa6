// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/policy/password"
)

// passwordPaths are sys/policies/password: how the passwords look that plugins and
// the database engine generate.
func (b *backend) passwordPaths() []*framework.Path {
	name := map[string]*framework.FieldSchema{"name": field(framework.TypeString, "The name of the password policy.")}
	write := map[string]*framework.FieldSchema{"name": name["name"], "policy": field(framework.TypeString, "The password policy")}
	return []*framework.Path{
		path("policies/password/?$", "List the existing password policies.", nil, operations{logical.ListOperation: b.listPasswordPolicies}),
		path("policies/password/(?P<name>.+)/generate$", "Generate a password from an existing password policy.", name, operations{logical.ReadOperation: b.generatePassword}),
		path("policies/password/(?P<name>.+)$", "Read, Modify, or Delete a password policy.", write, operations{
			logical.ReadOperation: b.readPasswordPolicy, logical.UpdateOperation: b.writePasswordPolicy, logical.DeleteOperation: b.deletePasswordPolicy,
		}),
	}
}

func (b *backend) listPasswordPolicies(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	names, err := b.core.Passwords().Names(ctx)
	if err != nil {
		return nil, err
	}
	return logical.ListResponse(names), nil
}

func (b *backend) writePasswordPolicy(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	raw := d.Get("policy").(string)
	if raw == "" {
		return nil, logical.CodedError(http.StatusBadRequest, "missing policy")
	}
	if decoded, err := base64.StdEncoding.DecodeString(raw); err == nil {
		raw = string(decoded)
	}
	p, err := password.Parse(raw)
	switch {
	case err != nil:
		return nil, logical.CodedError(http.StatusBadRequest, fmt.Sprintf("invalid password policy: %s", err))
	case p.Length < password.MinLength || p.Length > password.MaxLength:
		return nil, logical.CodedError(http.StatusBadRequest, fmt.Sprintf("passwords must be between %d and %d characters", password.MinLength, password.MaxLength))
	case !p.Possible():
		return nil, logical.CodedError(http.StatusBadRequest, "unable to construct test password from provided policy: are the rules impossible?")
	}
	return nil, b.core.Passwords().Put(ctx, d.Get("name").(string), raw)
}

func (b *backend) readPasswordPolicy(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	raw, err := b.core.Passwords().Raw(ctx, d.Get("name").(string))
	if err != nil {
		return nil, passwordError(err)
	}
	return &logical.Response{Data: map[string]any{"policy": raw}}, nil
}

func (b *backend) deletePasswordPolicy(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return nil, b.core.Passwords().Delete(ctx, d.Get("name").(string))
}

func (b *backend) generatePassword(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	generated, err := b.core.Passwords().Generate(ctx, d.Get("name").(string))
	if err != nil {
		return nil, passwordError(err)
	}
	return &logical.Response{Data: map[string]any{"password": generated}}, nil
}

// passwordError says what the servers' endpoint says.
func passwordError(err error) error {
	if errors.Is(err, password.ErrNotFound) {
		return logical.CodedError(http.StatusNotFound, "policy does not exist")
	}
	return logical.CodedError(http.StatusInternalServerError, err.Error())
}
