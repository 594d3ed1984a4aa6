// SPDX-License-Identifier: MPL-2.0

package database

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/rotation"

	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// The least values of a static role: servers look at their roles every five seconds,
// and a window must be an hour.
const (
	leastPeriod = 5 * time.Second
	leastWindow = time.Hour
)

func (b *backend) staticRolePaths() []*framework.Path {
	of := fields{
		"username":            {Type: framework.TypeString, Description: `Name of the static user account for the server to manage. Requires "rotation_period" to be specified`},
		"rotation_period":     {Type: framework.TypeDurationSecond, Description: `Period for automatic credential rotation of the given username. Not valid unless used with "username".`},
		"rotation_statements": {Type: framework.TypeStringSlice, Description: "Specifies the database statements to be executed to rotate the accounts credentials."},
	}
	if b.dialect.Database.Schedules {
		of["rotation_schedule"] = &framework.FieldSchema{Type: framework.TypeString, Description: `Schedule for automatic credential rotation of the given username. Mutually exclusive with "rotation_period."`}
		of["rotation_window"] = &framework.FieldSchema{Type: framework.TypeDurationSecond, Description: `The window of time in which rotations are allowed to occur starting from a given "rotation_schedule". Requires "rotation_schedule" to be specified`}
	}
	one := path("static-roles/"+framework.GenericNameRegex("name"), "Manage the static roles that can be created with this backend.", roleFields(of), operations{
		logical.CreateOperation: b.writeStaticRole, logical.UpdateOperation: b.writeStaticRole,
		logical.ReadOperation: b.readStaticRole, logical.DeleteOperation: b.deleteStaticRole,
	})
	one.ExistenceCheck = exists(staticRolePrefix)
	return []*framework.Path{
		path("static-roles/?$", "Manage the static roles that can be created with this backend.", b.pageFields(), operations{logical.ListOperation: b.listBelow(staticRolePrefix)}),
		one,
	}
}

func (b *backend) readStaticRole(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	r, err := find(ctx, req.Storage, staticRolePrefix, d.Get("name").(string))
	if err != nil || r == nil {
		return nil, err
	}
	data := map[string]any{
		"db_name": r.DBName, "credential_type": r.CredentialType.String(),
		"username": r.Account.Username, "rotation_statements": stringsOr(r.Statements.Rotation),
	}
	r.Account.showTimes(data)
	if !r.Account.Rotated.IsZero() {
		data["last_vault_rotation"] = r.Account.Rotated
	}
	if len(r.CredentialConfig) > 0 {
		data["credential_config"] = r.CredentialConfig
	}
	return &logical.Response{Data: data}, nil
}

// showTimes adds when the account is rotated.
func (a *account) showTimes(data map[string]any) {
	if a.Schedule == "" {
		data["rotation_period"] = a.Period.Seconds()
		return
	}
	data["rotation_schedule"] = a.Schedule
	if a.Window != 0 {
		data["rotation_window"] = a.Window.Seconds()
	}
}

func (b *backend) deleteStaticRole(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	unlock, err := b.static.Lock(ctx, name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	b.rotations.remove(name)
	return nil, req.Storage.Delete(ctx, staticRolePrefix+name)
}

func (b *backend) writeStaticRole(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	unlock, err := b.static.Lock(ctx, name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	other, err := find(ctx, req.Storage, rolePrefix, name)
	if err != nil {
		return nil, err
	}
	if other != nil {
		return logical.ErrorResponse("Role and Static Role names must be unique"), nil
	}
	r, err := find(ctx, req.Storage, staticRolePrefix, name)
	if err != nil {
		return nil, err
	}
	create := r == nil
	if create {
		r = &role{Account: &account{}}
	}
	if refused := b.readStaticRoleFields(r, d, create); refused != nil {
		return refused, nil
	}
	if !create {
		if err := storage.PutJSON(ctx, req.Storage, staticRolePrefix+name, r); err != nil {
			return nil, err
		}
		b.rotations.set(name, r.Account.next())
		return nil, nil
	}
	if err := b.rotate(ctx, req.Storage, name, r, true); err != nil {
		return nil, err
	}
	b.rotations.set(name, r.Account.next())
	return nil, nil
}

// readStaticRoleFields sets what the request gives. The answer is not nil if it can't be.
func (b *backend) readStaticRoleFields(r *role, d *framework.FieldData, create bool) *logical.Response {
	if given, ok := d.GetOk("db_name"); ok {
		r.DBName = given.(string)
	}
	username := d.Get("username").(string)
	switch {
	case r.DBName == "":
		return logical.ErrorResponse("database name is a required field")
	case username == "" && create:
		return logical.ErrorResponse("username is a required field to create a static account")
	case r.Account.Username != "" && r.Account.Username != username:
		return logical.ErrorResponse("cannot update static account username")
	}
	r.Account.Username = username
	if refused := b.readTimes(r.Account, d, create); refused != nil {
		return refused
	}
	list(&r.Statements.Rotation, d, "rotation_statements", create)
	return r.readCredentialFields(d, create)
}

// readTimes sets when the account is rotated.
func (b *backend) readTimes(a *account, d *framework.FieldData, create bool) *logical.Response {
	period, periodGiven := d.GetOk("rotation_period")
	schedule, window, windowGiven := "", any(nil), false
	if b.dialect.Database.Schedules {
		schedule = d.Get("rotation_schedule").(string)
		window, windowGiven = d.GetOk("rotation_window")
	}
	switch {
	case schedule != "" && periodGiven:
		return logical.ErrorResponse("mutually exclusive fields rotation_period and rotation_schedule were both specified; only one of them can be provided")
	case create && schedule == "" && !periodGiven && b.dialect.Database.Schedules:
		return logical.ErrorResponse("one of rotation_schedule or rotation_period must be provided to create a static account")
	case create && !periodGiven && schedule == "":
		return logical.ErrorResponse("rotation_period is required to create static accounts")
	case periodGiven && time.Duration(period.(int))*time.Second < leastPeriod:
		return logical.ErrorResponse("rotation_period must be %d seconds or more", int(leastPeriod.Seconds()))
	case periodGiven && windowGiven:
		return logical.ErrorResponse("rotation_window is invalid with use of rotation_period")
	case periodGiven:
		a.Period, a.Schedule, a.Window = time.Duration(period.(int))*time.Second, "", 0
	case schedule != "":
		if _, err := rotation.DefaultScheduler.Parse(schedule); err != nil {
			return logical.ErrorResponse("could not parse rotation_schedule", "error", err)
		}
		if windowGiven {
			a.Window = time.Duration(window.(int)) * time.Second
			if a.Window < leastWindow {
				err := fmt.Errorf("rotation_window must be %d seconds or more", int(leastWindow.Seconds()))
				return logical.ErrorResponse("rotation_window is invalid", "error", err)
			}
		}
		a.Period, a.Schedule = 0, schedule
	}
	return nil
}

func (b *backend) readStaticCredentials(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	r, err := find(ctx, req.Storage, staticRolePrefix, name)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return logical.ErrorResponse("unknown role: %s", name), nil
	}
	if _, err := b.configOf(ctx, req.Storage, name, r); err != nil {
		return nil, err
	}
	data := r.Account.Credential.shown()
	data["username"], data["last_vault_rotation"] = r.Account.Username, r.Account.Rotated
	data["ttl"] = max(b.clock.Until(r.Account.next()).Round(time.Second), 0).Seconds()
	r.Account.showTimes(data)
	return &logical.Response{Data: data}, nil
}

// next returns when the account is to be rotated.
func (a *account) next() time.Time {
	if a.Schedule == "" {
		return a.Rotated.Add(a.Period)
	}
	schedule, err := rotation.DefaultScheduler.Parse(a.Schedule)
	if err != nil { // it was parsed when it was stored
		return a.Rotated
	}
	return schedule.Next(a.Rotated)
}
