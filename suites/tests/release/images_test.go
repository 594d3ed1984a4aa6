// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// buildImage builds an image as goreleaser does: from a context that has the
// platform's programs in a directory of its name, and the extra files.
func buildImage(t *testing.T, name string) (tag string) {
	t.Helper()
	g := NewWithT(t)
	r := release(t)
	if out, err := exec.CommandContext(t.Context(), "docker", "version").CombinedOutput(); err != nil {
		t.Skipf("there is no Docker: %s", out)
	}
	context := t.TempDir()
	platform := "linux/" + runtime.GOARCH
	programs := filepath.Join(context, platform)
	g.Expect(os.CopyFS(programs, os.DirFS(filepath.Dir(r.installed(t))))).To(Succeed())
	extra := ".github/release/root"
	g.Expect(os.CopyFS(filepath.Join(context, extra), os.DirFS(filepath.Join(root, extra)))).To(Succeed())
	dockerfile := filepath.Join(context, "Dockerfile")
	g.Expect(copyFile(filepath.Join(root, ".github/release", name+".Dockerfile"), dockerfile)).To(Succeed())

	tag = fmt.Sprintf("localhost/%s:test-%d", name, os.Getpid())
	// Images that were built from the same cached steps have parents in common, and
	// the end of one test would remove them under the other's build.
	docker(t, "build", "--no-cache", "--quiet", "--build-arg", "TARGETPLATFORM="+platform, "--tag", tag, context)
	t.Cleanup(func() { _ = exec.Command("docker", "rmi", "--force", tag).Run() })
	return tag
}

func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", args...).Output()
	if err != nil {
		var stderr []byte
		if ended, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Output returns it as it is
			stderr = ended.Stderr
		}
		t.Fatalf("docker %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr)
	}
	return strings.TrimSpace(string(out))
}

func TestImageOfTheCommand(t *testing.T) {
	t.Parallel()
	tag := buildImage(t, "plugproof")
	NewWithT(t).Expect(docker(t, "run", "--rm", tag, "run", "--only", "REG-001,DOC-007")).To(ContainSubstring("Conforms: 2 requirements hold"))
}

func TestImageOfTheServer(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	tag := buildImage(t, "plugproof-serve")
	id := docker(t, "run", "--detach", "--rm", "--publish", "127.0.0.1::8200", tag, "--register-all", "--root-token", "root")
	t.Cleanup(func() { _ = exec.Command("docker", "rm", "--force", id).Run() })
	address, _, _ := strings.Cut(docker(t, "port", id, "8200/tcp"), "\n")
	g.Eventually(t.Context(), func() (int, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/v1/sys/health", nil)
		if err != nil {
			return 0, err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, err
		}
		return answer.StatusCode, answer.Body.Close()
	}).WithTimeout(30 * time.Second).Should(Equal(http.StatusOK))
}
