// SPDX-License-Identifier: MPL-2.0

package database

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

const (
	// retryAfter is when a rotation that failed is tried again.
	retryAfter = 10 * time.Second
	// rotationTimeout bounds a rotation that nobody waits for.
	rotationTimeout = time.Minute
)

// rotations rotates the credentials of static roles when their time has come. Servers
// look every five seconds; one timer of the server's clock does here.
type rotations struct {
	backend *backend

	mu      sync.Mutex
	due     map[string]time.Time
	timer   *clock.Timer
	stopped bool
	running sync.WaitGroup
}

func newRotations(b *backend) *rotations {
	return &rotations{backend: b, due: map[string]time.Time{}}
}

// load finds the static roles when the mount starts.
func (r *rotations) load(ctx context.Context) error {
	names, err := r.backend.storage.List(ctx, staticRolePrefix)
	if err != nil {
		return err
	}
	for _, name := range names {
		static, err := find(ctx, r.backend.storage, staticRolePrefix, name)
		if err != nil {
			return err
		}
		if static != nil {
			r.set(name, static.Account.next())
		}
	}
	return nil
}

// set says when a role is to be rotated next.
func (r *rotations) set(name string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due[name] = at
	r.schedule()
}

func (r *rotations) remove(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.due, name)
	r.schedule()
}

// schedule sets the timer for the role whose time comes first. mu must be held.
func (r *rotations) schedule() {
	if r.stopped {
		return
	}
	if r.timer != nil {
		r.timer.Stop()
	}
	var first time.Time
	for _, at := range r.due {
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	if !first.IsZero() {
		r.timer = r.backend.clock.AfterFunc(max(r.backend.clock.Until(first), 0), r.run)
	}
}

// stop returns when no rotation runs any more.
func (r *rotations) stop() {
	r.mu.Lock()
	r.stopped = true
	if r.timer != nil {
		r.timer.Stop()
	}
	r.mu.Unlock()
	r.running.Wait()
}

// run rotates the roles whose time has come.
func (r *rotations) run() {
	r.mu.Lock()
	if r.stopped {
		r.mu.Unlock()
		return
	}
	r.running.Add(1)
	defer r.running.Done()
	now := r.backend.clock.Now()
	var due []string
	for name, at := range r.due {
		if !at.After(now) {
			due = append(due, name)
			delete(r.due, name)
		}
	}
	r.mu.Unlock()
	for _, name := range due {
		ctx, cancel := context.WithTimeout(context.Background(), rotationTimeout)
		if err := r.backend.rotateNow(ctx, r.backend.storage, name); err != nil && !errors.Is(err, errNoStaticRole) {
			r.backend.Logger().Error("unable to rotate credentials in periodic function", "role", name, "error", err)
		}
		cancel()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.schedule()
}

var errNoStaticRole = errors.New("no static role found for role name")

// rotateNow rotates a static role and says when it is to be rotated next.
func (b *backend) rotateNow(ctx context.Context, s logical.Storage, name string) error {
	unlock, err := b.static.Lock(ctx, name)
	if err != nil {
		return err
	}
	defer unlock()
	r, err := find(ctx, s, staticRolePrefix, name)
	if err != nil {
		return err
	}
	if r == nil {
		return errNoStaticRole
	}
	if err := b.rotate(ctx, s, name, r, false); err != nil {
		b.rotations.set(name, b.clock.Now().Add(retryAfter))
		return err
	}
	b.rotations.set(name, r.Account.next())
	return nil
}

// rotate gives the account of a static role a new credential and stores the role. The
// caller holds the role's lock.
func (b *backend) rotate(ctx context.Context, s logical.Storage, name string, r *role, create bool) error {
	config, err := b.configOf(ctx, s, name, r)
	if err != nil {
		return err
	}
	if !config.supports(r.CredentialType) {
		return fmt.Errorf("unsupported credential_type: %q", r.CredentialType.String())
	}
	c, err := b.connect(ctx, s, r.DBName, true)
	if err != nil {
		return err
	}
	defer c.release()
	made := r.Account.Pending
	if made == nil {
		g, err := newGenerator(r.CredentialType, r.CredentialConfig)
		if err != nil {
			return fmt.Errorf("failed to construct credential generator: %w", err)
		}
		made, err = g.generate(ctx, c.passwords(b.System()), config.PasswordPolicy, dbplugin.UsernameMetadata{RoleName: name}, time.Time{})
		if err != nil {
			b.notice(r.DBName, c, err)
			return err
		}
		r.Account.Pending = made
		if !create {
			if err := storage.PutJSON(ctx, s, staticRolePrefix+name, r); err != nil {
				return err
			}
		}
	}
	commands := dbplugin.Statements{Commands: r.Statements.Rotation}
	update := dbplugin.UpdateUserRequest{Username: r.Account.Username, CredentialType: r.CredentialType}
	if r.CredentialType == dbplugin.CredentialTypeRSAPrivateKey {
		update.PublicKey = &dbplugin.ChangePublicKey{NewPublicKey: made.PublicKey, Statements: commands}
	} else {
		update.Password = &dbplugin.ChangePassword{NewPassword: made.Password, Statements: commands}
	}
	if _, err := c.UpdateUser(ctx, update); err != nil {
		b.notice(r.DBName, c, err)
		return fmt.Errorf("error setting credentials: %w", err)
	}
	r.Account.Credential, r.Account.Pending, r.Account.Rotated = *made, nil, b.clock.Now()
	return storage.PutJSON(ctx, s, staticRolePrefix+name, r)
}

func (b *backend) rotatePaths() []*framework.Path {
	name := func(of string) fields {
		return fields{"name": {Type: framework.TypeString, Description: "Name of " + of}}
	}
	return []*framework.Path{
		path("rotate-root/"+framework.GenericNameRegex("name"), "Request to rotate the root credentials for a certain database connection.", name("this database connection"), operations{logical.UpdateOperation: b.rotateRoot}),
		path("rotate-role/"+framework.GenericNameRegex("name"), "Request to rotate the credentials for a static user account.", name("the static role"), operations{logical.UpdateOperation: b.rotateRole}),
	}
}

func (b *backend) rotateRole(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	err := b.rotateNow(ctx, req.Storage, d.Get("name").(string))
	if errors.Is(err, errNoStaticRole) {
		return logical.ErrorResponse("%s", err.Error()), nil
	}
	if err != nil {
		return nil, fmt.Errorf("unable to finish rotating credentials; retries will continue in the background but it is also safe to retry manually: %w", err)
	}
	return nil, nil
}

// rotateRoot gives the user of a configuration a new password that only the server
// knows. The connection is closed: the next use makes one with that password.
func (b *backend) rotateRoot(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	// The password that is stored last has to be the one that was set last.
	unlock, err := b.roots.Lock(ctx, name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	config, err := b.config(ctx, req.Storage, name)
	if err != nil {
		return nil, err
	}
	for _, detail := range []string{"username", "password"} {
		if value, _ := config.ConnectionDetails[detail].(string); value == "" {
			return nil, fmt.Errorf("unable to rotate root credentials: no %s in configuration", detail)
		}
	}
	c, err := b.connect(ctx, req.Storage, name, true)
	if err != nil {
		return nil, err
	}
	defer b.disconnect(name)
	defer c.release()
	g, err := newGenerator(dbplugin.CredentialTypePassword, nil)
	if err != nil {
		return nil, err
	}
	made, err := g.generate(ctx, c.passwords(b.System()), config.PasswordPolicy, dbplugin.UsernameMetadata{}, time.Time{})
	if err != nil {
		return nil, err
	}
	username := config.ConnectionDetails["username"].(string)
	details, err := c.updateRoot(ctx, dbplugin.UpdateUserRequest{
		Username: username, CredentialType: dbplugin.CredentialTypePassword,
		Password: &dbplugin.ChangePassword{NewPassword: made.Password, Statements: dbplugin.Statements{Commands: config.RotateStatements}},
	})
	if err != nil {
		return nil, fmt.Errorf("failed to update user: %w", err)
	}
	config.ConnectionDetails["password"] = made.Password
	if details != nil {
		config.ConnectionDetails = details
	}
	return nil, storage.PutJSON(ctx, req.Storage, configPrefix+name, config)
}
