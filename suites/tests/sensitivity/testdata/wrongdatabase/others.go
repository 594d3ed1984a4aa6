// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"sync"

	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"
)

// otherDefects are those that show in users, or in what is theirs, that a request does not name.
func otherDefects() map[string]defect {
	return map[string]defect{
		"changing-everybody": {change: everybody(func(db *database, names func() []string) {
			db.updateUser = func(ctx context.Context, req dbplugin.UpdateUserRequest) (resp dbplugin.UpdateUserResponse, err error) {
				asked := req.Username
				for _, name := range append(names(), asked) {
					if req.Username = name; name == asked || req.Password != nil && asked != "root" {
						resp, err = db.right.UpdateUser(ctx, req)
					}
				}
				return resp, err
			}
		})},
		"deleting-everybody": {change: everybody(func(db *database, names func() []string) {
			db.deleteUser = func(ctx context.Context, req dbplugin.DeleteUserRequest) (resp dbplugin.DeleteUserResponse, err error) {
				for _, name := range append(names(), req.Username) {
					req.Username = name
					resp, err = db.right.DeleteUser(ctx, req)
				}
				return resp, err
			}
		})},
		"renewing-password": {change: func(db *database) {
			db.updateUser = func(ctx context.Context, req dbplugin.UpdateUserRequest) (dbplugin.UpdateUserResponse, error) {
				if req.Password == nil && req.Expiration != nil {
					req.Password = &dbplugin.ChangePassword{}
				}
				return db.right.UpdateUser(ctx, req)
			}
		}},
	}
}

// everybody makes a connection wrong that knows the users that it created.
func everybody(change func(db *database, names func() []string)) func(db *database) {
	return func(db *database) {
		var mu sync.Mutex
		var created []string
		db.newUser = func(ctx context.Context, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
			made, err := db.right.NewUser(ctx, req)
			mu.Lock()
			defer mu.Unlock()
			created = append(created, made.Username)
			return made, err
		}
		change(db, func() []string {
			mu.Lock()
			defer mu.Unlock()
			return append([]string(nil), created...)
		})
	}
}
