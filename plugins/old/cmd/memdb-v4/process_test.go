// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/database/dbplugin"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/helper/wrapping"
)

// noServer is for plugins in metadata mode, which ask the server for nothing.
type noServer struct{}

func (noServer) MlockEnabled() bool { return false }

func (noServer) ResponseWrapData(context.Context, map[string]interface{}, time.Duration, bool) (*wrapping.ResponseWrapInfo, error) {
	return nil, context.Canceled
}

// TestProcess uses the plugin with the SDK it was built with.
func TestProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "memdb-v4")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(binary)
	db, err := dbplugin.NewPluginClient(t.Context(), noServer{}, &pluginutil.PluginRunner{Name: "old", Command: path, Sha256: sum[:]}, hclog.NewNullLogger(), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	file := filepath.Join(t.TempDir(), "users.json")
	config := map[string]interface{}{"connection_url": "memdb://" + file, "username": "root", "password": "planted"}
	if _, err := db.Init(t.Context(), config, true); err != nil {
		t.Fatal(err)
	}
	name, password, err := db.CreateUser(t.Context(), dbplugin.Statements{Creation: []string{"CREATE USER {{name}}"}}, dbplugin.UsernameConfig{DisplayName: "token", RoleName: "r"}, time.Now())
	if err != nil || !strings.HasPrefix(name, "v-token-r-") || password == "" {
		t.Fatalf("%q %q %v", name, password, err)
	}
	stored, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(stored), password) || !strings.Contains(string(stored), "CREATE USER "+name) {
		t.Errorf("%s %v", stored, err)
	}
	config["password"] = "another-planted"
	if _, err := db.Init(t.Context(), config, true); err == nil {
		t.Errorf("wrong password: %v", err)
	}
}
