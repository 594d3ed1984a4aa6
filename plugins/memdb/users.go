// SPDX-License-Identifier: MPL-2.0

package memdb

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"
	"github.com/hashicorp/vault/sdk/database/helper/dbutil"
)

// The statements that the database knows. {{name}} and {{username}} are the user,
// {{password}} the password, {{expiration}} the time.
const (
	createStatement = "CREATE USER"
	grantStatement  = "GRANT "
	alterStatement  = "ALTER USER"
	dropStatement   = "DROP USER"
)

// namedPassword matches a password in a statement.
var namedPassword = regexp.MustCompile(`PASSWORD '([^']*)'`)

// timeFormat is how {{expiration}} is written.
const timeFormat = time.RFC3339

// proves reports whether the settings have the password or the key of the user.
func (u User) proves(s settings) bool {
	if s.PrivateKey == "" {
		return u.Password != "" && u.Password == s.Password
	}
	private, _ := pem.Decode([]byte(s.PrivateKey))
	public, _ := pem.Decode([]byte(u.PublicKey))
	if private == nil || public == nil {
		return false
	}
	key, err := x509.ParsePKCS8PrivateKey(private.Bytes)
	if err != nil {
		return false
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return false
	}
	known, err := x509.MarshalPKIXPublicKey(signer.Public())
	return err == nil && bytes.Equal(known, public.Bytes)
}

// NewUser implements dbplugin.Database. The statements must create the user.
func (db *database) NewUser(_ context.Context, req dbplugin.NewUserRequest) (dbplugin.NewUserResponse, error) {
	if len(req.Statements.Commands) == 0 {
		return dbplugin.NewUserResponse{}, dbutil.ErrEmptyCreationStatement
	}
	var name string
	err := db.do(func(users map[string]User) error {
		var err error
		if name, err = db.names.Generate(req.UsernameConfig); err != nil {
			return fmt.Errorf("unable to generate username: %w", err)
		}
		user := User{Password: req.Password, PublicKey: string(req.PublicKey), Expires: req.Expiration}
		return execute(users, name, user, req.Statements.Commands)
	})
	if err != nil {
		return dbplugin.NewUserResponse{}, err
	}
	return dbplugin.NewUserResponse{Username: name}, nil
}

// UpdateUser implements dbplugin.Database.
func (db *database) UpdateUser(_ context.Context, req dbplugin.UpdateUserRequest) (dbplugin.UpdateUserResponse, error) {
	err := db.do(func(users map[string]User) error {
		user, ok := users[req.Username]
		if !ok {
			return fmt.Errorf("user %q does not exist", req.Username)
		}
		commands := []string{alterStatement + " {{name}}"}
		if req.Password != nil {
			user.Password = req.Password.NewPassword
			commands = orDefault(req.Password.Statements.Commands, commands)
		}
		if req.PublicKey != nil {
			user.PublicKey = string(req.PublicKey.NewPublicKey)
			commands = orDefault(req.PublicKey.Statements.Commands, commands)
		}
		if req.Expiration != nil {
			user.Expires = req.Expiration.NewExpiration
			commands = orDefault(req.Expiration.Statements.Commands, commands)
		}
		return execute(users, req.Username, user, commands)
	})
	return dbplugin.UpdateUserResponse{}, err
}

// DeleteUser implements dbplugin.Database. A user who is gone already is not an error: a
// revocation may be tried again.
func (db *database) DeleteUser(_ context.Context, req dbplugin.DeleteUserRequest) (dbplugin.DeleteUserResponse, error) {
	err := db.do(func(users map[string]User) error {
		user, ok := users[req.Username]
		if !ok {
			return nil
		}
		return execute(users, req.Username, user, orDefault(req.Statements.Commands, []string{dropStatement + " {{name}}"}))
	})
	return dbplugin.DeleteUserResponse{}, err
}

func orDefault(commands, otherwise []string) []string {
	if len(commands) == 0 {
		return otherwise
	}
	return commands
}

// execute runs statements about one user. All are run or none: the users are stored
// only if there is no error.
func execute(users map[string]User, name string, user User, commands []string) error {
	values := map[string]string{
		"name": name, "username": name, "password": user.Password, "public_key": user.PublicKey, "expiration": user.Expires.Format(timeFormat),
	}
	for _, command := range commands {
		for _, statement := range strings.Split(command, ";") {
			statement = strings.TrimSpace(dbutil.QueryHelper(statement, values))
			name := name
			if words := strings.Fields(statement); len(words) > 2 && words[1] == "USER" {
				name = words[2]
			}
			if named := namedPassword.FindStringSubmatch(statement); named != nil {
				user.Password = named[1]
			}
			switch {
			case statement == "":
			case strings.HasPrefix(statement, createStatement):
				if _, ok := users[name]; ok {
					return fmt.Errorf("user %q exists", name)
				}
				users[name] = user
			case strings.HasPrefix(statement, alterStatement):
				users[name] = user
			case strings.HasPrefix(statement, grantStatement):
				user.Grants = append(user.Grants, strings.TrimPrefix(statement, grantStatement))
				users[name] = user
			case strings.HasPrefix(statement, dropStatement):
				delete(users, name)
			default:
				return fmt.Errorf("unknown statement %q", statement)
			}
		}
	}
	return nil
}
