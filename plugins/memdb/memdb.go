// SPDX-License-Identifier: MPL-2.0

// Package memdb is a database plugin whose database is a JSON file: its users, their
// passwords, what they were granted and until when they live. The file stands for the
// database server, so that the plugin can be tried without one.
//
// connection_url names the file, as memdb:///var/lib/users.json, or a database in the
// memory of the process, as memdb://memory/users. With username and
// password, or private_key, in the configuration, the plugin logs in as that user of the
// file; a file that is empty or not there yet takes the first one who logs in.
package memdb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"
	"github.com/hashicorp/vault/sdk/helper/template"
)

// typeName is what the plugin calls its database.
const typeName = "memdb"

// inMemory is the host of databases that end with the process.
const inMemory = "memory"

// defaultUsername is how the names of users are made unless username_template says
// otherwise.
const defaultUsername = `{{ printf "v-%s-%s-%s-%s" (.DisplayName | truncate 8) (.RoleName | truncate 8) (random 20) (unix_time) | truncate 63 }}`

// settings are the configuration of one connection.
type settings struct {
	ConnectionURL    string `mapstructure:"connection_url"`
	Username         string `mapstructure:"username"`
	Password         string `mapstructure:"password"`
	PrivateKey       string `mapstructure:"private_key"`
	UsernameTemplate string `mapstructure:"username_template"`
}

// database is one connection. The server makes one for each of its configurations.
type database struct {
	files *files

	mu       sync.Mutex
	settings settings
	file     *file
	names    template.StringTemplate
}

// New returns what makes the connections of one plugin process. They are not
// initialized yet, and their errors have no passwords.
func New() func() (any, error) {
	open := &files{}
	return func() (any, error) {
		db := &database{files: open}
		return dbplugin.NewDatabaseErrorSanitizerMiddleware(db, db.secrets), nil
	}
}

// secrets returns what errors must not show, and what they show instead.
func (db *database) secrets() map[string]string {
	db.mu.Lock()
	defer db.mu.Unlock()
	return map[string]string{db.settings.Password: "[password]", db.settings.PrivateKey: "[private_key]"}
}

// Type implements dbplugin.Database.
func (db *database) Type() (string, error) { return typeName, nil }

// Close implements dbplugin.Database. A file needs no closing.
func (db *database) Close() error { return nil }

// Initialize implements dbplugin.Database.
func (db *database) Initialize(_ context.Context, req dbplugin.InitializeRequest) (dbplugin.InitializeResponse, error) {
	var s settings
	if err := mapstructure.WeakDecode(req.Config, &s); err != nil {
		return dbplugin.InitializeResponse{}, err
	}
	if s.ConnectionURL == "" {
		return dbplugin.InitializeResponse{}, errors.New("connection_url cannot be empty")
	}
	u, err := url.Parse(s.ConnectionURL)
	if err != nil {
		return dbplugin.InitializeResponse{}, err
	}
	if u.Scheme != typeName || u.Path == "" {
		return dbplugin.InitializeResponse{}, fmt.Errorf("connection_url must be %s:///path/of/file", typeName)
	}
	if s.UsernameTemplate == "" {
		s.UsernameTemplate = defaultUsername
	}
	names, err := template.NewTemplate(template.Template(s.UsernameTemplate))
	if err != nil {
		return dbplugin.InitializeResponse{}, fmt.Errorf("unable to initialize username template: %w", err)
	}
	if _, err := names.Generate(dbplugin.UsernameMetadata{}); err != nil {
		return dbplugin.InitializeResponse{}, fmt.Errorf("invalid username template: %w", err)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.settings, db.names, db.file = s, names, db.files.open(u.Host, u.Path)
	if req.VerifyConnection {
		if err := db.file.change(db.login); err != nil {
			return dbplugin.InitializeResponse{}, fmt.Errorf("error verifying connection: %w", err)
		}
	}
	resp := dbplugin.InitializeResponse{Config: req.Config}
	resp.SetSupportedCredentialTypes([]dbplugin.CredentialType{dbplugin.CredentialTypePassword, dbplugin.CredentialTypeRSAPrivateKey})
	return resp, nil
}

// login checks that the connection's own user has the configured password or key, as every
// request to a database server begins with. The first user of a new file is created.
func (db *database) login(users map[string]User) error {
	if db.settings.Username == "" {
		return nil
	}
	known, ok := users[db.settings.Username]
	switch {
	case !ok && len(users) == 0:
		users[db.settings.Username] = User{Password: db.settings.Password}
	case !ok || !known.Expires.IsZero() && known.Expires.Before(time.Now()) || !known.proves(db.settings):
		return fmt.Errorf("login failed for user %q", db.settings.Username)
	}
	return nil
}

// do logs in and changes the users.
func (db *database) do(change func(users map[string]User) error) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.file == nil {
		return errors.New("the connection is not initialized")
	}
	return db.file.change(func(users map[string]User) error {
		if err := db.login(users); err != nil {
			return err
		}
		return change(users)
	})
}
