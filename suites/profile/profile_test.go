// SPDX-License-Identifier: MPL-2.0

package profile_test

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/profile"
)

const whole = `target: mock
plugin:
  type: secret
  args: [-v]
  env: [REGION=eu]
  options: {version: "2"}
  config: {default_lease_ttl: 60s}
  setup:
    - {path: /config/, data: {username: u, password: planted}}
  samples:
    - {path: role/a, data: {ttl: 60}, update: {ttl: 90}}
  credentials:
    - {path: creds/a, works: {url: "https://{{user}}:{{key}}@127.0.0.1/me", method: POST, headers: {X-Key: "{{key}}"}, body: "{}"}}
    - {path: creds/b, works: {path: "account/{{user}}"}}
  logins:
    - {path: login, data: {name: a}, wrong: {name: b}, policies: [app], alias: ann}
  pairs:
    - {path: sign, data: {text: a}, back: {path: verify, data: {signature: "{{signature}}"}}, gives: {valid: true}, between: [{path: rotate}]}
  rotations:
    - {path: config/rotate, setup: [{path: config, data: {username: "r-{{random}}"}}]}
  open: [login, "login/*"]
  secrets: [password]
  upgrade_from: old/plugin
  database:
    connection: {connection_url: "memdb:///x"}
    creation_statements: ["CREATE USER {{name}}"]
    login: false
    key_setting: private_key
  probe: thorough
`

func TestReadReadsEveryKey(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "plugproof.yaml")
	g.Expect(os.WriteFile(file, []byte(whole), 0o600)).To(Succeed())
	read, err := profile.Read(file)
	g.Expect(err).NotTo(HaveOccurred())
	type object = map[string]any
	g.Expect(read).To(Equal(steps.Profile{
		Type: "secret", Args: []string{"-v"}, Env: []string{"REGION=eu"},
		Options: map[string]string{"version": "2"}, Config: object{"default_lease_ttl": "60s"},
		Setup:   []steps.Write{{Path: "config", Data: object{"username": "u", "password": "planted"}}},
		Samples: []steps.Sample{{Path: "role/a", Data: object{"ttl": 60}, Update: object{"ttl": 90}}},
		Credentials: []steps.Write{
			{Path: "creds/a", Works: &steps.Proof{URL: "https://{{user}}:{{key}}@127.0.0.1/me", Method: "POST", Headers: map[string]string{"X-Key": "{{key}}"}, Body: "{}"}},
			{Path: "creds/b", Works: &steps.Proof{Path: "account/{{user}}", Method: "GET"}},
		},
		Logins: []steps.Login{{Path: "login", Data: object{"name": "a"}, Wrong: object{"name": "b"}, Policies: []string{"app"}, Alias: "ann"}},
		Pairs: []steps.Pair{{
			Write: steps.Write{Path: "sign", Data: object{"text": "a"}}, Back: steps.Write{Path: "verify", Data: object{"signature": "{{signature}}"}},
			Gives: object{"valid": true}, Between: []steps.Write{{Path: "rotate"}},
		}},
		Rotations: []steps.Rotation{{Write: steps.Write{Path: "config/rotate"}, Setup: []steps.Write{{Path: "config", Data: object{"username": "r-{{random}}"}}}}},
		Open:      []string{"login", "login/*"}, Secrets: []string{"password"},
		UpgradeFrom: filepath.Join(filepath.Dir(file), "old/plugin"), Probe: steps.ProbeThorough,
		Database: steps.DatabaseProfile{
			Connection: object{"connection_url": "memdb:///x"}, CreationStatements: []string{"CREATE USER {{name}}"}, NoLogin: true, KeySetting: "private_key",
		},
	}))
	found, err := profile.Find(filepath.Join(filepath.Dir(file), "plugin"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(Equal(file))
}

func TestMistakesAreNamedByTheirLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plugin:\n  typo: x\n":                                         `line 2: there is no field "typo"`,
		"plugin:\n  database: {login: true}\n":                         "line 2: database: connection has the settings",
		"plugin:\n  type: engine\n":                                    "line 2: type: there are secret, auth and database",
		"plugin:\n  pairs:\n    - {path: a}\n":                         "line 2: pairs: back is the request that takes back",
		"plugin: x\n":                                                  "line 1: plugin is a mapping",
		"plugin:\n  env: [REGION]\n":                                   "line 2: env: a variable is NAME=value",
		"plugin:\n  samples:\n    - {path: a, data: {x: 1}, wrong: 1}": `line 3: there is no field "wrong"`,
		"plugin:\n  samples:\n    - {path: a}":                         "line 3: samples: it has no data",
		"plugin:\n  samples:\n    - a":                                 "line 3: it is a mapping",
		"plugin:\n  setup:\n    - {path: a/../b, data: {x: 1}}":        "line 3: path: it is a path below the mount",
		"plugin:\n  open: [..]":                                        "line 2: open: it is a path below the mount",
		"plugin:\n  probe: much":                                       `line 2: probe: "much" is not a level`,
		"plugin:\n  secrets: {a: b}":                                   "line 2: a mapping can't stand here",
		"target: mock\n":                                               "it has no key plugin",
	} {
		_, err := profile.Parse([]byte(text))
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(want)), text)
	}
}

func TestFlagsAddToAProfile(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	applied, err := profile.Flags{
		Type: "auth", Env: []string{"A=b"}, Path: "/x/", Body: `{"v": "1"}`, Probe: "off",
		Setup: []string{`config={"a": "b=c"}`}, Credentials: []string{"creds/a"}, Logins: []string{`login={"name": "a"}`},
	}.Apply(steps.Profile{Type: "secret", Env: []string{"C=d"}})
	g.Expect(err).NotTo(HaveOccurred())
	type object = map[string]any
	g.Expect(applied).To(Equal(steps.Profile{
		Type: "auth", Env: []string{"C=d", "A=b"}, Probe: steps.ProbeOff,
		Samples: []steps.Sample{{Path: "x", Data: object{"v": "1"}}}, Setup: []steps.Write{{Path: "config", Data: object{"a": "b=c"}}},
		Credentials: []steps.Write{{Path: "creds/a"}}, Logins: []steps.Login{{Path: "login", Data: object{"name": "a"}}},
	}))
	_, err = profile.Flags{Setup: []string{"config=x"}, Env: []string{"A"}, Probe: "x"}.Apply(steps.Profile{})
	g.Expect(err).To(MatchError(And(ContainSubstring("--setup: it is not a JSON object"), ContainSubstring("--env"), ContainSubstring("--probe"))))
}

// TestADraftIsReadAgain drafts a profile from a document and reads what is written.
func TestADraftIsReadAgain(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	document, err := steps.ReadDocument([]byte(`{"paths": {
		"/config": {"post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/C"}}}}}, "get": {}},
		"/role/": {"get": {"parameters": [{"name": "list", "in": "query", "required": true}]}},
		"/role/{name}": {"parameters": [{"name": "name", "in": "path"}], "get": {}, "delete": {},
			"post": {"requestBody": {"content": {"application/json": {"schema": {"properties": {"ttl": {"type": "integer"}, "groups": {"type": "array"}}}}}}}},
		"/creds/{name}": {"parameters": [{"name": "name", "in": "path"}], "get": {}},
		"/creds-on-demand": {"post": {"requestBody": {"content": {"application/json": {"schema": {"properties": {"ttl": {"type": "integer"}}}}}}}},
		"/config/directory": {"get": {}, "post": {"requestBody": {"content": {"application/json": {"schema": {"properties": {
			"url": {"type": "string", "x-vault-displayAttrs": {"value": "ldap://127.0.0.1"}}, "rotation_period": {"type": "string", "format": "duration"},
			"delay": {"type": "string", "format": "duration", "default": 4000000000}, "window": {"type": "string", "format": "duration", "default": 60},
			"token_bound_cidrs": {"type": "array"}, "token_type": {"type": "string", "default": "default-service"}, "length": {"type": "integer", "deprecated": true}}}}}}}},
		"/config/rotate-root": {"post": {}},
		"/role/limits/{name}": {"parameters": [{"name": "name", "in": "path"}], "get": {},
			"post": {"requestBody": {"content": {"application/json": {"schema": {"properties": {"credentials": {"type": "string"}}}}}}}}
	}, "components": {"schemas": {"C": {"properties": {"password": {"type": "string"}, "url": {"type": "string", "default": "http://x"},
		"buffer": {"type": "integer", "default": 2592000}, "ratio": {"type": "number", "default": 0.5}}}}}}`))
	g.Expect(err).NotTo(HaveOccurred())
	draft := profile.Draft("secret", document)
	type object = map[string]any
	role := object{"ttl": 60, "groups": []string{"example"}}
	g.Expect(draft).To(Equal(steps.Profile{
		Type: "secret", Open: []string{}, Secrets: []string{"credentials", "password"},
		Setup: []steps.Write{{Path: "config", Data: object{"password": "example-password", "url": "http://x", "buffer": int64(2592000), "ratio": 0.5}}, {Path: "config/directory", Data: object{
			"url": "ldap://127.0.0.1", "delay": int64(4), "window": int64(60), "token_bound_cidrs": []string{"127.0.0.0/8"}, "token_type": "default",
		}}, {Path: "role/example", Data: role}, {Path: "role/limits/example", Data: object{"credentials": "example-credentials"}}},
		Samples:     []steps.Sample{{Path: "role/sample", Data: role}},
		Credentials: []steps.Write{{Path: "creds-on-demand", Data: object{"ttl": 60}}, {Path: "creds/example"}},
	}))
	text, err := profile.Format(draft)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).To(ContainSubstring("buffer: 2592000"))
	read, err := profile.Parse(text)
	g.Expect(err).NotTo(HaveOccurred(), string(text))
	g.Expect(read.Credentials).To(Equal(draft.Credentials))
	g.Expect(read.Open).To(BeEmpty())
	g.Expect(read.Open).NotTo(BeNil(), "that no path is open is something to check")
}
