// SPDX-License-Identifier: MPL-2.0

package database

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/go-secure-stdlib/strutil"
	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// role is a role or a static role as it is stored.
type role struct {
	DBName     string     `json:"db_name"`
	Statements statements `json:"statements"`
	DefaultTTL time.Duration
	MaxTTL     time.Duration

	CredentialType   dbplugin.CredentialType `json:"credential_type"`
	CredentialConfig map[string]any          `json:"credential_config"`
	// Account is that of a static role.
	Account *account `json:"static_account"`
}

type statements struct {
	Creation   []string `json:"creation"`
	Revocation []string `json:"revocation"`
	Rollback   []string `json:"rollback"`
	Renewal    []string `json:"renewal"`
	Rotation   []string `json:"rotation"`
}

// account is the user of a static role.
type account struct {
	Username   string    `json:"username"`
	Credential secret    `json:"credential"`
	Rotated    time.Time `json:"last_vault_rotation"`
	// Period or Schedule say when the credential is rotated; Window how long after
	// the time of a schedule that may happen.
	Period   time.Duration `json:"rotation_period"`
	Schedule string        `json:"rotation_schedule"`
	Window   time.Duration `json:"rotation_window"`
	// Pending is the credential of a rotation that failed, with which it is tried
	// again: the database may have it already.
	Pending *secret `json:"pending,omitempty"`
}

// roleFields are the fields of roles, or of static roles.
func roleFields(of fields) fields {
	f := fields{
		"name":              {Type: framework.TypeString, Description: "Name of the role."},
		"db_name":           {Type: framework.TypeString, Description: "Name of the database this role acts on."},
		"credential_type":   {Type: framework.TypeString, Default: "password", Description: "The type of credential to manage. Options include: 'password', 'rsa_private_key'. Defaults to 'password'."},
		"credential_config": {Type: framework.TypeKVPairs, Description: "The configuration for the given credential_type."},
	}
	for name, schema := range of {
		f[name] = schema
	}
	return f
}

// pageFields are those of lists where the servers have pages.
func (b *backend) pageFields() fields {
	if !b.dialect.Database.Pages {
		return nil
	}
	return fields{
		"after": {Type: framework.TypeString, Description: "Optional entry to list begin listing after, not required to exist."},
		"limit": {Type: framework.TypeInt, Description: "Optional number of entries to return; defaults to all entries."},
	}
}

// listBelow lists the names stored below prefix.
func (b *backend) listBelow(prefix string) framework.OperationFunc {
	return func(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
		names, err := req.Storage.List(ctx, prefix)
		if err != nil {
			return nil, err
		}
		if b.dialect.Database.Pages {
			names = page(names, d.Get("after").(string), d.Get("limit").(int))
		}
		return logical.ListResponse(names), nil
	}
}

// page returns at most limit of the names behind after; all of them without limit.
func page(names []string, after string, limit int) []string {
	slices.Sort(names)
	start, found := slices.BinarySearch(names, after)
	if found && after != "" {
		start++
	}
	names = names[start:]
	if limit > 0 && limit < len(names) {
		names = names[:limit]
	}
	return names
}

// readCredentialFields sets the type of a role's credentials and their configuration.
// The answer is not nil if they can't be.
func (r *role) readCredentialFields(d *framework.FieldData, create bool) *logical.Response {
	if given, ok := d.GetOk("credential_type"); ok {
		kind, err := dbplugin.CredentialTypeString(given.(string))
		if err != nil {
			return logical.ErrorResponse("invalid credential_type %q", given)
		}
		r.CredentialType = kind
	}
	var given map[string]string
	if raw, ok := d.GetOk("credential_config"); ok {
		given = raw.(map[string]string)
	} else if create {
		given = d.Get("credential_config").(map[string]string)
	}
	config := make(map[string]any, len(given))
	for k, v := range given {
		config[k] = v
	}
	g, err := newGenerator(r.CredentialType, config)
	if err != nil {
		return logical.ErrorResponse("credential_config validation failed: %s", err)
	}
	if shown := g.config(); len(shown) > 0 {
		r.CredentialConfig = shown
	}
	return nil
}

// list sets a role's statements from a field; a new role gets an empty list.
func list(into *[]string, d *framework.FieldData, field string, create bool) {
	if given, ok := d.GetOk(field); ok {
		*into = given.([]string)
	} else if create {
		*into = d.Get(field).([]string)
	}
}

// allows returns an error for a role that a configuration does not allow.
func (c *configuration) allows(role string) error {
	if slices.Contains(c.AllowedRoles, "*") || strutil.StrListContainsGlob(c.AllowedRoles, role) {
		return nil
	}
	return fmt.Errorf("%q is not an allowed role", role)
}

// configOf returns the configuration of a role's database; an error if it does not
// allow the role.
func (b *backend) configOf(ctx context.Context, s logical.Storage, name string, r *role) (*configuration, error) {
	config, err := b.config(ctx, s, r.DBName)
	if err != nil {
		return nil, err
	}
	return config, config.allows(name)
}

// find returns a role or static role; nil if there is none.
func find(ctx context.Context, s logical.Storage, prefix, name string) (*role, error) {
	var r role
	found, err := storage.GetJSON(ctx, s, prefix+name, &r)
	if err != nil || !found {
		return nil, err
	}
	return &r, nil
}
