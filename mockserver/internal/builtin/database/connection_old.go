// SPDX-License-Identifier: MPL-2.0

package database

import (
	"context"
	"errors"
	"fmt"

	old "github.com/hashicorp/vault/sdk/database/dbplugin"
	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"
	"github.com/hashicorp/vault/sdk/logical"
)

// oldPlugins starts database plugins of the protocol before Vault 1.6. current is why the
// plugin could not be started as one of today's.
type oldPlugins interface {
	OldDatabase(ctx context.Context, name, version string, current error) (old.Database, error)
}

// oldDatabase is a plugin of the old protocol behind today's interface.
//
// Source: builtin/logical/database/version_wrapper.go of Vault and OpenBao.
type oldDatabase struct{ old.Database }

var _ dbplugin.Database = oldDatabase{}

// openOld starts a plugin of the old protocol.
func (b *backend) openOld(ctx context.Context, name, version string, current error) (oldDatabase, error) {
	plugins, ok := b.System().(oldPlugins)
	if !ok {
		return oldDatabase{}, errors.New("the server starts no plugins of the old protocol")
	}
	db, err := plugins.OldDatabase(ctx, name, version, current)
	return oldDatabase{db}, err
}

// Initialize implements dbplugin.Database.
func (o oldDatabase) Initialize(ctx context.Context, req dbplugin.InitializeRequest) (dbplugin.InitializeResponse, error) {
	config, err := o.Init(ctx, req.Config, req.VerifyConnection)
	return dbplugin.InitializeResponse{Config: config}, err
}

// NewUser implements dbplugin.Database. The password of the request is not the user's: use
// createUser, which returns it.
func (o oldDatabase) NewUser(ctx context.Context, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
	username, _, err := o.createUser(ctx, req)
	return dbplugin.NewUserResponse{Username: username}, err
}

// createUser lets the plugin choose the user's name and password.
func (o oldDatabase) createUser(ctx context.Context, req dbplugin.NewUserRequest) (username, password string, err error) {
	return o.CreateUser(ctx,
		old.Statements{Creation: req.Statements.Commands, Rollback: req.RollbackStatements.Commands},
		old.UsernameConfig{DisplayName: req.UsernameConfig.DisplayName, RoleName: req.UsernameConfig.RoleName},
		req.Expiration)
}

// UpdateUser implements dbplugin.Database.
func (o oldDatabase) UpdateUser(ctx context.Context, req dbplugin.UpdateUserRequest) (dbplugin.UpdateUserResponse, error) {
	switch {
	case req.Password == nil && req.Expiration == nil:
		return dbplugin.UpdateUserResponse{}, errors.New("missing change to be sent to the database")
	case req.Password != nil && req.Expiration != nil:
		return dbplugin.UpdateUserResponse{}, errors.New("cannot specify both password and expiration change at the same time")
	case req.Expiration != nil:
		return dbplugin.UpdateUserResponse{}, o.RenewUser(ctx, old.Statements{Renewal: req.Expiration.Statements.Commands}, req.Username, req.Expiration.NewExpiration)
	}
	_, _, err := o.SetCredentials(ctx, old.Statements{Rotation: req.Password.Statements.Commands},
		old.StaticUserConfig{Username: req.Username, Password: req.Password.NewPassword})
	return dbplugin.UpdateUserResponse{}, err
}

// DeleteUser implements dbplugin.Database.
func (o oldDatabase) DeleteUser(ctx context.Context, req dbplugin.DeleteUserRequest) (dbplugin.DeleteUserResponse, error) {
	return dbplugin.DeleteUserResponse{}, o.RevokeUser(ctx, old.Statements{Revocation: req.Statements.Commands}, req.Username)
}

// newUser lets the plugin make a user and returns the password that the user has.
func (c *connection) newUser(ctx context.Context, req dbplugin.NewUserRequest) (username, password string, err error) {
	if c.old != nil {
		return c.old.createUser(ctx, req)
	}
	answer, err := c.NewUser(ctx, req)
	return answer.Username, req.Password, err
}

// updateRoot gives the connection's own user a password. Plugins of the old protocol that
// can't set one choose it themselves and return the connection's new details, which are nil
// otherwise.
func (c *connection) updateRoot(ctx context.Context, req dbplugin.UpdateUserRequest) (map[string]any, error) {
	_, err := c.UpdateUser(ctx, req)
	if c.old == nil || !errors.Is(err, old.ErrPluginStaticUnsupported) {
		return nil, err
	}
	return c.old.RotateRootCredentials(ctx, req.Password.Statements.Commands)
}

// passwords returns what generates the passwords of a connection's users: plugins of the old
// protocol do that themselves, without a policy.
func (c *connection) passwords(system logical.SystemView) passwords {
	if c.old == nil {
		return serverPasswords(system)
	}
	return func(ctx context.Context, _ string) (string, error) { return c.old.GenerateCredentials(ctx) }
}

// policyWarning is for a configuration with a password policy that its plugin does not use.
func (b *backend) policyWarning(c *configuration) string {
	return fmt.Sprintf("%s does not support password policies - upgrade to the latest version of %s (or the sdk if using a custom plugin) to gain password policy support",
		c.PluginName, b.dialect.DisplayName)
}
