// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/plugproof/plugproof/mockserver"
)

// childEnv makes the test binary a server: its value is the plugin directory,
// and behind a colon the data directory.
const childEnv = "PLUGPROOF_TEST_CHILD"

// lifecyclesEnv makes the test binary live lifecycles, in a process whose goroutines
// and descriptors are theirs alone: a lifecycles in JSON.
const lifecyclesEnv = "PLUGPROOF_TEST_LIFECYCLES"

func TestMain(m *testing.M) {
	if dirs := os.Getenv(childEnv); dirs != "" {
		serveAsChild(dirs)
		return
	}
	if os.Getenv(lifecyclesEnv) != "" {
		liveAsChild()
		return
	}
	code := m.Run()
	if dir := os.Getenv(buildDirEnv); dir != "" {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// buildDirEnv names the directory of the built plugins for TestMain's end.
const buildDirEnv = "PLUGPROOF_TEST_BUILD"

// serveAsChild serves until it is killed or terminated, and says where on standard
// output.
func serveAsChild(dirs string) {
	plugins, data, _ := strings.Cut(dirs, ":")
	s, err := mockserver.Start(context.Background(), mockserver.WithPluginDir(plugins), mockserver.WithDataDir(data), mockserver.WithRootToken("root"))
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	terminated, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	fmt.Println(s.Address())
	<-terminated.Done()
	if err := s.Close(); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// builtPlugins are the plugins of the tests.
type builtPlugins struct {
	dir string
	// sums are their sha256 by name, in hex.
	sums map[string]string
}

// builtProbe builds the probe and memdb, once for all tests.
var builtProbe = sync.OnceValues(func() (built builtPlugins, err error) {
	dir, err := os.MkdirTemp("", "plugproof-mockserver-")
	if err != nil {
		return built, err
	}
	if err := os.Setenv(buildDirEnv, dir); err != nil {
		return built, err
	}
	if err := buildPlugins("..", dir, "./plugins/probe/cmd/probe", "./plugins/memdb/cmd/memdb"); err != nil {
		return built, err
	}
	built = builtPlugins{dir: dir, sums: map[string]string{}}
	for _, name := range []string{"probe", "memdb"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return built, err
		}
		sum := sha256.Sum256(raw)
		built.sums[name] = hex.EncodeToString(sum[:])
	}
	return built, nil
})

// buildPlugins builds packages of a module into a directory. The flags are those of all
// programs of the tests, which share what is compiled.
func buildPlugins(module, dir string, packages ...string) error {
	cmd := exec.Command("go", append([]string{"build", "-C", module, "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", dir}, packages...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", strings.Join(packages, ", "), err, out)
	}
	return nil
}

// pluginDir is a plugin directory of the test's own with the probe in it, and
// the probe's sha256.
func pluginDir(t testing.TB) (dir, sha string) {
	t.Helper()
	built, err := builtProbe()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.Link(filepath.Join(built.dir, "probe"), filepath.Join(dir, "probe")); err != nil {
		t.Fatal(err)
	}
	return dir, built.sums["probe"]
}

// start serves a mock with the probe in its plugin directory until the test
// ends.
func start(t *testing.T, opts ...mockserver.Option) (s *mockserver.Server, client *api.Client, sha string) {
	t.Helper()
	dir, sha := pluginDir(t)
	s, err := mockserver.Start(t.Context(), append([]mockserver.Option{mockserver.WithPluginDir(dir), mockserver.WithRootToken("root")}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, clientOf(t, s.Address()), sha
}

// clientOf is a client with the root token.
func clientOf(t *testing.T, address string) *api.Client {
	t.Helper()
	config := api.DefaultConfig()
	config.Address, config.MaxRetries, config.Timeout = address, 0, time.Minute
	client, err := api.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	client.SetToken("root")
	return client
}

// register puts the probe into the catalog, with an environment.
func register(t *testing.T, client *api.Client, kind api.PluginType, name, sha string, env ...string) {
	t.Helper()
	err := client.Sys().RegisterPluginWithContext(t.Context(), &api.RegisterPluginInput{Name: name, Type: kind, Command: "probe", SHA256: sha, Env: env})
	if err != nil {
		t.Fatal(err)
	}
}

// mount mounts a registered plugin.
func mount(t *testing.T, client *api.Client, path, name string) {
	t.Helper()
	if err := client.Sys().MountWithContext(t.Context(), path, &api.MountInput{Type: name}); err != nil {
		t.Fatal(err)
	}
}

// child is a server in a process of its own.
type child struct {
	cmd     *exec.Cmd
	address string
}

func startChild(t *testing.T, plugins, data string, env ...string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childEnv+"="+plugins+":"+data), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: cmd}
	t.Cleanup(c.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "http") {
		t.Fatalf("the server did not start: %q %v", line, err)
	}
	c.address = strings.TrimSpace(line)
	return c
}

// kill ends the server as a crash would.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// eventually asks until what is true, for ten seconds.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline.C:
			t.Fatal("not within ten seconds: " + what)
		case <-tick.C:
		}
	}
}
