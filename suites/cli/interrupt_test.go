// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/targets"
)

// TestInterruptedRunProvesNothing ends a run early; the exit code must not say
// that all is well, nor that anything is wrong.
func TestInterruptedRunProvesNothing(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"requests": {"run", "--concurrency", "1"},
		"sessions": {"run", "--area", "documentation", "--concurrency", "8"},
		"at once":  {"run", "--area", "documentation"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			within := map[string]time.Duration{"requests": 3 * time.Second, "sessions": 300 * time.Millisecond}[name]
			ctx, cancel := context.WithTimeout(t.Context(), within)
			defer cancel()
			// A program that has just been started does not see an interrupt yet.
			stdout, code, stderr := commandIn(ctx, args...)
			out := stdout + stderr
			g.Expect(code).To(Equal(3), out)
			g.Expect(out).To(ContainSubstring("the run was interrupted"))
			g.Expect(out).NotTo(ContainSubstring("Does not conform"))
		})
	}
}

// TestAnInterruptedSessionIsNoFailure ends the run while a command of a session
// waits for its answer. What the command then prints is not what the
// documentation says, and that is not the server's fault.
func TestAnInterruptedSessionIsNoFailure(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	d, err := dialect.Lookup(dialect.Newest().Name)
	g.Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	target := targets.Mock("interrupted", d, targets.Faults{
		Handler: func(s *mockserver.Server, _ string) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if !strings.HasSuffix(req.URL.Path, "/public") {
					s.ServeHTTP(w, req)
					return
				}
				cancel()
				http.Error(w, `{"errors":["cut off"]}`, http.StatusInternalServerError)
			})
		},
	})
	t.Cleanup(func() { _ = target.Close(context.Background()) })
	config := conformance.Config{Only: []string{"DOC-007"}, Concurrency: 1}
	result, err := conformance.Against(ctx, config, target)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.Interrupted).To(BeTrue())
	g.Expect(result.ExitCode()).To(Equal(report.ExitBroken))
	g.Expect(result.Outcomes).NotTo(BeEmpty())
	for _, outcome := range result.Outcomes {
		g.Expect(outcome.Status).To(Equal(steps.Skip), outcome.Reason)
		g.Expect(outcome.Reason).To(ContainSubstring("interrupted"))
	}
}

// elsewhere is a mock that somebody else runs, behind a front that sees the
// requests. A request comes with the handler that answers it.
type elsewhere struct {
	server    *mockserver.Server
	front     *httptest.Server
	pluginDir string
}

func newElsewhere(t *testing.T, front func(w http.ResponseWriter, req *http.Request, next http.Handler)) *elsewhere {
	t.Helper()
	dir := t.TempDir()
	server, err := mockserver.Start(t.Context(), mockserver.WithRootToken("root"), mockserver.WithPluginDir(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	address, err := url.Parse(server.Address())
	if err != nil {
		t.Fatal(err)
	}
	next := httputil.NewSingleHostReverseProxy(address)
	e := &elsewhere{server: server, pluginDir: dir}
	e.front = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { front(w, req, next) }))
	t.Cleanup(e.front.Close)
	t.Setenv("VAULT_TOKEN", "root")
	return e
}

// get returns the body of an answer of the server itself.
func (e *elsewhere) get(t *testing.T, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.server.Address()+"/v1/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Vault-Token", "root")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// ownName is in the name of everything that a run makes on a shared server.
var ownName = regexp.MustCompile(`[a-z]+-pp[0-9a-f]{8}`)

// patience is how long a client is watched that must not go away.
const patience = 300 * time.Millisecond

// TestAnInterruptedRunLeavesNothing ends the run when the server has the request
// for a mount, a registration or a policy. A client that goes away then, and
// removes what there is before the server made it, leaves it behind.
func TestAnInterruptedRunLeavesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		path string // of the request that the interruption hits
		only string
	}{
		"mount":      {"/v1/sys/mounts/p-pp", "ACC-002"},
		"auth mount": {"/v1/sys/auth/a-pp", "MNT-065"},
		"plugin":     {"/v1/sys/plugins/catalog/secret/probe-pp", "ACC-002"},
		"policy":     {"/v1/sys/policies/acl/reader-pp", "ACC-061"},
		"move":       {"/v1/sys/remount", "MNT-063"},
		"command":    {"/v1/sys/mounts/my-secrets-pp", "DOC-002"},
		"runtime":    {"/v1/sys/plugins/runtimes/catalog/container/rt-pp", "REG-071"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			listed := make(chan struct{})
			var once sync.Once
			e := newElsewhere(t, func(w http.ResponseWriter, req *http.Request, next http.Handler) {
				writes := req.Method == http.MethodPost || req.Method == http.MethodPut
				if !writes || !strings.HasPrefix(req.URL.Path, test.path) {
					next.ServeHTTP(w, req)
					if ctx.Err() != nil && req.URL.Path == "/v1/sys/policy" { // the last list of a clean-up
						once.Do(func() { close(listed) })
					}
					return
				}
				// Only with its body read does the client's going away show.
				body, err := io.ReadAll(req.Body)
				if err != nil {
					t.Error(err)
				}
				cancel()
				select {
				case <-req.Context().Done():
					<-listed
				case <-time.After(patience):
				}
				later := req.Clone(context.WithoutCancel(req.Context()))
				later.Body = io.NopCloser(bytes.NewReader(body))
				next.ServeHTTP(w, later)
			})
			out, code := plugproof(ctx, t, "run", "--target", "addr:"+e.front.URL, "--plugin-dir", e.pluginDir, "--only", test.only, "--concurrency", "1")
			g.Expect(ctx.Err()).To(HaveOccurred(), "the request was not seen")
			g.Expect(code).To(Equal(3), out)
			g.Expect(out).To(ContainSubstring("the run was interrupted"))
			g.Expect(out).NotTo(ContainSubstring("could not remove"))
			e.front.Close() // waits for what is under way
			for _, path := range []string{"sys/mounts", "sys/auth", "sys/policy", "sys/plugins/catalog", "sys/plugins/runtimes/catalog?list=true"} {
				list := e.get(t, path)
				g.Expect(ownName.FindString(list)).To(BeEmpty(), path)
				g.Expect(list).NotTo(MatchRegexp(`"(there/|rt)"`), path)
			}
		})
	}
}

// TestWhatIsLeftIsSaid shows what a run says that can't remove something, or that
// can't know whether there is something.
func TestWhatIsLeftIsSaid(t *testing.T) {
	for name, test := range map[string]struct {
		method, path string // of the request that fails
		answered     bool
		code         int
		want         []string
	}{
		"mount refused to go":     {"DELETE", "/v1/sys/mounts/p-pp", true, 3, []string{"500", "vault secrets disable p-pp"}},
		"plugin refused to go":    {"DELETE", "/v1/sys/plugins/catalog/secret/probe-pp", true, 3, []string{"500", "vault plugin deregister secret probe-pp"}},
		"lists are refused":       {"GET", "/v1/sys/policy", true, 3, []string{"GET sys/policy: 500", "look for -pp"}},
		"mount without an answer": {"POST", "/v1/sys/mounts/p-pp", false, 3, []string{"was not answered", "vault secrets disable p-pp"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			e := newElsewhere(t, func(w http.ResponseWriter, req *http.Request, next http.Handler) {
				switch {
				case req.Method != test.method || !strings.HasPrefix(req.URL.Path, test.path):
					next.ServeHTTP(w, req)
				case test.answered:
					http.Error(w, `{"errors":["not now"]}`, http.StatusInternalServerError)
				default:
					panic(http.ErrAbortHandler)
				}
			})
			out, code := plugproof(t.Context(), t, "run", "--target", "addr:"+e.front.URL, "--plugin-dir", e.pluginDir, "--only", "ACC-002")
			g.Expect(code).To(Equal(test.code), out)
			g.Expect(out).To(ContainSubstring("could not remove what the scenario created"))
			for _, want := range test.want {
				g.Expect(out).To(ContainSubstring(want))
			}
		})
	}
}

// TestWhatACheckLeavesIsSaid: the server refuses to remove what the check shares among its
// scenarios.
func TestWhatACheckLeavesIsSaid(t *testing.T) {
	g := NewWithT(t)
	e := newElsewhere(t, func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if req.Method == http.MethodDelete && strings.HasPrefix(req.URL.Path, "/v1/sys/plugins/catalog/") {
			http.Error(w, `{"errors":["not now"]}`, http.StatusInternalServerError)
			return
		}
		next.ServeHTTP(w, req)
	})
	out, code := plugproof(t.Context(), t, "check", samplePlugins(t, "passthrough-plugin")["passthrough-plugin"], "--target", "addr:"+e.front.URL, "--plugin-dir", e.pluginDir, "--only", "PLG-001")
	g.Expect(code).To(Equal(3), out)
	g.Expect(out).To(MatchRegexp(`500 .*\s.*not now.*\s*; remove it with: vault plugin deregister secret \S+`))
}

// TestAnAddressWithoutPluginDirectory runs everything that says that it can be
// run there.
func TestAnAddressWithoutPluginDirectory(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"vault-1.14", dialect.Newest().Name, "openbao-2.5"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			server, err := mockserver.Start(t.Context(), mockserver.WithRootToken("root"), mockserver.WithDialect(name))
			g.Expect(err).NotTo(HaveOccurred())
			t.Cleanup(func() { _ = server.Close() })
			file := filepath.Join(t.TempDir(), "result.json")
			out, code, failed := executeWith(t.Context(), t, []string{"VAULT_TOKEN=root"}, "run", "--target", "addr:"+server.Address(), "--report", "json="+file)
			g.Expect(code).To(Equal(report.ExitConforms), "%s%s", out, failed)
			text, err := os.ReadFile(file)
			g.Expect(err).NotTo(HaveOccurred())
			result, err := report.ReadJSON(text)
			g.Expect(err).NotTo(HaveOccurred())
			passed := 0
			for _, outcome := range result.Outcomes {
				g.Expect(outcome.Status).To(BeElementOf(steps.Pass, steps.Skip, steps.Unsupported), "%s %s", outcome.Requirement.ID, outcome.Reason)
				if outcome.Status == steps.Pass {
					passed++
				}
			}
			g.Expect(passed).To(BeNumerically(">", 10))
		})
	}
}
