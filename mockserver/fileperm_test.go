// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/plugproof/plugproof/mockserver"
)

// TestPluginFilesAreChecked: where the server's environment asks for it, plugins are
// registered and mounted only from a file and a directory that the server wants so.
func TestPluginFilesAreChecked(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	plug := filepath.Join(dir, "plug")
	if err := errors.Join(os.WriteFile(plug, nil, 0o700), os.Chmod(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	var on atomic.Value
	on.Store("true")
	s, err := mockserver.Start(t.Context(), mockserver.WithDialect("openbao-2.6"), mockserver.WithPluginDir(dir), mockserver.WithRootToken("root"),
		mockserver.WithEnviron(func() []string { return []string{"VAULT_ENABLE_FILE_PERMISSIONS_CHECK=" + on.Load().(string)} }), mockserver.WithPluginFiles(0, 0o700))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	answers := func(path, body string, status int, text string) {
		t.Helper()
		if got, gotBody := send(t, s.Address(), "POST", path, body); got != status || !strings.Contains(gotBody, text) {
			t.Errorf("%s: %d %s, want %d %s", path, got, gotBody, status, text)
		}
	}
	const register, body = "sys/plugins/catalog/secret/plug", `{"command": "plug", "sha256": "00"}`
	unlike := func(path string) string {
		return strings.ReplaceAll(fmt.Sprintf("path %q does not have permissions 700", path), `"`, `\"`)
	}
	answers(register, body, 204, "")
	if err := os.Chmod(plug, 0o755); err != nil {
		t.Fatal(err)
	}
	answers(register, body, 500, unlike(plug))
	answers("sys/mounts/p", `{"type": "plug"}`, 400, unlike(plug))
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	answers(register, body, 500, unlike(dir))
	answers(register, `{"command": "none", "sha256": "00"}`, 500, unlike(dir))
	on.Store("perhaps")
	answers(register, body, 500, "failed to parse environment variable BAO_ENABLE_FILE_PERMISSIONS_CHECK")
	on.Store("false")
	answers(register, body, 204, "")
}
