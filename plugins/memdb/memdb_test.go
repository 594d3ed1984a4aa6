// SPDX-License-Identifier: MPL-2.0

package memdb_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"

	"github.com/plugproof/plugproof/plugins/memdb"
)

// connection is one of a database in a file of the test.
type connection struct {
	dbplugin.Database
	t    *testing.T
	file string
}

// connect makes a connection without initializing it.
func connect(t *testing.T) connection {
	t.Helper()
	made, err := memdb.New()()
	if err != nil {
		t.Fatal(err)
	}
	return connection{made.(dbplugin.Database), t, filepath.Join(t.TempDir(), "users.json")}
}

func (c connection) initialize(password string, verify bool) error {
	_, err := c.Initialize(context.Background(), dbplugin.InitializeRequest{
		Config:           map[string]any{"connection_url": "memdb://" + c.file, "username": "root", "password": password},
		VerifyConnection: verify,
	})
	return err
}

func (c connection) users() map[string]memdb.User {
	c.t.Helper()
	raw, err := os.ReadFile(c.file)
	if err != nil {
		c.t.Fatal(err)
	}
	var users map[string]memdb.User
	if err := json.Unmarshal(raw, &users); err != nil {
		c.t.Fatal(err)
	}
	return users
}

func TestUsers(t *testing.T) {
	t.Parallel()
	c := connect(t)
	if err := c.initialize("secret", true); err != nil {
		t.Fatal(err)
	}
	made, err := c.NewUser(t.Context(), dbplugin.NewUserRequest{
		UsernameConfig: dbplugin.UsernameMetadata{DisplayName: "token", RoleName: "reader"}, Password: "p1",
		Statements: dbplugin.Statements{Commands: []string{"CREATE USER {{name}}; GRANT read", "GRANT write"}},
	})
	if err != nil || !strings.HasPrefix(made.Username, "v-token-reader-") {
		t.Fatalf("%q %v", made.Username, err)
	}
	if user := c.users()[made.Username]; user.Password != "p1" || strings.Join(user.Grants, " ") != "read write" {
		t.Errorf("%+v", user)
	}
	later := time.Now().Add(time.Hour).Truncate(time.Second)
	_, err = c.UpdateUser(t.Context(), dbplugin.UpdateUserRequest{
		Username: made.Username, Password: &dbplugin.ChangePassword{NewPassword: "p2"}, Expiration: &dbplugin.ChangeExpiration{NewExpiration: later},
	})
	if user := c.users()[made.Username]; err != nil || user.Password != "p2" || !user.Expires.Equal(later) {
		t.Errorf("%+v %v", user, err)
	}
	for range 2 { // the second time there is nobody
		if _, err := c.DeleteUser(t.Context(), dbplugin.DeleteUserRequest{Username: made.Username}); err != nil {
			t.Error(err)
		}
	}
	if _, there := c.users()[made.Username]; there {
		t.Error("the user is still there")
	}
}

// TestFailedStatement: nothing of a request that fails remains.
func TestFailedStatement(t *testing.T) {
	t.Parallel()
	c := connect(t)
	if err := c.initialize("secret", true); err != nil {
		t.Fatal(err)
	}
	for _, commands := range [][]string{nil, {"CREATE USER {{name}}", "nonsense"}} {
		if _, err := c.NewUser(t.Context(), dbplugin.NewUserRequest{Password: "p", Statements: dbplugin.Statements{Commands: commands}}); err == nil {
			t.Errorf("%v: no error", commands)
		}
	}
	if _, err := c.UpdateUser(t.Context(), dbplugin.UpdateUserRequest{Username: "nobody", Password: &dbplugin.ChangePassword{NewPassword: "p"}}); err == nil {
		t.Error("a user who does not exist was changed")
	}
	if users := c.users(); len(users) != 1 {
		t.Errorf("%v", users)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	c := connect(t)
	if err := c.initialize("secret", true); err != nil {
		t.Fatal(err)
	}
	err := c.initialize("planted-password", true)
	if err == nil || strings.Contains(err.Error(), "planted-password") {
		t.Errorf("wrong password: %v", err)
	}
	if err := c.initialize("planted-password", false); err != nil {
		t.Errorf("without a check: %v", err)
	}
	for _, config := range []map[string]any{{}, {"connection_url": "postgres:///x"}, {"connection_url": "memdb://"}, {"connection_url": "memdb:///x", "username_template": "{{"}} {
		if _, err := c.Initialize(t.Context(), dbplugin.InitializeRequest{Config: config}); err == nil {
			t.Errorf("%v: no error", config)
		}
	}
}
