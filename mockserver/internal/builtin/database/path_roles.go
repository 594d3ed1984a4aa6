// SPDX-License-Identifier: MPL-2.0

package database

import (
	"context"
	"time"

	"github.com/hashicorp/go-secure-stdlib/strutil"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

func (b *backend) rolePaths() []*framework.Path {
	statement := func(does string) *framework.FieldSchema {
		return &framework.FieldSchema{Type: framework.TypeStringSlice, Description: "Specifies the database statements executed to " + does + "."}
	}
	one := path("roles/"+framework.GenericNameRegex("name"), "Manage the roles that can be created with this backend.", roleFields(fields{
		"default_ttl":           {Type: framework.TypeDurationSecond, Description: "Default ttl for role."},
		"max_ttl":               {Type: framework.TypeDurationSecond, Description: "Maximum time a credential is valid for"},
		"creation_statements":   statement("create and configure a user"),
		"revocation_statements": statement("revoke a user"),
		"renew_statements":      statement("renew a user"),
		"rollback_statements":   statement("rollback a create operation in the event of an error"),
	}), operations{
		logical.CreateOperation: b.writeRole, logical.UpdateOperation: b.writeRole,
		logical.ReadOperation: b.readRole, logical.DeleteOperation: b.deleteRole,
	})
	one.ExistenceCheck = exists(rolePrefix)
	return []*framework.Path{
		path("roles/?$", "Manage the roles that can be created with this backend.", b.pageFields(), operations{logical.ListOperation: b.listBelow(rolePrefix)}),
		one,
	}
}

func (b *backend) readRole(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	r, err := find(ctx, req.Storage, rolePrefix, d.Get("name").(string))
	if err != nil || r == nil {
		return nil, err
	}
	data := map[string]any{
		"db_name":               r.DBName,
		"creation_statements":   stringsOr(r.Statements.Creation),
		"revocation_statements": stringsOr(r.Statements.Revocation),
		"rollback_statements":   stringsOr(r.Statements.Rollback),
		"renew_statements":      stringsOr(r.Statements.Renewal),
		"default_ttl":           r.DefaultTTL.Seconds(),
		"max_ttl":               r.MaxTTL.Seconds(),
		"credential_type":       r.CredentialType.String(),
	}
	if len(r.CredentialConfig) > 0 {
		data["credential_config"] = r.CredentialConfig
	}
	return &logical.Response{Data: data}, nil
}

func (b *backend) deleteRole(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return nil, req.Storage.Delete(ctx, rolePrefix+d.Get("name").(string))
}

func (b *backend) writeRole(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	static, err := find(ctx, req.Storage, staticRolePrefix, name)
	if err != nil {
		return nil, err
	}
	if static != nil {
		return logical.ErrorResponse("Role and Static Role names must be unique"), nil
	}
	r, err := find(ctx, req.Storage, rolePrefix, name)
	if err != nil {
		return nil, err
	}
	if r == nil {
		r = &role{}
	}
	create := req.Operation == logical.CreateOperation
	if given, ok := d.GetOk("db_name"); ok {
		r.DBName = given.(string)
	}
	if r.DBName == "" {
		return logical.ErrorResponse("database name is required"), nil
	}
	if refused := r.readCredentialFields(d, create); refused != nil {
		return refused, nil
	}
	list(&r.Statements.Creation, d, "creation_statements", create)
	list(&r.Statements.Revocation, d, "revocation_statements", create)
	list(&r.Statements.Rollback, d, "rollback_statements", create)
	list(&r.Statements.Renewal, d, "renew_statements", create)
	r.Statements.Revocation = strutil.RemoveEmpty(r.Statements.Revocation)
	if given, ok := d.GetOk("default_ttl"); ok {
		r.DefaultTTL = time.Duration(given.(int)) * time.Second
	}
	if given, ok := d.GetOk("max_ttl"); ok {
		r.MaxTTL = time.Duration(given.(int)) * time.Second
	}
	return nil, storage.PutJSON(ctx, req.Storage, rolePrefix+name, r)
}
