// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"
)

// TestOpenAPIDocument: the document of the server has the paths of every mount
// that the token may see, as its backend's help says them, processes included.
func TestOpenAPIDocument(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s, client, sha := start(t)
	register(t, client, api.PluginTypeSecrets, "passthrough", sha)
	mount(t, client, "here-and-there", "passthrough")
	paths := openAPI(t, s.Address(), "sys/internal/specs/openapi")
	g.Expect(paths).To(HaveKey("/sys/mounts"))
	g.Expect(paths).To(HaveKey("/auth/token/create"))
	own := slices.DeleteFunc(keysOf(paths), func(p string) bool { return !strings.HasPrefix(p, "/here-and-there/") })
	g.Expect(own).NotTo(BeEmpty(), "the plugin's paths are below its mount")

	generic := openAPI(t, s.Address(), "sys/internal/specs/openapi?generic_mount_paths=true")
	for _, p := range own {
		g.Expect(generic).To(HaveKey("/{here_and_there_mount_path}/" + strings.TrimPrefix(p, "/here-and-there/")))
		g.Expect(generic).NotTo(HaveKey(p))
	}
	g.Expect(generic).To(HaveKey("/sys/mounts"), "singletons keep their path")
}

func openAPI(t *testing.T, address, path string) map[string]any {
	t.Helper()
	status, body := send(t, address, http.MethodGet, path, "")
	var doc struct {
		OpenAPI string         `json:"openapi"`
		Paths   map[string]any `json:"paths"`
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s %v", status, body, err)
	}
	return doc.Paths
}

func keysOf(m map[string]any) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
