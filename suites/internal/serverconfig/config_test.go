// SPDX-License-Identifier: MPL-2.0

package serverconfig_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/suites/internal/serverconfig"
)

// load reads a file with the text, as NAME, as a server of the dialect does. The
// directory is cut from what it says.
func load(t *testing.T, name, text, version string) (*serverconfig.Config, string) {
	t.Helper()
	d, err := dialect.Lookup(version)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := serverconfig.Load([]string{filepath.Join(dir, name)}, nil, d)
	if err != nil {
		return nil, strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")
	}
	for i, problem := range c.Problems {
		c.Problems[i] = strings.ReplaceAll(problem, dir+string(filepath.Separator), "")
	}
	return c, ""
}

const sum = "d1bfd97cd8cfd8c1c87f2e5235356284a6b09f330824d861e3861b3fe345c6ea"

const asHCL = `
plugin_directory = "/plugins"
plugin_auto_register = "true"
plugin_auto_download = 1
plugin_download_behavior = "continue"
plugin_download_max_size = "1048576"
plugin_file_uid = 1000
plugin_file_permissions = "750"
api_addr = "http://10.0.0.1:8200"
log_level = "Debug"
ui = true
storage "raft" {
  path = "/state"
  node_id = 1
}
listener "tcp" {
  address = "0.0.0.0:8200"
  tls_disable = "true"
  telemetry { unauthenticated_metrics_access = true }
}
plugin "secret" "mine" {
  command = "mine"
  version = "v1.0.0"
  sha256sum = "` + sum + `"
  args = ["-a", "b"]
  env = ["A=1", "B=2"]
}
plugin "auth" "theirs" {
  image = "ghcr.io/theirs/auth"
  binary_name = "auth"
  version = "v2.0.0"
  sha256sum = "` + sum + `"
}
`

const asJSON = `{
  "plugin_directory": "/plugins", "plugin_auto_register": true, "plugin_auto_download": true,
  "plugin_download_behavior": "continue", "plugin_download_max_size": 1048576,
  "plugin_file_uid": 1000, "plugin_file_permissions": "750", "api_addr": "http://10.0.0.1:8200", "log_level": "Debug", "ui": true,
  "storage": {"raft": {"path": "/state", "node_id": 1}},
  "listener": {"tcp": {"address": "0.0.0.0:8200", "tls_disable": true}},
  "plugin": [
    {"secret": {"mine": {"command": "mine", "version": "v1.0.0", "sha256sum": "` + sum + `", "args": ["-a", "b"], "env": ["A=1", "B=2"]}}},
    {"auth": {"theirs": {"image": "ghcr.io/theirs/auth", "binary_name": "auth", "version": "v2.0.0", "sha256sum": "` + sum + `"}}}
  ]
}`

// TestForms: HCL and JSON say the same.
func TestForms(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"a.hcl": asHCL, "a.json": asJSON} {
		c, problem := load(t, name, text, "openbao-2.6")
		if problem != "" || len(c.Problems) > 0 {
			t.Fatalf("%s: %s %q", name, problem, c.Problems)
		}
		if c.PluginDirectory != "/plugins" || !c.AutoRegister || !c.AutoDownload || c.DownloadBehavior != "continue" || c.DownloadMaxSize != 1<<20 ||
			c.PluginFileUID != 1000 || c.PluginFilePermissions != 0o750 || c.APIAddr != "http://10.0.0.1:8200" || c.LogLevel != "Debug" {
			t.Errorf("%s: %+v", name, c)
		}
		if c.Storage.Type != "raft" || c.Storage.Config["path"] != "/state" || c.Storage.Config["node_id"] != "1" {
			t.Errorf("%s: storage %+v", name, c.Storage)
		}
		if l := c.Listeners; len(l) != 1 || l[0].Type != "tcp" || l[0].Address != "0.0.0.0:8200" || !l[0].TLSDisable {
			t.Errorf("%s: listeners %+v", name, l)
		}
		want := []serverconfig.Plugin{
			{Type: "secret", Name: "mine", Command: "mine", Version: "v1.0.0", SHA256Sum: sum, Args: []string{"-a", "b"}, Env: []string{"A=1", "B=2"}},
			{Type: "auth", Name: "theirs", Image: "ghcr.io/theirs/auth", BinaryName: "auth", Version: "v2.0.0", SHA256Sum: sum},
		}
		if !reflect.DeepEqual(c.Plugins, want) {
			t.Errorf("%s: plugins %+v", name, c.Plugins)
		}
		if got := c.Plugins[1].CommandPath(); got != "auth-theirs-v2.0.0" {
			t.Errorf("the link is %s", got)
		}
	}
}

// TestProblems: what servers of different versions warn of, in their words. A stanza with
// labels is only missed as the first of its file: so the servers' library has it.
func TestProblems(t *testing.T) {
	t.Parallel()
	const declared = "plugin_auto_register = true\nplugin \"secret\" \"p\" {\n  command = \"p\"\n  sha256sum = \"0\"\n  env = [\"A\"]\n  shasum = \"\"\n}\nPlugin_Directory = \"/p\"\n"
	for name, c := range map[string]struct {
		dialect, text string
		want          []string
	}{
		"2.6": {"openbao-2.6", declared, []string{
			"unknown or unsupported field shasum found in configuration at c.hcl:6:3",
			`plugin "secret-p": version cannot be empty at -`,
			`plugin "secret-p": sha256sum must be exactly 64 characters, got 1 at -`,
			`plugin "secret-p": env 0: environment variable must contain '=' to separate variable name from value at -`,
		}},
		"2.5": {"openbao-2.5", declared, []string{
			"unknown or unsupported field shasum found in configuration at c.hcl:6:3",
			`plugin "secret-p": version cannot be empty at -`,
			`plugin "secret-p": image and version do not form a valid image reference. could not parse reference: : at -`,
			`plugin "secret-p": sha256sum must be exactly 64 characters, got 1 at -`,
			`plugin "secret-p": env 0: environment variable must contain '=' to separate variable name from value at -`,
		}},
		"2.4":   {"openbao-2.4", declared, []string{"unknown or unsupported field plugin_auto_register found in configuration at c.hcl:1:1"}},
		"vault": {"vault-1.21", declared, []string{"unknown or unsupported field plugin_auto_register found in configuration at c.hcl:1:1"}},
		"a stanza that is the first": {"vault-1.21", "plugin \"secret\" \"p\" {}\n", []string{
			"unknown or unsupported field plugin found in configuration at c.hcl:1:1"}},
		"values that the version does not know": {"vault-1.21", "plugin_auto_register = \"perhaps\"\n", []string{
			"unknown or unsupported field plugin_auto_register found in configuration at c.hcl:1:1"}},
		"plugin_tmpdir before 1.16": {"vault-1.15", "plugin_tmpdir = \"/t\"\n", []string{"unknown or unsupported field plugin_tmpdir found in configuration at c.hcl:1:1"}},
		"plugin_tmpdir":             {"vault-1.16", "plugin_tmpdir = \"/t\"\n", nil},
		"a listener": {"vault-1.21", "listener \"tcp\" {\n  tls_disable = true\n  addr = \"x\"\n}\n", []string{
			"unknown or unsupported field addr found in configuration at c.hcl:3:3"}},
		"names that a comment of the server calls aliases": {"openbao-2.6", "MaxLeaseTTL = \"1h\"\nUI = true\n", []string{
			"unknown or unsupported field MaxLeaseTTL found in configuration at c.hcl:1:1"}},
		"stanzas within and beside": {"openbao-2.4", "listener \"tcp\" {\n telemetry { metrics_only = true }\n profiling { a = 1 }\n}\ntelemetry {\n b = 1\n}\naudit \"file\" \"f\" {\n c = 1\n}\n", []string{
			"unknown or unsupported field metrics_only found in configuration at c.hcl:2:14",
			"unknown or unsupported field a found in configuration at c.hcl:3:14",
			"unknown or unsupported field b found in configuration at c.hcl:6:2",
			"unknown or unsupported field c found in configuration at c.hcl:9:2"}},
		"behavior": {"openbao-2.6", "plugin_download_behavior = \"retry\"\n", []string{
			`plugin_download_behavior must be either "fail" or "continue", got "retry" at -`}},
		"kms": {"openbao-2.6", "plugin \"kms\" \"k\" {\n command = \"k\"\n sha256sum = \"" + sum + "\"\n}\n", nil},
		"kms in 2.5": {"openbao-2.5", "plugin \"kms\" \"k\" {\n image = \"kk\"\n binary_name = \"k\"\n version = \"1\"\n sha256sum = \"" + sum + "\"\n}\n", []string{
			`plugin "k": "kms" is not a supported plugin type at -`}},
		"image and command": {"openbao-2.6", "plugin {\n type = \"auth\"\n name = \"a\"\n image = \"UPPER\"\n command = \"a\"\n version = \"1\"\n sha256sum = \"" + strings.Repeat("x", 64) + "\"\n}\n", []string{
			`plugin "auth-a": command must be empty if image is specified at -`,
			`plugin "auth-a": image and version do not form a valid image reference. could not parse reference: UPPER:1 at -`,
			`plugin "auth-a": binary_name cannot be empty when image specified at -`,
			`plugin "auth-a": sha256sum is not valid hex encoded at -`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problem := load(t, "c.hcl", c.text, c.dialect)
			if problem != "" || !slices.Equal(got.Problems, c.want) {
				t.Errorf("%s\n%s\nwant\n%s", problem, strings.Join(got.Problems, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestLabelsInJSON: the types of storage and listener are not keys; a plugin's are, in the
// first stanza of a file: so the servers' library has it.
func TestLabelsInJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"storage": {"inmem": {}}, "a": 1}`:                                       "[unknown or unsupported field a found in configuration at c.json]",
		`{"listener": {"tcp": {"tls_disable": true}}, "storage": {"inmem": {}}}`:   "[]",
		`{"plugin": {"kms": {"p": {"command": "p", "sha256sum": "` + sum + `"}}}}`: "[unknown or unsupported field p found in configuration at c.json]",
	} {
		c, problem := load(t, "c.json", text, "openbao-2.6")
		if problem != "" || fmt.Sprint(c.Problems) != want {
			t.Errorf("%s: %s %q, want %s", text, problem, c.Problems, want)
		}
	}
}

// TestErrors: what keeps a server from starting, with file and line.
func TestErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a = 1\nb = [":                                    "c.hcl:2:",
		"a = 1\n= 2":                                      "c.hcl:2:1: ",
		"{\n\"a\" 1}":                                     "c.hcl:2:5: ",
		"{\n\"a\": [":                                     "c.hcl:2:",
		"listener \"tcp\" {\n":                            "c.hcl:2:2: object expected closing RBRACE",
		"\n plugin_auto_register = \"maybe\"\n":           `c.hcl:2:2: plugin_auto_register: cannot parse '' as bool: strconv.ParseBool: parsing "maybe": invalid syntax`,
		"plugin_download_max_size = \"1x\"":               "c.hcl:1:1: plugin_download_max_size: ",
		"plugin_file_permissions = \"9\"":                 `c.hcl:1:1: plugin_file_permissions: strconv.ParseInt: parsing "9": invalid syntax`,
		"ui = true\ndisable_mlock = false":                "c.hcl:2:1: disable_mlock: OpenBao has dropped support for mlock. Please remove\n",
		"plugin \"a\" \"b\" { rawconfig = 1 }":            "c.hcl:1:30: error parsing 'plugin': plugin.0: root.RawConfig: not an object type for map",
		"plugin_directory = [1]":                          "c.hcl:1:",
		"a = 1\nplugin \"secret\" {}":                     "c.hcl:2:8: error parsing 'plugin': plugin.0: plugin type must be specified",
		"plugin \"a\" \"b\" {\n args = {}\n env = 1\n}":   "c.hcl:3:8: error parsing 'plugin': plugin.0: ",
		"storage \"file\" {}\nstorage \"inmem\" {}":       `c.hcl:2:9: error parsing 'storage': only one "storage" block is permitted`,
		"listener \"udp\" {}":                             `c.hcl:1:10: error parsing 'listener': listeners.0: unsupported listener type "udp"`,
		"listener \"tcp\" {\n tls_disable = \"maybe\"\n}": `c.hcl:1:10: error parsing 'listener': listeners.0: invalid value for tls_disable: `,
		"api_addr = \"{{ GetNonsense }}\"":                `c.hcl:1:1: api_addr: unable to parse address template "{{ GetNonsense }}": `,
	} {
		if _, got := load(t, "c.hcl", text, "openbao-2.6"); !strings.HasPrefix(got, "error loading configuration from "+want) {
			t.Errorf("%q: %s\nwant %s", text, got, want)
		}
	}
}

// TestFilesAreMerged: those of a directory in their order, editors' files left out.
func TestFilesAreMerged(t *testing.T) {
	t.Parallel()
	d, err := dialect.Lookup("openbao-2.6")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"1.hcl": "plugin_directory = \"/a\"\nplugin_auto_register = true\napi_addr = \"http://a\"\nplugin_file_permissions = 700\nplugin \"secret\" \"a\" {}",
		"2.json": `{"plugin_directory": "/b", "plugin_auto_register": false, "plugin_download_max_size": 5, "plugin": {"secret": {"b": {}}},
			"plugin_file_uid": 7, "plugin_file_permissions": 0, "storage": {"inmem": {}}, "log_format": "json"}`,
		"3.hcl":   "plugin_auto_download = true\nplugin_download_max_size = 6",
		"4.hcl~":  "{",
		".#5.hcl": "{",
		"6.txt":   "{",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := serverconfig.Load([]string{dir}, nil, d)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Plugins) != 2 || c.Plugins[0].Name != "a" || c.Plugins[1].Name != "b" || c.PluginDirectory != "/b" || c.AutoRegister || c.APIAddr != "http://a" ||
		c.PluginFilePermissions != 0 || c.PluginFileUID != 7 || c.DownloadMaxSize != 6 || c.Storage.Type != "inmem" || c.LogFormat != "json" {
		t.Errorf("%+v", c)
	}
	if _, err := serverconfig.Load([]string{t.TempDir()}, nil, d); err == nil || !strings.HasPrefix(err.Error(), "no configuration files found") {
		t.Errorf("an empty directory: %v", err)
	}
	if _, err := serverconfig.Load([]string{filepath.Join(dir, "none.hcl")}, nil, d); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing file: %v", err)
	}
}

// TestKMS: one plugin a name unseals a server.
func TestKMS(t *testing.T) {
	t.Parallel()
	const twice = "plugin \"kms\" \"k\" {}\nplugin \"kms\" \"k\" {}"
	for version, want := range map[string]string{"openbao-2.5": "", "openbao-2.6": `cannot register several versions of plugin "k"`} {
		d, err := dialect.Lookup(version)
		if err != nil {
			t.Fatal(err)
		}
		c, _ := load(t, "c.hcl", twice, version)
		if err := c.CheckKMS(d); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", version, err)
		}
	}
}
