// SPDX-License-Identifier: MPL-2.0

package targets_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/targets"
)

// engineClient returns a client of this machine's container engine.
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

// imageVariable are the lines of an image's recipe that set a variable which no
// server may see.
func imageVariable(t *testing.T, cli *client.Client) []string {
	t.Helper()
	version, err := cli.ServerVersion(t.Context(), client.ServerVersionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range version.Components {
		if part.Name == "Podman Engine" {
			t.Log("Podman can't unset what an image sets: not tried")
			return nil
		}
	}
	return []string{"ENV SECRET=of-the-image"}
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
	recipe := fmt.Sprintf("FROM scratch\nCOPY %[1]s /%[1]s\nENTRYPOINT [\"/%[1]s\"]\n", name) + strings.Join(dockerfile, "\n")
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
	tag := strings.ToLower("plugproof-test/" + strings.ReplaceAll(t.Name(), "/", "-") + fmt.Sprintf(":local-%d", os.Getpid()))
	// Images of the same cached steps have parents in common, and the end of one test
	// would remove them under another's build.
	built, err := cli.ImageBuild(t.Context(), &archive, client.ImageBuildOptions{Tags: []string{tag}, NoCache: true, Remove: true, ForceRemove: true})
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

func TestContainersReachThisMachine(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	cli := engineClient(t)
	image := scratchImage(t, cli, program(t, fakeServer, "vault"))
	target := parse(t, "container:"+image, targets.Options{})
	if why := target.Unsupported(steps.Loopback); why != "" {
		t.Skip(why)
	}
	// An identity provider on this machine's loopback, asked from the container.
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "reached")
	}))
	defer provider.Close()
	running := serve(t, target, steps.Spec{Env: []string{"FAKE=fetch"}})
	g.Expect(running.Address()).To(HavePrefix("http://127.0.0.1:"))
	reach := steps.ReachableAddress(running, provider.Listener.Addr().String())
	_, body := ask(t, running, "GET", "fetch?from=http://"+reach, "")
	g.Expect(body).To(Equal("reached"))
	g.Expect(target.Close(context.Background())).To(Succeed())
	left, err := cli.ContainerList(t.Context(), client.ContainerListOptions{All: true, Filters: make(client.Filters).Add("ancestor", image)})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(left.Items).To(BeEmpty(), "containers left behind")
}

func TestContainerFailures(t *testing.T) {
	t.Parallel()
	cli := engineClient(t)
	server, foreign := program(t, fakeServer, "vault"), foreignProgram(t, fakeServer, "vault")
	for _, c := range []struct {
		name  string
		image func(t *testing.T) string
		spec  steps.Spec
		kind  error
		says  string
	}{
		{"image missing", func(*testing.T) string { return unusedAddress + "/no/such:1" }, steps.Spec{}, targets.ErrImageMissing, "docker pull"},
		{"exits at start", func(t *testing.T) string { return scratchImage(t, cli, server) }, steps.Spec{Env: []string{"FAKE=exit"}}, targets.ErrExited, "no storage here"},
		{"not a server", func(t *testing.T) string { return scratchImage(t, cli, "container_test.go") }, steps.Spec{}, targets.ErrNotAServer, "holds no known server"},
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

// unusedAddress is where nothing listens: the port of a service that is gone.
const unusedAddress = "127.0.0.1:1"
