// SPDX-License-Identifier: MPL-2.0

//go:build linux

package containers_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"
	"github.com/moby/moby/api/types/container"
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

// pluginName is of this process, so that its containers are known.
func pluginName() string { return fmt.Sprint("probe-in-container-", os.Getpid()) }

func hostname(t *testing.T) string {
	t.Helper()
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func registration(image, digest string) map[string]any {
	return map[string]any{"oci_image": image, "sha256": digest, "runtime": "runc", "env": []string{"REGISTERED=1", "BOTH=registered"}}
}

func start(t *testing.T, environ ...string) *mocktest.Server {
	t.Helper()
	server := mocktest.Start(t, mockserver.WithEnviron(func() []string { return environ }))
	write(t, server, "sys/plugins/runtimes/catalog/container/runc", map[string]any{"oci_runtime": "runc", "memory_bytes": 256 << 20})
	return server
}

func write(t *testing.T, server *mocktest.Server, path string, data map[string]any) {
	t.Helper()
	if _, err := server.Client.Logical().Write(path, data); err != nil {
		t.Fatal(err)
	}
}

// containers returns those of the test's plugin that exist.
func containers(t *testing.T, docker *client.Client) []container.Summary {
	t.Helper()
	list, err := docker.ContainerList(t.Context(), client.ContainerListOptions{
		All: true, Filters: make(client.Filters).Add("label", labelName+"="+pluginName()),
	})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func TestAPluginRunsInAContainer(t *testing.T) {
	t.Parallel()
	docker := engine(t)
	name, digest := image(t, docker)
	server := start(t, "OF_HOST=1", "BOTH=host")
	orphan := orphaned(t, docker, digest)
	write(t, server, "sys/plugins/catalog/secret/"+pluginName(), registration(name, digest))
	if err := server.Client.Sys().Mount("p", &api.MountInput{Type: pluginName()}); err != nil {
		t.Fatal(err)
	}

	running := containers(t, docker)
	if len(running) != 1 {
		t.Fatalf("containers: %+v", running)
	}
	if running[0].ID == orphan {
		t.Error("the container of a killed server was not removed")
	}
	info, err := docker.ContainerInspect(t.Context(), running[0].ID, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if host := info.Container.HostConfig; host.Runtime != "runc" || host.Memory != 256<<20 {
		t.Errorf("runtime %q, memory %d", host.Runtime, host.Memory)
	}
	checkEnvironment(t, server)

	// A container that somebody kills is replaced.
	write(t, server, "p/kv/a", map[string]any{"value": "kept"})
	if _, err := docker.ContainerRemove(t.Context(), running[0].ID, client.ContainerRemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Client.Sys().ReloadPlugin(&api.ReloadPluginInput{Plugin: pluginName()}); err != nil {
		t.Fatal(err)
	}
	secret, err := server.Client.Logical().Read("p/kv/a")
	if err != nil || secret == nil || secret.Data["value"] != "kept" {
		t.Errorf("after the container was killed: %+v, %v", secret, err)
	}
	if err := server.Client.Sys().Unmount("p"); err != nil {
		t.Fatal(err)
	}
	if left := containers(t, docker); len(left) > 0 {
		t.Errorf("left behind: %+v", left)
	}
}

// orphaned makes a container like that of a server that was killed.
func orphaned(t *testing.T, docker *client.Client, digest string) (id string) {
	t.Helper()
	made, err := docker.ContainerCreate(t.Context(), client.ContainerCreateOptions{Config: &container.Config{
		Image:  "sha256:" + digest,
		Labels: map[string]string{labelName: pluginName(), labelSockets: t.TempDir() + "/gone", labelHost: hostname(t)},
	}})
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

func TestAnImageThatDoesNotRunIsRefused(t *testing.T) {
	t.Parallel()
	engine(t)
	server := start(t)
	digest := strings.Repeat("0a", 32)
	_, err := server.Client.Logical().Write("sys/plugins/catalog/secret/x", registration("plugproof-test/none", digest))
	if err == nil || !strings.Contains(err.Error(), "unable to run plugin: ") || !strings.Contains(err.Error(), "SHA256 mismatch") {
		t.Errorf("got %v", err)
	}
}
