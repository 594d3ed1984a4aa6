// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/database/dbplugin"
	"github.com/hashicorp/vault/sdk/database/helper/credsutil"
	"github.com/hashicorp/vault/sdk/database/helper/dbutil"
)

// passwordLength is that of the passwords that the plugin chooses.
const passwordLength = 24

// user is one user of the database, and the statements that were run for it.
type user struct {
	Password   string    `json:"password"`
	Statements []string  `json:"statements,omitempty"`
	Expires    time.Time `json:"expires"`
}

// ran keeps the statements that were run for the user.
func (u *user) ran(name string, statements []string) {
	for _, s := range statements {
		u.Statements = append(u.Statements, dbutil.QueryHelper(s, map[string]string{"name": name}))
	}
}

// settings are the connection details.
type settings struct {
	ConnectionURL string `json:"connection_url"`
	Username      string `json:"username"`
	Password      string `json:"password"`
	// NoStatic: the plugin can't set passwords, as those of Vault 1.2 to 1.5 for databases
	// such as Cassandra.
	NoStatic bool `json:"no_static,omitempty"`
}

// database is the connection of the process.
type database struct {
	dbplugin.UnimplementedDatabaseServer

	mu       sync.Mutex
	settings settings
	path     string
}

// Type implements dbplugin.DatabaseServer.
func (db *database) Type(context.Context, *dbplugin.Empty) (*dbplugin.TypeResponse, error) {
	return &dbplugin.TypeResponse{Type: "memdb"}, nil
}

// Close implements dbplugin.DatabaseServer. A file needs no closing.
func (db *database) Close(context.Context, *dbplugin.Empty) (*dbplugin.Empty, error) {
	return &dbplugin.Empty{}, nil
}

// Init implements dbplugin.DatabaseServer.
func (db *database) Init(_ context.Context, req *dbplugin.InitRequest) (*dbplugin.InitResponse, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := json.Unmarshal(req.GetConfig(), &db.settings); err != nil {
		return nil, err
	}
	u, err := url.Parse(db.settings.ConnectionURL)
	if err != nil || u.Scheme != "memdb" || u.Path == "" {
		return nil, errors.New("connection_url must be memdb:///path/of/file")
	}
	db.path = u.Path
	if req.GetVerifyConnection() {
		if err := db.change(func(map[string]*user) error { return nil }); err != nil {
			return nil, fmt.Errorf("error verifying connection: %w", err)
		}
	}
	return &dbplugin.InitResponse{Config: req.GetConfig()}, nil
}

// change logs in, lets f change the users and stores them. mu must be held.
func (db *database) change(f func(users map[string]*user) error) error {
	users := map[string]*user{}
	raw, err := os.ReadFile(db.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil {
		if err := json.Unmarshal(raw, &users); err != nil {
			return err
		}
	}
	own := users[db.settings.Username]
	switch {
	case len(users) == 0:
		users[db.settings.Username] = &user{Password: db.settings.Password}
	case own == nil || own.Password != db.settings.Password:
		return fmt.Errorf("login failed for user %q", db.settings.Username)
	}
	if err := f(users); err != nil {
		return err
	}
	if raw, err = json.Marshal(users); err != nil {
		return err
	}
	return os.WriteFile(db.path, raw, 0o600)
}

// update changes one user by statements.
func (db *database) update(name string, statements []string, f func(*user)) error {
	return db.change(func(users map[string]*user) error {
		u := users[name]
		if u == nil {
			return fmt.Errorf("user %q does not exist", name)
		}
		f(u)
		u.ran(name, statements)
		return nil
	})
}

// CreateUser implements dbplugin.DatabaseServer.
func (db *database) CreateUser(_ context.Context, req *dbplugin.CreateUserRequest) (*dbplugin.CreateUserResponse, error) {
	statements := req.GetStatements().GetCreation()
	if len(statements) == 0 {
		return nil, dbutil.ErrEmptyCreationStatement
	}
	name, err := credsutil.GenerateUsername(
		credsutil.DisplayName(req.GetUsernameConfig().GetDisplayName(), 8), credsutil.RoleName(req.GetUsernameConfig().GetRoleName(), 8),
		credsutil.Separator("-"), credsutil.MaxLength(63))
	if err != nil {
		return nil, err
	}
	password, err := credsutil.RandomAlphaNumeric(passwordLength, true)
	if err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	err = db.change(func(users map[string]*user) error {
		users[name] = &user{Password: password, Expires: req.GetExpiration().AsTime()}
		users[name].ran(name, statements)
		return nil
	})
	return &dbplugin.CreateUserResponse{Username: name, Password: password}, err
}

// RenewUser implements dbplugin.DatabaseServer.
func (db *database) RenewUser(_ context.Context, req *dbplugin.RenewUserRequest) (*dbplugin.Empty, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	return &dbplugin.Empty{}, db.update(req.GetUsername(), req.GetStatements().GetRenewal(), func(u *user) { u.Expires = req.GetExpiration().AsTime() })
}

// RevokeUser implements dbplugin.DatabaseServer: without statements, the user is dropped; with
// some, it loses its password.
func (db *database) RevokeUser(_ context.Context, req *dbplugin.RevokeUserRequest) (*dbplugin.Empty, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if statements := req.GetStatements().GetRevocation(); len(statements) > 0 {
		return &dbplugin.Empty{}, db.update(req.GetUsername(), statements, func(u *user) { u.Password = "" })
	}
	return &dbplugin.Empty{}, db.change(func(users map[string]*user) error {
		delete(users, req.GetUsername())
		return nil
	})
}

// GenerateCredentials implements dbplugin.DatabaseServer.
func (db *database) GenerateCredentials(context.Context, *dbplugin.Empty) (*dbplugin.GenerateCredentialsResponse, error) {
	password, err := credsutil.RandomAlphaNumeric(passwordLength, true)
	return &dbplugin.GenerateCredentialsResponse{Password: password}, err
}

// SetCredentials implements dbplugin.DatabaseServer.
func (db *database) SetCredentials(_ context.Context, req *dbplugin.SetCredentialsRequest) (*dbplugin.SetCredentialsResponse, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.settings.NoStatic {
		return nil, dbutil.Unimplemented()
	}
	name, password := req.GetStaticUserConfig().GetUsername(), req.GetStaticUserConfig().GetPassword()
	err := db.update(name, req.GetStatements().GetRotation(), func(u *user) { u.Password = password })
	return &dbplugin.SetCredentialsResponse{Username: name, Password: password}, err
}

// RotateRootCredentials implements dbplugin.DatabaseServer.
func (db *database) RotateRootCredentials(_ context.Context, req *dbplugin.RotateRootCredentialsRequest) (*dbplugin.RotateRootCredentialsResponse, error) {
	password, err := credsutil.RandomAlphaNumeric(passwordLength, true)
	if err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := db.update(db.settings.Username, req.GetStatements(), func(u *user) { u.Password = password }); err != nil {
		return nil, err
	}
	db.settings.Password = password
	config, err := json.Marshal(db.settings)
	return &dbplugin.RotateRootCredentialsResponse{Config: config}, err
}
