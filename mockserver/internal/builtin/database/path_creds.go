// SPDX-License-Identifier: MPL-2.0

package database

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// secretType is the type of the engine's leases.
const secretType = "creds"

// expirationMargin is how much longer than its lease a user lives: the lease's time is
// counted from after the user was made.
const expirationMargin = 5 * time.Second

func (b *backend) credentialPaths() []*framework.Path {
	name := func(of string) fields {
		return fields{"name": {Type: framework.TypeString, Description: "Name of the " + of + "."}}
	}
	return []*framework.Path{
		path("creds/"+framework.GenericNameRegex("name"), "Request database credentials for a certain role.", name("role"), operations{logical.ReadOperation: b.readCredentials}),
		path("static-creds/"+framework.GenericNameRegex("name"), "Request database credentials for a certain static role. These credentials are rotated periodically.", name("static role"), operations{logical.ReadOperation: b.readStaticCredentials}),
	}
}

// readCredentials lets the plugin make a user.
func (b *backend) readCredentials(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	r, err := find(ctx, req.Storage, rolePrefix, name)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return logical.ErrorResponse("unknown role: %s", name), nil
	}
	config, err := b.configOf(ctx, req.Storage, name, r)
	if err != nil {
		return nil, err
	}
	if !config.supports(r.CredentialType) {
		return logical.ErrorResponse("unsupported credential_type: %q", r.CredentialType.String()), nil
	}
	ttl, _, err := framework.CalculateTTL(b.System(), 0, r.DefaultTTL, 0, r.MaxTTL, 0, time.Time{})
	if err != nil {
		return nil, err
	}
	c, err := b.connect(ctx, req.Storage, r.DBName, true)
	if err != nil {
		return nil, err
	}
	defer c.release()

	user := dbplugin.NewUserRequest{
		UsernameConfig:     dbplugin.UsernameMetadata{DisplayName: req.DisplayName, RoleName: name},
		Statements:         dbplugin.Statements{Commands: r.Statements.Creation},
		RollbackStatements: dbplugin.Statements{Commands: r.Statements.Rollback},
		CredentialType:     r.CredentialType,
		Expiration:         time.Now().Add(ttl).Add(expirationMargin),
	}
	g, err := newGenerator(r.CredentialType, r.CredentialConfig)
	if err != nil {
		return nil, fmt.Errorf("failed to construct credential generator: %w", err)
	}
	made, err := g.generate(ctx, c.passwords(b.System()), config.PasswordPolicy, user.UsernameConfig, user.Expiration)
	if err != nil {
		b.notice(r.DBName, c, err)
		return nil, err
	}
	user.Password, user.PublicKey, user.Subject = made.Password, made.PublicKey, made.Subject
	username, password, err := c.newUser(ctx, user)
	if err != nil {
		b.notice(r.DBName, c, err)
		return nil, err
	}
	data := made.shown()
	data["username"] = username
	if r.CredentialType == dbplugin.CredentialTypePassword {
		data["password"] = password
	}
	resp := b.Secret(secretType).Response(data, map[string]any{
		"username": username, "role": name, "db_name": r.DBName, "revocation_statements": r.Statements.Revocation,
	})
	resp.Secret.TTL, resp.Secret.MaxTTL = r.DefaultTTL, r.MaxTTL
	return resp, nil
}

// secret is the lease of credentials.
func (b *backend) secret() *framework.Secret {
	return &framework.Secret{Type: secretType, Fields: fields{}, Renew: b.renew, Revoke: b.revoke}
}

func (b *backend) renew(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	username, ok := req.Secret.InternalData["username"].(string)
	if !ok {
		return nil, errors.New(`secret is missing "username" field in internal data`)
	}
	name, ok := req.Secret.InternalData["role"].(string)
	if !ok {
		return nil, errors.New(`secret is missing "role" field in internal data`)
	}
	r, err := find(ctx, req.Storage, rolePrefix, name)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fmt.Errorf("error during renew: could not find role with name %q", name)
	}
	c, err := b.connect(ctx, req.Storage, r.DBName, true)
	if err != nil {
		return nil, err
	}
	defer c.release()
	// The lease's times are the server's clock's, those of plugins the system's.
	issued := b.clock.System(req.Secret.IssueTime)
	ttl, _, err := framework.CalculateTTL(b.System(), req.Secret.Increment, r.DefaultTTL, 0, r.MaxTTL, 0, issued)
	if err != nil {
		return nil, err
	}
	if ttl > 0 {
		_, err := c.UpdateUser(ctx, dbplugin.UpdateUserRequest{Username: username, Expiration: &dbplugin.ChangeExpiration{
			NewExpiration: time.Now().Add(ttl).Add(expirationMargin),
			Statements:    dbplugin.Statements{Commands: r.Statements.Renewal},
		}})
		if err != nil {
			b.notice(r.DBName, c, err)
			return nil, err
		}
	}
	resp := &logical.Response{Secret: req.Secret}
	resp.Secret.TTL, resp.Secret.MaxTTL = r.DefaultTTL, r.MaxTTL
	return resp, nil
}

func (b *backend) revoke(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	username, ok := req.Secret.InternalData["username"].(string)
	if !ok {
		return nil, errors.New("secret is missing username internal data")
	}
	name, ok := req.Secret.InternalData["role"].(string)
	if !ok {
		return nil, errors.New("no role name was provided")
	}
	r, err := find(ctx, req.Storage, rolePrefix, name)
	if err != nil {
		return nil, err
	}
	if r == nil { // deleted since: the lease knows what is needed
		r = &role{}
		if r.DBName, ok = req.Secret.InternalData["db_name"].(string); !ok {
			return nil, fmt.Errorf("error during revoke: could not find role with name %q or embedded revocation db name data", name)
		}
		statements, _ := req.Secret.InternalData["revocation_statements"].([]any)
		for _, s := range statements {
			if s, ok := s.(string); ok {
				r.Statements.Revocation = append(r.Statements.Revocation, s)
			}
		}
	}
	c, err := b.connect(ctx, req.Storage, r.DBName, true)
	if err != nil {
		return nil, err
	}
	defer c.release()
	_, err = c.DeleteUser(ctx, dbplugin.DeleteUserRequest{
		Username: username, Statements: dbplugin.Statements{Commands: r.Statements.Revocation},
	})
	b.notice(r.DBName, c, err)
	return nil, err
}
