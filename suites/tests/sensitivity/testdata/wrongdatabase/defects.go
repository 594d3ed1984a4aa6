// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"
)

// defects returns all of them by name.
func defects() map[string]defect {
	all := map[string]defect{}
	maps.Copy(all, connectionDefects())
	maps.Copy(all, userDefects())
	maps.Copy(all, processDefects())
	maps.Copy(all, otherDefects())
	maps.Copy(all, failureDefects())
	maps.Copy(all, nameDefects())
	maps.Copy(all, lifeDefects())
	return all
}

// connectionDefects are those of Initialize and Close.
func connectionDefects() map[string]defect {
	return map[string]defect{
		"refusing-settings": {change: func(db *database) {
			db.initialize = func(ctx context.Context, req dbplugin.InitializeRequest) (dbplugin.InitializeResponse, error) {
				if req.VerifyConnection {
					return dbplugin.InitializeResponse{}, errors.New("the settings are not understood")
				}
				return db.right.Initialize(ctx, req)
			}
		}},
		"never-verifying": {change: func(db *database) {
			db.initialize = func(ctx context.Context, req dbplugin.InitializeRequest) (dbplugin.InitializeResponse, error) {
				req.VerifyConnection = false
				return db.right.Initialize(ctx, req)
			}
		}},
		"always-verifying": {change: func(db *database) {
			db.initialize = func(ctx context.Context, req dbplugin.InitializeRequest) (dbplugin.InitializeResponse, error) {
				req.VerifyConnection = true
				return db.right.Initialize(ctx, req)
			}
		}},
		"forgetting-setting":  {change: func(db *database) { forget(db, "username_template") }},
		"forgetting-password": {change: func(db *database) { forget(db, "password") }},
		"password-in-error": {change: func(db *database) {
			db.initialize = func(ctx context.Context, req dbplugin.InitializeRequest) (dbplugin.InitializeResponse, error) {
				resp, err := db.right.Initialize(ctx, req)
				if err != nil {
					err = fmt.Errorf("%w, with the password %q", err, db.setting("password"))
				}
				return resp, err
			}
		}},
		"hanging-close": {change: func(db *database) {
			db.end = func() error {
				if !db.used.Load() && db.setting("username") == "root" {
					time.Sleep(1500 * time.Millisecond)
				}
				return db.right.Close()
			}
		}},
		"closing-all": {change: closingAll()},
	}
}

// forget leaves a setting out of what the server is to store.
func forget(db *database, setting string) {
	db.initialize = func(ctx context.Context, req dbplugin.InitializeRequest) (dbplugin.InitializeResponse, error) {
		resp, err := db.right.Initialize(ctx, req)
		resp.Config = maps.Clone(resp.Config)
		delete(resp.Config, setting)
		return resp, err
	}
}

// closingAll lets the end of one connection end the others of the process.
func closingAll() func(db *database) {
	var closed atomic.Bool
	return func(db *database) {
		db.newUser = func(ctx context.Context, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			if alone() && closed.Load() {
				return dbplugin.NewUserResponse{}, errors.New("the connection is closed")
			}
			return db.right.NewUser(ctx, req)
		}
		db.end = func() error {
			closed.Store(!db.used.Load())
			return db.right.Close()
		}
	}
}

// onNew makes NewUser wrong.
func onNew(f func(context.Context, *database, dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error)) defect {
	return defect{change: func(db *database) {
		db.newUser = func(ctx context.Context, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			return f(ctx, db, req)
		}
	}}
}

// onUpdate makes UpdateUser wrong.
func onUpdate(f func(context.Context, *database, dbplugin.UpdateUserRequest) (dbplugin.UpdateUserResponse, error)) defect {
	return defect{change: func(db *database) {
		db.updateUser = func(ctx context.Context, req dbplugin.UpdateUserRequest) (dbplugin.UpdateUserResponse, error) {
			return f(ctx, db, req)
		}
	}}
}

// userDefects are those of users.
func userDefects() map[string]defect {
	return map[string]defect{
		"failing-user": onNew(func(context.Context, *database, dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			return dbplugin.NewUserResponse{}, errors.New("no users today")
		}),
		"nameless-user": onNew(func(ctx context.Context, db *database, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			_, err := db.right.NewUser(ctx, req)
			return dbplugin.NewUserResponse{}, err
		}),
		"same-name": {change: func(db *database) {
			of := time.Now().UnixNano() // other connections have other names
			db.initialize = func(ctx context.Context, req dbplugin.InitializeRequest) (dbplugin.InitializeResponse, error) {
				given := req.Config
				req.Config = maps.Clone(given)
				req.Config["username_template"] = fmt.Sprintf("v-{{.RoleName}}-%d", of)
				resp, err := db.right.Initialize(ctx, req)
				resp.Config = given
				return resp, err
			}
		}},
		"other-password": onNew(func(ctx context.Context, db *database, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			req.Password += "x"
			return db.right.NewUser(ctx, req)
		}),
		"no-statements": onNew(func(ctx context.Context, db *database, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			if len(req.Statements.Commands) == 0 {
				return dbplugin.NewUserResponse{Username: "nobody"}, nil
			}
			return db.right.NewUser(ctx, req)
		}),
		"refusing-keys": onNew(func(ctx context.Context, db *database, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			if req.CredentialType != dbplugin.CredentialTypePassword {
				return dbplugin.NewUserResponse{}, errors.New("only passwords are supported")
			}
			return db.right.NewUser(ctx, req)
		}),
		"logging-passwords": onNew(func(ctx context.Context, db *database, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			fmt.Fprintf(os.Stderr, "new user with the password %s\n", req.Password)
			return db.right.NewUser(ctx, req)
		}),
		"refusing-expiration": onUpdate(func(ctx context.Context, db *database, req dbplugin.UpdateUserRequest) (dbplugin.UpdateUserResponse, error) {
			if req.Expiration != nil {
				return dbplugin.UpdateUserResponse{}, errors.New("users do not expire")
			}
			return db.right.UpdateUser(ctx, req)
		}),
		"ignoring-passwords": onUpdate(func(ctx context.Context, db *database, req dbplugin.UpdateUserRequest) (dbplugin.UpdateUserResponse, error) {
			if req.Password != nil {
				return dbplugin.UpdateUserResponse{}, nil
			}
			return db.right.UpdateUser(ctx, req)
		}),
		"fixed-own-password": onUpdate(func(ctx context.Context, db *database, req dbplugin.UpdateUserRequest) (dbplugin.UpdateUserResponse, error) {
			if req.Username == db.setting("username") {
				return dbplugin.UpdateUserResponse{}, nil
			}
			return db.right.UpdateUser(ctx, req)
		}),
		"keeping-users": {change: func(db *database) {
			db.deleteUser = func(context.Context, dbplugin.DeleteUserRequest) (dbplugin.DeleteUserResponse, error) {
				return dbplugin.DeleteUserResponse{}, nil
			}
		}},
		"deleting-once":     {change: deletingKnown(errors.New("user does not exist"), false)},
		"remembering-users": {change: deletingKnown(nil, true)},
	}
}

// deletingKnown deletes the users that the process, or the connection, has created and
// not deleted yet, and answers to others with err.
func deletingKnown(err error, ofConnection bool) func(db *database) {
	shared := &sync.Map{}
	return func(db *database) {
		known := shared
		if ofConnection {
			known = &sync.Map{}
		}
		db.newUser = func(ctx context.Context, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			resp, failed := db.right.NewUser(ctx, req)
			known.Store(resp.Username, true)
			return resp, failed
		}
		db.deleteUser = func(ctx context.Context, req dbplugin.DeleteUserRequest) (dbplugin.DeleteUserResponse, error) {
			if _, ok := known.LoadAndDelete(req.Username); !ok {
				return dbplugin.DeleteUserResponse{}, err
			}
			return db.right.DeleteUser(ctx, req)
		}
	}
}

// processDefects are those of the process.
func processDefects() map[string]defect {
	return map[string]defect{
		"talking": {process: func() func() {
			fmt.Println("hello")
			return func() {}
		}},
		"single": {single: true},
		"lingering-child": {process: func() func() {
			if len(os.Args) > 1 {
				time.Sleep(15 * time.Second)
				os.Exit(0)
			}
			child := exec.Command(os.Args[0], "child")
			child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			_ = child.Start() // without it, the defect is not found
			return func() {}
		}},
		"leaving-lock": leavingLock(),
		"racing":       {change: racing()},
		"counting-users": {change: func() func(db *database) {
			created := 0
			return func(db *database) {
				db.newUser = func(ctx context.Context, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
					created++
					return db.right.NewUser(ctx, req)
				}
			}
		}()},
	}
}

// leavingLock creates a file that a killed process leaves behind, and no users where
// there is one.
func leavingLock() defect {
	lock := filepath.Join(os.Getenv("WRONG_DIR"), filepath.Base(os.Getenv("PLUGPROOF_REGISTRATION"))+".lock")
	locked := false
	return defect{
		process: func() func() {
			_, err := os.Stat(lock)
			if locked = err == nil && alone(); locked {
				return func() {}
			}
			_ = os.WriteFile(lock, nil, 0o600)
			return func() { _ = os.Remove(lock) }
		},
		change: func(db *database) {
			db.newUser = func(ctx context.Context, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
				if locked {
					return dbplugin.NewUserResponse{}, errors.New("another process is running")
				}
				return db.right.NewUser(ctx, req)
			}
		},
	}
}

// racing gives two users who are created at the same time one name.
func racing() func(db *database) {
	var creating atomic.Int32
	return func(db *database) {
		db.newUser = func(ctx context.Context, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			defer creating.Add(-1)
			if creating.Add(1) > 1 && alone() {
				return dbplugin.NewUserResponse{Username: "somebody"}, nil
			}
			time.Sleep(20 * time.Millisecond)
			return db.right.NewUser(ctx, req)
		}
	}
}
