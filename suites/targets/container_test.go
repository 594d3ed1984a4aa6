// SPDX-License-Identifier: MPL-2.0

package targets_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/targets"
)

// engineClient gives a client of this machine's container engine.
func engineClient(t *testing.T) *client.Client {
	t.Helper()
	cli, err := client.New(client.FromEnv)
	if err == nil {
		_, err = cli.Ping(t.Context(), client.PingOptions{NegotiateAPIVersion: true})
	}
	if err != nil {
		t.Skipf("no container engine: %v", err)
	}
	t.Cleanup(func() { _ = cli.Close() })
	return cli
}

// scratchImage makes an image that holds nothing but the program as its
// entrypoint, and removes it after the test.
func scratchImage(t *testing.T, cli *client.Client, program string, dockerfile ...string) string {
	t.Helper()
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Base(program)
	recipe := fmt.Sprintf("FROM scratch\nCOPY --chmod=0755 %[1]s /%[1]s\nENTRYPOINT [\"/%[1]s\"]\n", name)
	recipe = strings.ReplaceAll(recipe, "--chmod=0755 ", "") + strings.Join(dockerfile, "\n")
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, file := range []struct {
		name string
		text []byte
	}{{"Dockerfile", []byte(recipe)}, {name, text}} {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: file.name, Mode: 0o755, Size: int64(len(file.text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(file.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	tag := strings.ToLower("plugproof-test/" + strings.ReplaceAll(t.Name(), "/", "-") + ":local")
	built, err := cli.ImageBuild(t.Context(), &archive, client.ImageBuildOptions{Tags: []string{tag}, Remove: true, ForceRemove: true})
	if err != nil {
		t.Fatal(err)
	}
	defer built.Body.Close()
	output, err := io.ReadAll(built.Body)
	if err != nil || bytes.Contains(output, []byte(`"errorDetail"`)) {
		t.Fatalf("build image: %v %s", err, output)
	}
	t.Cleanup(func() {
		if _, err := cli.ImageRemove(context.Background(), tag, client.ImageRemoveOptions{Force: true, PruneChildren: true}); err != nil {
			t.Errorf("remove image: %v", err)
		}
	})
	return tag
}

// buildPlugin builds a package of this module as a static program.
func buildPlugin(t *testing.T, pkg string, env ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plugin")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", file, pkg)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, output)
	}
	return file
}

func TestContainerRunsAServerFromAScratchImage(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	program := realServer(t)
	cli := engineClient(t)
	image := scratchImage(t, cli, program, "ENV SECRET=of-the-image")
	target := parse(t, "container:"+image, targets.Options{})
	plugin := buildPlugin(t, "github.com/plugproof/plugproof/plugins/probe/cmd/probe")

	t.Run("plugins and the environment", func(t *testing.T) {
		g := NewWithT(t)
		server := serve(t, target, steps.Spec{Env: []string{"REGION=host"}})
		g.Expect(server.Address()).To(HavePrefix("http://127.0.0.1:"))
		sum, err := server.Place(t.Context(), "probe", plugin)
		g.Expect(err).NotTo(HaveOccurred())
		status, body := ask(t, server, "PUT", "sys/plugins/catalog/secret/probe", fmt.Sprintf(`{"command":"probe","sha256":%q}`, sum))
		g.Expect(status).To(Equal(204), body)
		status, body = ask(t, server, "POST", "sys/mounts/p", `{"type":"probe"}`)
		g.Expect(status).To(Equal(204), body)
		_, body = ask(t, server, "GET", "p/env/REGION", "")
		g.Expect(body).To(ContainSubstring(`"value":"host"`))
		_, body = ask(t, server, "GET", "p/env/SECRET", "")
		g.Expect(body).To(ContainSubstring(`"set":false`))
	})
	t.Run("restart with state", func(t *testing.T) {
		g := NewWithT(t)
		server := serve(t, target, steps.Spec{State: true})
		status, body := ask(t, server, "POST", "sys/mounts/kept", `{"type":"kv"}`)
		g.Expect(status).To(Equal(204), body)
		for _, kill := range []bool{false, true} {
			g.Expect(server.Restart(t.Context(), kill)).To(Succeed())
			_, body = ask(t, server, "GET", "sys/mounts", "")
			g.Expect(body).To(ContainSubstring(`"kept/"`))
		}
		logs, err := server.Logs(t.Context())
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(logs).To(ContainSubstring("core: "))
		g.Expect(logs).NotTo(ContainSubstring(server.Token()))
	})
	t.Run("one server for zero specs, reaching this machine", func(t *testing.T) {
		g := NewWithT(t)
		one, other := serve(t, target, steps.Spec{}), serve(t, target, steps.Spec{})
		g.Expect(one.Address()).To(Equal(other.Address()))
		if why := target.Lacks(steps.Loopback); why != "" {
			t.Skip(why)
		}
		// An identity provider on this machine's loopback, asked by the server.
		asked := make(chan struct{}, 10)
		provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked <- struct{}{}
			http.NotFound(w, nil)
		}))
		defer provider.Close()
		reach := one.Reach(provider.Listener.Addr().String())
		status, body := ask(t, one, "POST", "sys/auth/jwt-reach", `{"type":"jwt"}`)
		g.Expect(status).To(Equal(204), body)
		ask(t, one, "POST", "auth/jwt-reach/config", fmt.Sprintf(`{"jwks_url":"http://%s/keys"}`, reach))
		g.Expect(asked).NotTo(BeEmpty())
	})
	g.Expect(target.Close(context.Background())).To(Succeed())
	left, err := cli.ContainerList(t.Context(), client.ContainerListOptions{All: true, Filters: make(client.Filters).Add("ancestor", image)})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(left.Items).To(BeEmpty(), "containers left behind")
}

func TestContainerFailures(t *testing.T) {
	t.Parallel()
	cli := engineClient(t)
	failing := buildPlugin(t, "github.com/plugproof/plugproof/suites/targets/testdata/fakeserver")
	server := filepath.Join(filepath.Dir(failing), "vault")
	if err := os.Rename(failing, server); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(t.TempDir(), "vault")
	if err := os.Rename(buildPlugin(t, "github.com/plugproof/plugproof/suites/targets/testdata/fakeserver", "GOARCH=arm64"), foreign); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		image func(t *testing.T) string
		spec  steps.Spec
		kind  error
		says  string
	}{
		{"image missing", func(*testing.T) string { return unusedRegistry(t) + "/no/such:1" }, steps.Spec{}, targets.ErrImageMissing, "docker pull"},
		{"exits at start", func(t *testing.T) string { return scratchImage(t, cli, server) }, steps.Spec{Env: []string{"FAKE=exit"}}, targets.ErrExited, "no storage here"},
		{"not a server", func(t *testing.T) string { return scratchImage(t, cli, "container_test.go") }, steps.Spec{}, targets.ErrNotAServer, "holds no server"},
		{"wrong architecture", func(t *testing.T) string { return scratchImage(t, cli, foreign) }, steps.Spec{}, targets.ErrWrongArchitecture, "built for arm64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			target := parse(t, "container:"+c.image(t), targets.Options{})
			began := time.Now()
			_, err := target.Server(t.Context(), c.spec)
			g.Expect(err).To(MatchError(c.kind))
			g.Expect(err.Error()).To(ContainSubstring(c.says))
			g.Expect(exitCode(err)).To(Equal(3))
			g.Expect(time.Since(began)).To(BeNumerically("<", 15*time.Second))
		})
	}
}

// unusedRegistry is an address where nothing listens.
func unusedRegistry(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
