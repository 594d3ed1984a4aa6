// SPDX-License-Identifier: MPL-2.0

// Command wrongdatabase is the sample plugin memdb with one defect, which the
// registered variable WRONG names; without it there is none.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"

	"github.com/plugproof/plugproof/plugins/memdb"
)

func main() {
	wrong := os.Getenv("WRONG")
	d, ok := defects()[wrong]
	if !ok && wrong != "" {
		fmt.Fprintf(os.Stderr, "no defect %q\n", wrong)
		os.Exit(1)
	}
	end := func() {}
	if d.process != nil {
		end = d.process()
	}
	right := memdb.New()
	factory := func() (any, error) {
		made, err := right()
		if err != nil {
			return nil, err
		}
		db := &database{right: made.(dbplugin.Database)}
		if d.change != nil {
			d.change(db)
		}
		return db, nil
	}
	if d.single {
		db, err := factory()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		dbplugin.Serve(db.(dbplugin.Database))
	} else {
		dbplugin.ServeMultiplex(factory)
	}
	end()
}

// defect is one thing that is wrong.
type defect struct {
	// process runs before the process serves, and what it returns after that.
	process func() (end func())
	// single serves without multiplexing.
	single bool
	// change makes one connection wrong.
	change func(db *database)
}

// database is a connection whose functions a defect may replace; nil ones are right.
type database struct {
	right  dbplugin.Database
	line   line
	config map[string]any
	used   atomic.Bool

	kind       func() (string, error)
	initialize func(context.Context, dbplugin.InitializeRequest) (dbplugin.InitializeResponse, error)
	newUser    func(context.Context, dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error)
	updateUser func(context.Context, dbplugin.UpdateUserRequest) (dbplugin.UpdateUserResponse, error)
	deleteUser func(context.Context, dbplugin.DeleteUserRequest) (dbplugin.DeleteUserResponse, error)
	end        func() error
}

func (db *database) Type() (string, error) {
	if db.kind != nil {
		return db.kind()
	}
	return db.right.Type()
}

func (db *database) Initialize(ctx context.Context, req dbplugin.InitializeRequest) (dbplugin.InitializeResponse, error) {
	db.config = req.Config
	db.line.address = db.setting("address")
	if req.VerifyConnection {
		if err := db.line.ask(ctx); err != nil {
			return dbplugin.InitializeResponse{}, err
		}
	}
	if db.initialize != nil {
		return db.initialize(ctx, req)
	}
	return db.right.Initialize(ctx, req)
}

func (db *database) NewUser(ctx context.Context, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
	db.used.Store(true)
	if err := db.line.ask(ctx); err != nil {
		return dbplugin.NewUserResponse{}, err
	}
	if db.newUser != nil {
		return db.newUser(ctx, req)
	}
	return db.right.NewUser(ctx, req)
}

func (db *database) UpdateUser(ctx context.Context, req dbplugin.UpdateUserRequest) (dbplugin.UpdateUserResponse, error) {
	db.used.Store(true)
	if err := db.line.ask(ctx); err != nil {
		return dbplugin.UpdateUserResponse{}, err
	}
	if db.updateUser != nil {
		return db.updateUser(ctx, req)
	}
	return db.right.UpdateUser(ctx, req)
}

func (db *database) DeleteUser(ctx context.Context, req dbplugin.DeleteUserRequest) (dbplugin.DeleteUserResponse, error) {
	db.used.Store(true)
	if err := db.line.ask(ctx); err != nil {
		return dbplugin.DeleteUserResponse{}, err
	}
	if db.deleteUser != nil {
		return db.deleteUser(ctx, req)
	}
	return db.right.DeleteUser(ctx, req)
}

func (db *database) Close() error {
	db.line.close()
	if db.end != nil {
		return db.end()
	}
	return db.right.Close()
}

// setting returns a text of the configuration.
func (db *database) setting(name string) string {
	text, _ := db.config[name].(string)
	return text
}

// alone reports whether the process is that of the registration that one scenario at a
// time has for itself: what goes wrong there disturbs no other scenario.
func alone() bool {
	return strings.Contains(os.Getenv("PLUGPROOF_REGISTRATION"), "-second")
}
