// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/plugins/memdb"
)

// dbServer is a mock with memdb registered and the database engine mounted.
type dbServer struct {
	*WithT
	t      *testing.T
	server *mockserver.Server
	client *api.Client
	dir    string
	sha    string
	file   string
}

func newDBServer(t *testing.T, options ...mockserver.Option) *dbServer {
	t.Helper()
	built, err := builtProbe()
	if err != nil {
		t.Fatal(err)
	}
	d := &dbServer{WithT: NewWithT(t), t: t, dir: t.TempDir(), sha: built.sums["memdb"], file: filepath.Join(t.TempDir(), "users.json")}
	d.Expect(os.Link(filepath.Join(built.dir, "memdb"), filepath.Join(d.dir, "memdb"))).To(Succeed())
	d.start(options...)
	d.register("memdb", "")
	d.Expect(d.client.Sys().MountWithContext(t.Context(), "db", &api.MountInput{Type: "database"})).To(Succeed())
	return d
}

func (d *dbServer) start(options ...mockserver.Option) {
	d.t.Helper()
	s, err := mockserver.Start(d.t.Context(), append([]mockserver.Option{mockserver.WithPluginDir(d.dir), mockserver.WithRootToken("root")}, options...)...)
	d.Expect(err).NotTo(HaveOccurred())
	d.server, d.client = s, clientOf(d.t, s.Address())
	d.t.Cleanup(func() { _ = s.Close() })
}

func (d *dbServer) register(name, version string, env ...string) {
	d.t.Helper()
	d.Expect(d.client.Sys().RegisterPluginWithContext(d.t.Context(), &api.RegisterPluginInput{
		Name: name, Type: api.PluginTypeDatabase, Version: version, Command: "memdb", SHA256: d.sha, Env: env,
	})).To(Succeed())
}

// configure makes a configuration of the database.
func (d *dbServer) configure(name string, more map[string]any) {
	d.t.Helper()
	data := map[string]any{"plugin_name": "memdb", "connection_url": "memdb://" + d.file, "username": "root", "password": "planted", "allowed_roles": "*"}
	for k, v := range more {
		data[k] = v
	}
	d.write("db/config/"+name, data)
}

func (d *dbServer) write(path string, data map[string]any) *api.Secret {
	d.t.Helper()
	secret, err := d.client.Logical().WriteWithContext(d.t.Context(), path, data)
	d.Expect(err).NotTo(HaveOccurred())
	return secret
}

func (d *dbServer) read(path string) *api.Secret {
	d.t.Helper()
	secret, err := d.client.Logical().ReadWithContext(d.t.Context(), path)
	d.Expect(err).NotTo(HaveOccurred())
	d.Expect(secret).NotTo(BeNil())
	return secret
}

// issue makes a role and credentials of it.
func (d *dbServer) issue() *api.Secret {
	d.t.Helper()
	d.write("db/roles/r", map[string]any{"db_name": "main", "creation_statements": "CREATE USER {{name}}; GRANT read", "default_ttl": "10m", "max_ttl": "1h"})
	return d.read("db/creds/r")
}

// users are those of the database.
func (d *dbServer) users() map[string]memdb.User {
	d.t.Helper()
	raw, err := os.ReadFile(d.file)
	d.Expect(err).NotTo(HaveOccurred())
	var users map[string]memdb.User
	d.Expect(json.Unmarshal(raw, &users)).To(Succeed())
	return users
}

func (d *dbServer) refused(method, path, body string, status int, text string) {
	d.t.Helper()
	got, answer := send(d.t, d.server.Address(), method, path, body)
	d.Expect(got).To(Equal(status), answer)
	d.Expect(answer).To(ContainSubstring(text))
}

func TestDatabaseCredentials(t *testing.T) {
	t.Parallel()
	d := newDBServer(t)
	d.configure("main", nil)
	issued := d.issue()
	name := issued.Data["username"].(string)
	d.Expect(name).To(HavePrefix("v-token-r-"))
	d.Expect(issued.LeaseDuration).To(Equal(600))
	user := d.users()[name]
	d.Expect(user.Password).To(Equal(issued.Data["password"]))
	d.Expect(user.Grants).To(ConsistOf("read"))
	d.Expect(time.Until(user.Expires)).To(BeNumerically("~", 10*time.Minute, 30*time.Second))

	_, err := d.client.Sys().RenewWithContext(t.Context(), issued.LeaseID, 1800)
	d.Expect(err).NotTo(HaveOccurred())
	d.Expect(time.Until(d.users()[name].Expires)).To(BeNumerically("~", 30*time.Minute, 30*time.Second))

	// A lease outlives its role.
	_, err = d.client.Logical().DeleteWithContext(t.Context(), "db/roles/r")
	d.Expect(err).NotTo(HaveOccurred())
	d.Expect(d.client.Sys().RevokeWithContext(t.Context(), issued.LeaseID)).To(Succeed())
	d.Expect(d.users()).NotTo(HaveKey(name))
}

func TestDatabaseUnmountRevokes(t *testing.T) {
	t.Parallel()
	d := newDBServer(t)
	d.configure("main", nil)
	name := d.issue().Data["username"].(string)
	d.Expect(d.client.Sys().UnmountWithContext(t.Context(), "db")).To(Succeed())
	d.Expect(d.users()).NotTo(HaveKey(name))
	d.Expect(d.server.Processes()).To(BeEmpty())
}

// TestDatabaseTime: leases end and static roles are rotated when their time comes.
func TestDatabaseTime(t *testing.T) {
	t.Parallel()
	clk := clock.New()
	d := newDBServer(t, mockserver.WithClock(clk))
	d.configure("main", nil)
	name := d.issue().Data["username"].(string)
	d.write("db/static-roles/s", map[string]any{"db_name": "main", "username": "root", "rotation_period": "1h"})
	// The role took over the connection's own user.
	first := d.read("db/static-creds/s").Data
	d.configure("main", map[string]any{"password": first["password"]})
	clk.Advance(11 * time.Minute)
	d.Expect(d.users()).NotTo(HaveKey(name))
	clk.Advance(50 * time.Minute)
	second := d.read("db/static-creds/s").Data
	d.Expect(second["password"]).NotTo(Equal(first["password"]))
	d.Expect(d.users()["root"].Password).To(Equal(second["password"]))
}

// TestDatabaseConnections: configurations share a process; connections are made again
// after the end of the process, a restart of the server, and when they are asked for.
func TestDatabaseConnections(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	d := newDBServer(t, mockserver.WithDataDir(data), mockserver.WithDialect("vault-1.16"))
	d.configure("main", nil)
	d.configure("other", nil)
	processes := d.server.Processes()
	d.Expect(processes).To(HaveLen(1))
	d.issue()

	process, err := os.FindProcess(processes[0].PID)
	d.Expect(err).NotTo(HaveOccurred())
	d.Expect(process.Kill()).To(Succeed())
	d.Eventually(func() int {
		status, _ := send(t, d.server.Address(), "GET", "db/creds/r", "")
		return status
	}).WithTimeout(10 * time.Second).Should(Equal(http.StatusOK))

	before := d.server.Processes()[0].PID
	d.register("memdb", "", "REGION=eu")
	d.Expect(d.write("db/reload/memdb", map[string]any{}).Data["connections"]).To(ConsistOf("main", "other"))
	d.Expect(d.server.Processes()).To(HaveLen(1))
	d.Expect(d.server.Processes()[0].PID).NotTo(Equal(before), "the new environment needs a new process")

	d.Expect(d.server.Close()).To(Succeed())
	d.start(mockserver.WithDataDir(data), mockserver.WithDialect("vault-1.16"))
	d.Expect(d.server.Processes()).To(BeEmpty())
	d.read("db/creds/r")
	d.Expect(d.server.Processes()).To(HaveLen(1))
}

// TestDatabaseHidesSecrets: what a server's version takes for a secret is not shown.
func TestDatabaseHidesSecrets(t *testing.T) {
	t.Parallel()
	for dialect, hidden := range map[string][]string{
		"vault-1.14": {"password", "private_key"}, "vault-1.15": {"password", "private_key", "service_account_json"}, "openbao-2.6": {"password", "private_key"},
	} {
		d := newDBServer(t, mockserver.WithDialect(dialect))
		d.configure("main", map[string]any{"private_key": "planted-key", "service_account_json": "planted-account"})
		details := d.read("db/config/main").Data["connection_details"].(map[string]any)
		for _, name := range []string{"username", "password", "private_key", "service_account_json"} {
			_, shown := details[name]
			d.Expect(shown).To(Equal(!slices.Contains(hidden, name)), "%s of %s", name, dialect)
		}
	}
}

func TestDatabaseRotateRoot(t *testing.T) {
	t.Parallel()
	d := newDBServer(t)
	d.write("sys/policies/password/letters", map[string]any{"policy": `length = 30
rule "charset" { charset = "xyz" min-chars = 1 }`})
	d.configure("main", map[string]any{"password_policy": "letters"})
	d.write("db/rotate-root/main", map[string]any{})
	d.Expect(d.users()["root"].Password).To(MatchRegexp("^[xyz]{30}$"))
	issued := d.issue()
	d.Expect(issued.Data["password"]).To(MatchRegexp("^[xyz]{30}$"))
	config := d.read("db/config/main").Data
	d.Expect(config["connection_details"]).NotTo(HaveKey("password"))
}

func TestDatabaseVersions(t *testing.T) {
	t.Parallel()
	d := newDBServer(t, mockserver.WithDialect("vault-1.21"))
	_, err := d.client.Logical().DeleteWithContext(t.Context(), "sys/plugins/catalog/database/memdb")
	d.Expect(err).NotTo(HaveOccurred())
	d.register("memdb", "v1.0.0")
	d.register("memdb", "v1.10.0")
	d.configure("main", nil)
	config := d.read("db/config/main")
	d.Expect(config.Data["plugin_version"]).To(Equal("v1.10.0"))
	d.Expect(config.Data["running_plugin_version"]).To(Equal("v1.10.0"))
	d.write("sys/plugins/pins/database/memdb", map[string]any{"version": "v1.0.0"})
	d.write("db/reset/main", map[string]any{})
	config = d.read("db/config/main")
	d.Expect(config.Data["running_plugin_version"]).To(Equal("v1.0.0"))
	d.Expect(config.Warnings).To(ContainElement(ContainSubstring("because that version is pinned")))
	d.refused("POST", "db/config/main", `{"plugin_version": "1.10.0"}`, 400, "as it is pinned")
}

// TestDatabaseRootRotation: from Vault 1.19 on, configurations have the fields of automated
// rotation, which community servers refuse to act on.
func TestDatabaseRootRotation(t *testing.T) {
	t.Parallel()
	old := newDBServer(t, mockserver.WithDialect("vault-1.18"))
	old.configure("main", nil)
	old.Expect(old.read("db/config/main").Data).NotTo(HaveKey("rotation_period"))
	d := newDBServer(t, mockserver.WithDialect("vault-1.21"))
	d.configure("main", map[string]any{"disable_automated_rotation": true, "skip_static_role_import_rotation": true})
	config := d.read("db/config/main").Data
	d.Expect(config).To(And(HaveKeyWithValue("rotation_schedule", ""), HaveKeyWithValue("rotation_period", json.Number("0")), HaveKeyWithValue("rotation_window", json.Number("0")),
		HaveKeyWithValue("disable_automated_rotation", true), HaveKeyWithValue("skip_static_role_import_rotation", false), Not(HaveKey("rotation_policy"))))
	d.Expect(config["connection_details"]).NotTo(Or(HaveKey("disable_automated_rotation"), HaveKey("skip_static_role_import_rotation")))
	for body, text := range map[string]string{
		`{"rotation_period": 600, "disable_automated_rotation": false}`: "error registering rotation job: rotation manager capabilities not supported in Vault community edition",
		`{"rotation_period": 600, "rotation_schedule": "* * * * SAT"}`:  "mutually exclusive fields rotation_schedule and rotation_period were both specified",
		`{"rotation_schedule": "nonsense"}`:                             "failed to parse provided rotation_schedule",
		`{"rotation_window": 3600}`:                                     "cannot use rotation_window without rotation_schedule",
	} {
		d.refused("POST", "db/config/main", body, 400, text)
	}
	d.Expect(d.read("db/config/main").Data).To(HaveKeyWithValue("rotation_period", json.Number("0")))
}

// TestDatabaseOverridesPin: in Vault Enterprise, a connection can use its own version in
// spite of a pin.
func TestDatabaseOverridesPin(t *testing.T) {
	t.Parallel()
	d := newDBServer(t, mockserver.WithDialect("vault-2.0+ent"))
	d.register("memdb", "v1.0.0")
	d.register("memdb", "v1.10.0")
	d.write("sys/plugins/pins/database/memdb", map[string]any{"version": "v1.0.0"})
	d.configure("main", map[string]any{"plugin_version": "1.10.0", "override_pinned_version": true})
	d.Expect(d.read("db/config/main").Data).To(HaveKeyWithValue("running_plugin_version", "v1.10.0"))
	d.write("db/reset/main", map[string]any{})
	d.Expect(d.read("db/config/main").Data).To(HaveKeyWithValue("running_plugin_version", "v1.10.0"))
	d.refused("POST", "db/config/main", `{"plugin_version": "1.10.0", "override_pinned_version": false}`, 400, "as it is pinned (v1.0.0)")
}

func TestDatabaseBadInput(t *testing.T) {
	t.Parallel()
	d := newDBServer(t)
	for _, test := range []struct {
		method, path, body string
		status             int
		text               string
	}{
		{"POST", "db/config/a", `{}`, 400, "empty plugin name"},
		{"POST", "db/config/a", `{"plugin_name": "nope"}`, 400, "error creating database object: invalid database version: 2 errors occurred"},
		{"POST", "db/config/a", `{"plugin_name": "memdb"}`, 400, "connection_url cannot be empty"},
		{"POST", "db/config/a", `{"plugin_name": "memdb", "connection_url": 7}`, 400, "connection_url must be memdb"},
		{"POST", "db/config/a", `{"plugin_name": "postgresql-database-plugin"}`, 400, "does not emulate it"},
		{"POST", "db/config/a", `[]`, 400, ""},
		{"POST", "db/roles/a", `{}`, 400, "database name is required"},
		{"POST", "db/roles/a", `{"db_name": "a", "credential_type": "x"}`, 400, `invalid credential_type \"x\"`},
		{"POST", "db/roles/a", `{"db_name": "a", "default_ttl": {}}`, 400, "default_ttl"},
		{"GET", "db/creds/a", "", 400, "unknown role: a"},
		{"POST", "db/static-roles/a", `{"db_name": "a", "username": "u", "rotation_period": 4}`, 400, "5 seconds or more"},
		{"POST", "db/static-roles/a", `{"db_name": "a", "username": "u", "rotation_schedule": "x"}`, 400, "could not parse rotation_schedule"},
		{"POST", "db/rotate-root/a", `{}`, 500, "failed to find entry for connection"},
		{"POST", "db/rotate-role/a", `{}`, 400, "no static role found"},
		{"POST", "db/reset/a", `{}`, 500, "failed to find entry for connection"},
		{"GET", "db/config/a", "", 404, ""},
	} {
		d.refused(test.method, test.path, test.body, test.status, test.text)
	}
	d.configure("main", map[string]any{"allowed_roles": "other"})
	d.write("db/roles/r", map[string]any{"db_name": "main", "creation_statements": "CREATE USER {{name}}"})
	d.refused("GET", "db/creds/r", "", 500, `\"r\" is not an allowed role`)
	d.refused("POST", "db/config/main", `{"password": "wrong-one"}`, 400, "login failed for user")

	// A binary that was changed is not started.
	binary := filepath.Join(d.dir, "memdb")
	d.Expect(os.Remove(binary)).To(Succeed())
	d.Expect(os.WriteFile(binary, []byte("#!/bin/sh\n"), 0o755)).To(Succeed())
	d.refused("POST", "db/reset/main", `{}`, 500, "checksums did not match")
	d.refused("POST", "db/config/new", `{"plugin_name": "memdb"}`, 400, "checksums did not match")
}

// TestDatabaseTypeIsDetected: a registration without a type finds database plugins.
func TestDatabaseTypeIsDetected(t *testing.T) {
	t.Parallel()
	d := newDBServer(t, mockserver.WithDialect("openbao-2.6"))
	d.write("sys/plugins/catalog/untyped", map[string]any{"command": "memdb", "sha256": d.sha})
	d.Expect(d.read("sys/plugins/catalog/database/untyped").Data["name"]).To(Equal("untyped"))
}

// TestDatabaseInANamespace: the engine of a namespace uses the root's plugins and its
// own password policies.
func TestDatabaseInANamespace(t *testing.T) {
	t.Parallel()
	d := newDBServer(t, mockserver.WithDialect("openbao-2.6"))
	d.write("sys/policies/password/letters", map[string]any{"policy": "length = 30\nrule \"charset\" { charset = \"abc\" }"})
	d.write("sys/namespaces/team", map[string]any{})
	d.client.SetNamespace("team")
	d.Expect(d.client.Sys().MountWithContext(t.Context(), "db", &api.MountInput{Type: "database"})).To(Succeed())
	d.configure("main", map[string]any{"password_policy": "letters"})
	d.write("db/roles/r", map[string]any{"db_name": "main", "creation_statements": "CREATE USER {{name}}"})
	_, err := d.client.Logical().ReadWithContext(t.Context(), "db/creds/r")
	d.Expect(err).To(MatchError(ContainSubstring("no password policy found")))
	d.write("sys/policies/password/letters", map[string]any{"policy": "length = 30\nrule \"charset\" { charset = \"xyz\" }"})
	issued := d.read("db/creds/r")
	d.Expect(issued.Data["password"]).To(MatchRegexp("^[xyz]{30}$"))
	d.Expect(d.client.Sys().RevokeWithContext(t.Context(), issued.LeaseID)).To(Succeed())
	d.Expect(d.users()).NotTo(HaveKey(issued.Data["username"]))
}
