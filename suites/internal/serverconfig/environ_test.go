// SPDX-License-Identifier: MPL-2.0

package serverconfig_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/suites/internal/serverconfig"
)

// TestDuplicates: what stands twice is taken, warned of or refused.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "c.hcl")
	if err := os.WriteFile(file, []byte("api_addr = \"http://a\"\napi_addr = \"http://b\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const allow = "VAULT_ALLOW_PENDING_REMOVAL_DUPLICATE_HCL_ATTRIBUTES="
	warning := fmt.Sprintf("WARNING: Duplicate keys found in the Vault server configuration file %q, duplicate keys in HCL files are deprecated and will be forbidden in a future release.", file)
	for _, c := range []struct{ dialect, variable, warning, problem string }{
		{"vault-1.19", "", "", ""},
		{"vault-1.20", "", warning, ""},
		{"vault-1.21", "", "", file + `: The argument "api_addr" at 2:1 was already set. Each argument can only be defined once`},
		{"vault-1.21", allow + "false", "", file + `: The argument "api_addr" at 2:1 was already set. Each argument can only be defined once`},
		{"vault-1.21", allow + "true", warning, ""},
		{"vault-1.21", allow + "perhaps", "", file + `: error parsing "VAULT_ALLOW_PENDING_REMOVAL_DUPLICATE_HCL_ATTRIBUTES" environment variable: strconv.ParseBool: parsing "perhaps": invalid syntax`},
		{"openbao-2.6", "", "", ""},
	} {
		got, err := loadAs(t, c.dialect, file, c.variable)
		switch {
		case c.problem != "":
			if err == nil || err.Error() != "error loading configuration from "+c.problem {
				t.Errorf("%s %s: %v", c.dialect, c.variable, err)
			}
		case err != nil || got.APIAddr != "http://b":
			t.Errorf("%s %s: %v %v", c.dialect, c.variable, got, err)
		case fmt.Sprint(got.Problems) != fmt.Sprint(warnings(c.warning)):
			t.Errorf("%s %s: %q", c.dialect, c.variable, got.Problems)
		}
	}
}

func warnings(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

func loadAs(t *testing.T, version, file, variable string) (*serverconfig.Config, error) {
	t.Helper()
	d, err := dialect.Lookup(version)
	if err != nil {
		t.Fatal(err)
	}
	return serverconfig.Load([]string{file}, []string{variable}, d)
}

// TestOwners: where the environment asks for it, the file and the plugin directory that it
// names must be like the server wants them.
func TestOwners(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plugins, file := filepath.Join(dir, "plugins"), filepath.Join(dir, "c.hcl")
	text := fmt.Sprintf("plugin_directory = %q\nplugin_file_permissions = \"750\"\n", plugins)
	if err := errors.Join(os.Mkdir(plugins, 0o700), os.Chmod(plugins, 0o750), os.WriteFile(file, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
	const on = "VAULT_ENABLE_FILE_PERMISSIONS_CHECK=true"
	refused := func(version, variable, want string) {
		t.Helper()
		got := ""
		if _, err := loadAs(t, version, file, variable); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s %s: %s, want %s", version, variable, got, want)
		}
	}
	refused("vault-1.21", on, "")
	refused("vault-1.21", "VAULT_ENABLE_FILE_PERMISSIONS_CHECK=x", "Error parsing the environment variable VAULT_ENABLE_FILE_PERMISSIONS_CHECK")
	refused("openbao-2.6", "BAO_ENABLE_FILE_PERMISSIONS_CHECK=x", "failed to parse environment variable BAO_ENABLE_FILE_PERMISSIONS_CHECK")
	if err := os.Chmod(plugins, 0o755); err != nil {
		t.Fatal(err)
	}
	refused("vault-1.21", on, fmt.Sprintf("error loading configuration from %s: path %q does not have permissions 750", file, plugins))
	refused("vault-1.21", "", "")
	if err := os.Chmod(file, 0o666); err != nil {
		t.Fatal(err)
	}
	refused("openbao-2.5", "BAO_ENABLE_FILE_PERMISSIONS_CHECK=1", fmt.Sprintf("error loading configuration from %s: path %q has insecure permissions 666. Vault expects no write permissions for group or others", file, file))
}
