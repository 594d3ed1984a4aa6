// SPDX-License-Identifier: MPL-2.0

package targets_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/targets"
)

// exitCode is what a command that fails with err exits with, 0 for none.
func exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.As(err, new(*usage.Error)):
		return 2
	}
	return 3
}

const fakeServer = "suites/targets/testdata/fakeserver"

func TestNamesThatAreRefused(t *testing.T) {
	t.Setenv("VAULT_TOKEN", "")
	t.Setenv("VAULT_ADDR", "")
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for spec, says := range map[string]string{
		"":                       "known are",
		"moon:landing":           "known are",
		"mock:vault-0.1":         "known are vault-1.14",
		"mock-process:vault-0.1": "known are vault-1.14",
		"binary:":                "name it",
		"binary:/no/such/vault":  "no such file",
		"binary:" + text:         "chmod +x",
		"container:":             "names no image",
		"container:UPPER CASE":   "names no image",
		"addr:":                  "set VAULT_ADDR",
		"addr:127.0.0.1:8200":    "not the address of a server",
		// A report shows the target's name.
		"addr:http://u:planted@127.0.0.1:8200":   "leave user, password and query out",
		"addr:http://127.0.0.1:8200/?t=planted":  "leave user, password and query out",
		"addr:htp://u:planted@127.0.0.1:8200":    "not the address of a server",
		"addr:http://u:planted@127.0.0.1:8200:1": "not the address of a server",
		"addr:u:planted@127.0.0.1:8200":          "not the address of a server",
		"addr:https://vault.test:8200":           "set VAULT_TOKEN",
	} {
		t.Run(spec, func(t *testing.T) {
			g := NewWithT(t)
			_, err := targets.Parse(spec, targets.Options{})
			g.Expect(err).To(MatchError(targets.ErrUsage))
			g.Expect(err.Error()).To(ContainSubstring(says))
			g.Expect(strings.Count(err.Error(), "openbao-2.5")).To(BeNumerically("<=", 1), "the dialects are listed once")
			g.Expect(exitCode(err)).To(Equal(2))
		})
	}
}

func TestBinaryFailures(t *testing.T) {
	t.Parallel()
	fake, foreign := program(t, fakeServer, "vault"), foreignProgram(t, fakeServer, "vault")
	notServer, err := exec.LookPath("true")
	if err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		name, path, fake string
		kind             error
		says             string
	}{
		{"not a server", notServer, "", targets.ErrNotAServer, "vault or bao"},
		{"wrong architecture", foreign, "", targets.ErrWrongArchitecture, targets.Platform()},
		{"exits at start", fake, "exit", targets.ErrExited, "no storage here"},
		{"port taken", fake, "taken", targets.ErrPortTaken, "another process listens"},
		{"never answers", fake, "hang", targets.ErrNotReady, "not ready within 1s"},
		{"stays sealed", fake, "sealed", targets.ErrNotReady, "answered with 503"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			logs := t.TempDir()
			target := parse(t, "binary:"+c.path, targets.Options{StartTimeout: time.Second, LogDir: logs})
			if c.fake == "taken" {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				g.Expect(err).NotTo(HaveOccurred())
				defer l.Close()
				targets.UseAddress(target, l.Addr().String())
			}
			began := time.Now()
			_, err := target.Server(t.Context(), steps.Spec{Env: []string{"FAKE=" + c.fake}})
			g.Expect(err).To(MatchError(c.kind))
			g.Expect(err.Error()).To(ContainSubstring(c.says))
			g.Expect(exitCode(err)).To(Equal(3))
			g.Expect(time.Since(began)).To(BeNumerically("<", 10*time.Second))
			if c.fake == "exit" {
				kept, err := filepath.Glob(filepath.Join(logs, "*.log"))
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(kept).To(HaveLen(1))
			}
		})
	}
}

// TestNothingOutlivesTheHarness kills a process that has started a server with
// a child, as nothing polite happens then.
func TestNothingOutlivesTheHarness(t *testing.T) {
	t.Parallel()
	if os.Getenv("PLUGPROOF_TEST_HARNESS") != "" {
		harness(t)
		return
	}
	g := NewWithT(t)
	fake := program(t, fakeServer, "vault")
	pids := filepath.Join(t.TempDir(), "pids")
	cmd := exec.Command(os.Args[0], "-test.run=^TestNothingOutlivesTheHarness$")
	temporary := t.TempDir()
	cmd.Env = append(os.Environ(), "TMPDIR="+temporary, "PLUGPROOF_TEST_HARNESS="+fake, "FAKE_PIDS="+pids)
	g.Expect(cmd.Start()).To(Succeed())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	read := func() []string {
		text, _ := os.ReadFile(pids)
		return strings.Fields(string(text))
	}
	g.Eventually(read).WithTimeout(20 * time.Second).Should(HaveLen(2))
	g.Expect(cmd.Process.Kill()).To(Succeed())
	_ = cmd.Wait()
	for _, pid := range read() {
		g.Eventually(func() error { return signalZero(pid) }).WithTimeout(5*time.Second).
			Should(MatchError(os.ErrProcessDone), "process "+pid+" still runs")
	}
	g.Eventually(func() ([]string, error) { return filepath.Glob(filepath.Join(temporary, "*")) }).
		WithTimeout(5 * time.Second).Should(BeEmpty())
}

// harness starts a server and waits to be killed.
func harness(t *testing.T) {
	target := parse(t, "binary:"+os.Getenv("PLUGPROOF_TEST_HARNESS"), targets.Options{StartTimeout: time.Minute})
	_, err := target.Server(context.Background(), steps.Spec{Env: []string{"FAKE=family", "FAKE_PIDS=" + os.Getenv("FAKE_PIDS")}})
	t.Fatal("the server ended: ", err)
}

// sealStatus answers as a server does that was asked for its seal.
func sealStatus(storage string, sealed bool) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		switch {
		case req.URL.Path == "/v1/sys/seal-status":
			text := `{"initialized":true,"sealed":false,"n":1,"storage_type":"` + storage + `"}`
			if sealed {
				text = strings.Replace(text, `"sealed":false`, `"sealed":true`, 1)
			}
			_, _ = w.Write([]byte(text))
		case req.Header.Get("X-Vault-Token") != "good" || req.Header.Get("X-Vault-Namespace") != "team":
			http.Error(w, `{"errors":["permission denied"]}`, http.StatusForbidden)
		}
	}
}

func TestAddressFailures(t *testing.T) {
	t.Setenv("VAULT_TOKEN", "good")
	t.Setenv("VAULT_NAMESPACE", "team/")
	plain := func(h http.HandlerFunc) func(*testing.T) string {
		return func(t *testing.T) string {
			s := httptest.NewServer(h)
			t.Cleanup(s.Close)
			return s.URL
		}
	}
	secure := func(t *testing.T) string {
		s := httptest.NewUnstartedServer(sealStatus("inmem", false))
		s.Config.ErrorLog = quiet()
		s.StartTLS()
		t.Cleanup(s.Close)
		return s.URL
	}
	for _, c := range []struct {
		name  string
		url   func(*testing.T) string
		token string
		opts  targets.Options
		kind  error
		says  string
		code  int
	}{
		{"usable", plain(sealStatus("inmem", false)), "good", targets.Options{}, nil, "", 0},
		{"not released", plain(sealStatus("raft", false)), "good", targets.Options{}, targets.ErrNotAllowed, "--yes-this-server", 2},
		{"released", plain(sealStatus("raft", false)), "good", targets.Options{ThisServer: true}, nil, "", 0},
		{"sealed", plain(sealStatus("inmem", true)), "good", targets.Options{}, targets.ErrNotReady, "unseal", 3},
		{"token refused", plain(sealStatus("inmem", false)), "bad", targets.Options{}, targets.ErrTokenRefused, "VAULT_TOKEN", 3},
		{"not a server", plain(http.NotFound), "good", targets.Options{}, targets.ErrNotAServer, "404", 3},
		{"nothing there", func(*testing.T) string { return "http://" + unusedAddress }, "good", targets.Options{}, targets.ErrUnreachable, "that the server runs", 3},
		{"unknown name", func(*testing.T) string { return "http://vault.invalid:8200" }, "good", targets.Options{}, targets.ErrUnreachable, "name is not known", 3},
		{"unknown authority", secure, "good", targets.Options{}, targets.ErrTLS, "VAULT_CACERT", 3},
		{"plain to TLS", func(t *testing.T) string { return strings.Replace(secure(t), "https:", "http:", 1) }, "good", targets.Options{}, targets.ErrTLS, "addr:https://", 3},
		{"TLS to plain", func(t *testing.T) string {
			return strings.Replace(plain(sealStatus("inmem", false))(t), "http:", "https:", 1)
		}, "good", targets.Options{}, targets.ErrTLS, "addr:http://", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			t.Setenv("VAULT_TOKEN", c.token)
			target := parse(t, "addr:"+c.url(t), c.opts)
			_, err := target.Server(t.Context(), steps.Spec{})
			if c.kind == nil {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(err).To(MatchError(c.kind))
			g.Expect(err.Error()).To(ContainSubstring(c.says))
			g.Expect(exitCode(err)).To(Equal(c.code))
		})
	}
}

func TestNoContainerEngine(t *testing.T) {
	// A process of its own: what the engine is, is settled once in a process.
	if os.Getenv("PLUGPROOF_TEST_ENGINE") == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNoContainerEngine$")
		cmd.Env = append(os.Environ(), "PLUGPROOF_TEST_ENGINE=none", "DOCKER_HOST=unix:///nonexistent/docker.sock")
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		return
	}
	g := NewWithT(t)
	target := parse(t, "container:hashicorp/vault:1.20", targets.Options{})
	_, err := target.Server(t.Context(), steps.Spec{})
	g.Expect(err).To(MatchError(targets.ErrNoEngine))
	g.Expect(err.Error()).To(ContainSubstring("DOCKER_HOST"))
	g.Expect(exitCode(err)).To(Equal(3))
}
