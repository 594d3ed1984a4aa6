// SPDX-License-Identifier: MPL-2.0

//go:build linux

package containers_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/mockserver/mocktest"
)

// labels of the containers of plugins, as in mockserver/internal/process.
const (
	labelName    = "com.hashicorp.vault.plugin.name"
	labelSockets = "io.github.plugproof.sockets"
	labelHost    = "io.github.plugproof.host"
)

// fixture is what all tests share: an engine and an image of the probe plugin.
type fixture struct {
	docker *client.Client
	// image is the name of the image, digest its identifier.
	image, digest string
}

// pluginName is of this process and test, so that its containers are known.
func pluginName(t *testing.T) string {
	t.Helper()
	return fmt.Sprint("probe-in-container-", os.Getpid(), "-", filepath.Base(t.Name()))
}

func hostname(t *testing.T) string {
	t.Helper()
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func (f fixture) registration() map[string]any {
	return map[string]any{"oci_image": f.image, "sha256": f.digest, "runtime": "runc", "env": []string{"REGISTERED=1", "BOTH=registered"}}
}

func start(t *testing.T, environ []string, options ...mockserver.Option) *mocktest.Server {
	t.Helper()
	server := mocktest.Start(t, append(options, mockserver.WithEnviron(func() []string { return environ }))...)
	write(t, server, "sys/plugins/runtimes/catalog/container/runc", map[string]any{"oci_runtime": "runc", "memory_bytes": 256 << 20})
	return server
}

func write(t *testing.T, server *mocktest.Server, path string, data map[string]any) {
	t.Helper()
	if _, err := server.Client.Logical().Write(path, data); err != nil {
		t.Fatal(err)
	}
}

// containers returns those of a plugin that exist.
func (f fixture) containers(t *testing.T, plugin string) []container.Summary {
	t.Helper()
	list, err := f.docker.ContainerList(t.Context(), client.ContainerListOptions{
		All: true, Filters: make(client.Filters).Add("label", labelName+"="+plugin),
	})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func TestContainers(t *testing.T) {
	t.Parallel()
	f := fixture{docker: engine(t)}
	f.image, f.digest = image(t, f.docker)
	for name, test := range map[string]func(*testing.T, fixture){
		"runs": testRuns, "tmpdir": testTmpdir, "no-tmpdir": testNoTmpdir, "no-image": testNoImage, "image-gone": testImageGone,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, f)
		})
	}
}

// testRuns: a plugin runs in a container, with the runtime that it is registered with,
// and nothing of it stays.
func testRuns(t *testing.T, f fixture) {
	t.Helper()
	server := start(t, []string{"OF_HOST=1", "BOTH=host"})
	abandoned := filepath.Join(t.TempDir(), "plugin-dir1")
	if err := os.Mkdir(abandoned, 0o700); err != nil {
		t.Fatal(err)
	}
	orphan := f.orphaned(t, abandoned)
	write(t, server, "sys/plugins/catalog/secret/"+pluginName(t), f.registration())
	if err := server.Client.Sys().Mount("p", &api.MountInput{Type: pluginName(t)}); err != nil {
		t.Fatal(err)
	}

	running := f.containers(t, pluginName(t))
	if len(running) != 1 {
		t.Fatalf("containers: %+v", running)
	}
	if running[0].ID == orphan {
		t.Error("the container of a killed server was not removed")
	}
	if _, err := os.Lstat(abandoned); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the sockets of a killed server were not removed: ", err)
	}
	info, err := f.docker.ContainerInspect(t.Context(), running[0].ID, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if host := info.Container.HostConfig; host.Runtime != "runc" || host.Memory != 256<<20 {
		t.Errorf("runtime %q, memory %d", host.Runtime, host.Memory)
	}
	checkEnvironment(t, server)

	// A container that somebody kills is replaced.
	write(t, server, "p/kv/a", map[string]any{"value": "kept"})
	if _, err := f.docker.ContainerRemove(t.Context(), running[0].ID, client.ContainerRemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Client.Sys().ReloadPlugin(&api.ReloadPluginInput{Plugin: pluginName(t)}); err != nil {
		t.Fatal(err)
	}
	secret, err := server.Client.Logical().Read("p/kv/a")
	if err != nil || secret == nil || secret.Data["value"] != "kept" {
		t.Errorf("after the container was killed: %+v, %v", secret, err)
	}
	if err := server.Client.Sys().Unmount("p"); err != nil {
		t.Fatal(err)
	}
	if left := f.containers(t, pluginName(t)); len(left) > 0 {
		t.Errorf("left behind: %+v", left)
	}
}

// orphaned makes a container like that of a server that was killed; its sockets are in a
// directory.
func (f fixture) orphaned(t *testing.T, sockets string) (id string) {
	t.Helper()
	made, err := f.docker.ContainerCreate(t.Context(), client.ContainerCreateOptions{Config: &container.Config{
		Image:  "sha256:" + f.digest,
		Labels: map[string]string{labelName: pluginName(t), labelSockets: t.TempDir() + "/gone", labelHost: hostname(t)},
	}, HostConfig: &container.HostConfig{Mounts: []mount.Mount{{Type: mount.TypeBind, Source: sockets, Target: "/sockets"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// checkEnvironment: the plugin has the registered variables, the server's own and
// those of its image, and none of the server's environment.
func checkEnvironment(t *testing.T, server *mocktest.Server) {
	t.Helper()
	secret, err := server.Client.Logical().Read("p/environ")
	if err != nil || secret == nil {
		t.Fatal(secret, err)
	}
	raw, _ := secret.Data["names"].([]any)
	var names []string
	for _, name := range raw {
		names = append(names, fmt.Sprint(name))
	}
	for name, want := range map[string]bool{
		"REGISTERED": true, "BOTH": true, "OF_IMAGE": true, "VAULT_VERSION": true, "PLUGIN_UNIX_SOCKET_DIR": true, "OF_HOST": false,
	} {
		if slices.Contains(names, name) != want {
			t.Errorf("%s: wanted %v in %q", name, want, names)
		}
	}
	both, err := server.Client.Logical().Read("p/env/BOTH")
	if err != nil || both.Data["value"] != "registered" {
		t.Errorf("BOTH: %+v, %v", both, err)
	}
}

// testTmpdir: sockets are in the directory that the configuration or the environment
// names.
func testTmpdir(t *testing.T, f fixture) {
	t.Helper()
	configured, named := shortDir(t), shortDir(t)
	for _, test := range []struct {
		dialect string
		environ []string
		want    string
	}{
		{"vault-1.21", nil, configured},
		{"vault-1.15", []string{"VAULT_PLUGIN_TMPDIR=" + named}, named},
	} {
		server := start(t, test.environ, mockserver.WithPluginTmpdir(configured), mockserver.WithDialect(test.dialect))
		plugin := pluginName(t) + "-" + test.dialect
		write(t, server, "sys/plugins/catalog/secret/"+plugin, f.registration())
		if err := server.Client.Sys().Mount("p", &api.MountInput{Type: plugin}); err != nil {
			t.Fatal(err)
		}
		running := f.containers(t, plugin)
		if len(running) != 1 || len(running[0].Mounts) != 1 || filepath.Dir(running[0].Mounts[0].Source) != test.want {
			t.Errorf("%s: wanted a directory in %s: %+v", test.dialect, test.want, running)
		}
		if err := server.Client.Sys().Unmount("p"); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(test.want); err != nil || len(left) > 0 {
			t.Errorf("%s: left behind: %v, %v", test.dialect, left, err)
		}
	}
}

// testNoTmpdir: without that directory no plugin runs.
func testNoTmpdir(t *testing.T, f fixture) {
	t.Helper()
	gone := filepath.Join(t.TempDir(), "gone")
	server := start(t, nil, mockserver.WithPluginTmpdir(gone))
	_, err := server.Client.Logical().Write("sys/plugins/catalog/secret/"+pluginName(t), f.registration())
	if err == nil || !strings.Contains(err.Error(), "unable to run plugin: ") || !strings.Contains(err.Error(), "stat "+gone) {
		t.Errorf("got %v", err)
	}
}

// shortDir makes a directory whose path leaves room for sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// testNoImage: an image that the engine has not is refused.
func testNoImage(t *testing.T, _ fixture) {
	t.Helper()
	server := start(t, nil)
	digest := strings.Repeat("0a", 32)
	_, err := server.Client.Logical().Write("sys/plugins/catalog/secret/x", fixture{image: "plugproof-test/none", digest: digest}.registration())
	if err == nil || !strings.Contains(err.Error(), "unable to run plugin: ") || !strings.Contains(err.Error(), "SHA256 mismatch") {
		t.Errorf("got %v", err)
	}
}

// testImageGone: a plugin whose image is removed after its registration is not mounted, and
// the answer is the engine's.
func testImageGone(t *testing.T, f fixture) {
	t.Helper()
	other := f
	other.image = f.image + "-gone"
	if _, err := f.docker.ImageTag(t.Context(), client.ImageTagOptions{Source: f.image, Target: other.image}); err != nil {
		t.Fatal(err)
	}
	server := start(t, nil)
	write(t, server, "sys/plugins/catalog/secret/"+pluginName(t), other.registration())
	if _, err := f.docker.ImageRemove(t.Context(), other.image, client.ImageRemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	err := server.Client.Sys().Mount("p", &api.MountInput{Type: pluginName(t)})
	var refused *api.ResponseError
	if !errors.As(err, &refused) || refused.StatusCode != http.StatusBadRequest || !strings.Contains(err.Error(), "invalid backend version: 2 errors occurred") {
		t.Errorf("got %v", err)
	}
	if left := f.containers(t, pluginName(t)); len(left) > 0 {
		t.Errorf("left behind: %+v", left)
	}
}
