// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"
)

// failureDefects are those that show when a statement, or the database, fails.
func failureDefects() map[string]defect {
	return map[string]defect{
		"swallowing-creation": onNew(func(ctx context.Context, db *database, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			made, err := db.right.NewUser(ctx, req)
			if err != nil && len(req.Statements.Commands) > 0 {
				return dbplugin.NewUserResponse{Username: "somebody"}, nil
			}
			return made, err
		}),
		"swallowing-revocation": {change: func(db *database) {
			db.deleteUser = func(ctx context.Context, req dbplugin.DeleteUserRequest) (dbplugin.DeleteUserResponse, error) {
				_, _ = db.right.DeleteUser(ctx, req)
				return dbplugin.DeleteUserResponse{}, nil
			}
		}},
		"own-statements": {change: func(db *database) {
			db.deleteUser = func(ctx context.Context, req dbplugin.DeleteUserRequest) (dbplugin.DeleteUserResponse, error) {
				req.Statements.Commands = nil
				return db.right.DeleteUser(ctx, req)
			}
		}},
		"only-parsing-rotation": onUpdate(func(ctx context.Context, db *database, req dbplugin.UpdateUserRequest) (dbplugin.UpdateUserResponse, error) {
			if req.Password != nil && parses(req.Password.Statements.Commands, "ALTER USER") {
				req.Password.Statements.Commands = nil
			}
			return db.right.UpdateUser(ctx, req)
		}),
		"only-parsing-revocation": {change: func(db *database) {
			db.deleteUser = func(ctx context.Context, req dbplugin.DeleteUserRequest) (dbplugin.DeleteUserResponse, error) {
				if parses(req.Statements.Commands, "DROP USER") {
					req.Statements.Commands = nil
				}
				return db.right.DeleteUser(ctx, req)
			}
		}},
		"swallowing-password": onUpdate(func(ctx context.Context, db *database, req dbplugin.UpdateUserRequest) (dbplugin.UpdateUserResponse, error) {
			resp, err := db.right.UpdateUser(ctx, req)
			if req.Password != nil {
				err = nil
			}
			return resp, err
		}),
		"leaving-users": onNew(func(ctx context.Context, db *database, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			made, err := db.right.NewUser(ctx, req)
			if last := len(req.Statements.Commands) - 1; err != nil && last > 0 {
				req.Statements.Commands = req.Statements.Commands[:last]
				_, _ = db.right.NewUser(ctx, req)
			}
			return made, err
		}),
		"leaving-some-users": onNew(func(ctx context.Context, db *database, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			made, err := db.right.NewUser(ctx, req)
			last := len(req.Statements.Commands) - 1
			if err != nil && last > 0 && strings.HasPrefix(req.Statements.Commands[last], "GRANT") {
				req.Statements.Commands = req.Statements.Commands[:last]
				_, _ = db.right.NewUser(ctx, req)
			}
			return made, err
		}),
		"swallowing-refusals": {change: func(db *database) {
			db.deleteUser = func(ctx context.Context, req dbplugin.DeleteUserRequest) (dbplugin.DeleteUserResponse, error) {
				resp, err := db.right.DeleteUser(ctx, req)
				if err != nil && strings.Contains(err.Error(), "login failed") {
					err = nil
				}
				return resp, err
			}
		}},
		"panicking-on-settings": {change: func(db *database) {
			db.initialize = func(ctx context.Context, req dbplugin.InitializeRequest) (dbplugin.InitializeResponse, error) {
				_ = req.Config["connection_url"].(string)
				return db.right.Initialize(ctx, req)
			}
		}},
		"password-in-user-error": onNew(func(ctx context.Context, db *database, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			made, err := db.right.NewUser(ctx, req)
			if err != nil {
				err = fmt.Errorf("new user with the password %q: %w", req.Password, err)
			}
			return made, err
		}),
		"ignoring-outages": {change: func(db *database) { db.line.deaf = true }},
		"keeping-broken":   {change: func(db *database) { db.line.stubborn = true }},
		"waiting-for-ever": {change: func(db *database) { db.line.patient = true }},
	}
}

// parses reports whether all statements begin as they should.
func parses(statements []string, begin string) bool {
	for _, statement := range statements {
		if !strings.HasPrefix(statement, begin) {
			return false
		}
	}
	return true
}

// nameDefects are those of the settings of a connection, and of what is made of them.
func nameDefects() map[string]defect {
	with := func(change func(config map[string]any)) func(db *database) {
		return func(db *database) {
			db.initialize = func(ctx context.Context, req dbplugin.InitializeRequest) (dbplugin.InitializeResponse, error) {
				given := req.Config
				req.Config = maps.Clone(given)
				change(req.Config)
				resp, err := db.right.Initialize(ctx, req)
				supported := resp.Config[dbplugin.SupportedCredentialTypesKey]
				resp.Config = maps.Clone(given)
				resp.Config[dbplugin.SupportedCredentialTypesKey] = supported
				return resp, err
			}
		}
	}
	return map[string]defect{
		"ignoring-template": {change: with(func(config map[string]any) { delete(config, "username_template") })},
		"cutting-names": {change: with(func(config map[string]any) {
			if config["username_template"] == nil {
				config["username_template"] = `{{ printf "v-%s-%s-%s" .DisplayName .RoleName (random 20) | truncate 40 }}`
			}
		})},
		"showing-password": {change: func(db *database) {
			db.initialize = func(ctx context.Context, req dbplugin.InitializeRequest) (dbplugin.InitializeResponse, error) {
				resp, err := db.right.Initialize(ctx, req)
				resp.Config = maps.Clone(resp.Config)
				resp.Config["dsn"] = db.setting("username") + ":" + db.setting("password")
				return resp, err
			}
		}},
		"sharing-settings":    {change: sharingSettings()},
		"keeping-connections": {change: keepingConnections()},
	}
}

// sharingSettings lets all connections of the process use what was configured last.
func sharingSettings() func(db *database) {
	var mu sync.Mutex
	var last map[string]any
	return func(db *database) {
		db.initialize = func(ctx context.Context, req dbplugin.InitializeRequest) (dbplugin.InitializeResponse, error) {
			mu.Lock()
			last = req.Config
			mu.Unlock()
			return db.right.Initialize(ctx, req)
		}
		db.newUser = func(ctx context.Context, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			mu.Lock()
			config := last
			mu.Unlock()
			if alone() {
				if _, err := db.right.Initialize(ctx, dbplugin.InitializeRequest{Config: config}); err != nil {
					return dbplugin.NewUserResponse{}, err
				}
			}
			return db.right.NewUser(ctx, req)
		}
	}
}

// keepingConnections keeps a descriptor of each connection that was used.
func keepingConnections() func(db *database) {
	var kept sync.Map
	return func(db *database) {
		db.end = func() error {
			if opened, err := os.Open(os.DevNull); err == nil && db.used.Load() {
				kept.Store(db, opened)
			}
			return db.right.Close()
		}
	}
}

// lifeDefects are those of users' passwords, keys and times.
func lifeDefects() map[string]defect {
	return map[string]defect{
		"never-expiring": onNew(func(ctx context.Context, db *database, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			req.Expiration = time.Time{}
			return db.right.NewUser(ctx, req)
		}),
		"ignoring-renewals": onUpdate(func(ctx context.Context, db *database, req dbplugin.UpdateUserRequest) (dbplugin.UpdateUserResponse, error) {
			if req.Expiration != nil {
				return dbplugin.UpdateUserResponse{}, nil
			}
			return db.right.UpdateUser(ctx, req)
		}),
		"keyless": onNew(func(ctx context.Context, db *database, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			req.PublicKey = nil
			return db.right.NewUser(ctx, req)
		}),
		"mixing-passwords": {change: func() func(db *database) {
			var mu sync.Mutex
			var password string
			return func(db *database) {
				db.newUser = func(ctx context.Context, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
					mu.Lock()
					password = req.Password
					mu.Unlock()
					if alone() && req.Password != "" {
						time.Sleep(5 * time.Millisecond)
						mu.Lock()
						req.Password = password
						mu.Unlock()
					}
					return db.right.NewUser(ctx, req)
				}
			}
		}()},
		"rotating-once": {change: func() func(db *database) {
			var changed sync.Map
			return func(db *database) {
				db.updateUser = func(ctx context.Context, req dbplugin.UpdateUserRequest) (dbplugin.UpdateUserResponse, error) {
					if _, again := changed.LoadOrStore(req.Username, true); again && req.Password != nil && req.Username != db.setting("username") {
						return dbplugin.UpdateUserResponse{}, nil
					}
					return db.right.UpdateUser(ctx, req)
				}
			}
		}()},
		"failing-type": {change: func(db *database) {
			db.kind = func() (string, error) { return "", errors.New("not connected") }
		}},
	}
}
