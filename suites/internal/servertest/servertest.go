// SPDX-License-Identifier: MPL-2.0

package servertest

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/go-version"
	vault "github.com/hashicorp/vault/api"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/targets"
)

// closeTimeout bounds the end of a server after its test.
const closeTimeout = 30 * time.Second

// Dialects are the mock's dialects that Each runs a test with: the oldest and
// the newest Vault and the recorded OpenBao.
func Dialects() []string {
	return []string{"vault-1.14", dialect.Newest().Name, "openbao-2.5"}
}

// Server is a running server of one test.
type Server struct {
	steps.Server
	// Client may do everything on the server. It never retries, so that what
	// fails is seen to fail.
	Client *vault.Client
	// Identity is what the server says it is.
	Identity steps.Identity
}

// Pins reports whether the server can pin versions: Vault since 1.16.
func (s *Server) Pins() bool {
	since := version.Must(version.NewVersion("1.16"))
	return s.Identity.Product == steps.Vault && s.Identity.Version.GreaterThanOrEqual(since)
}

// Each runs a test as parallel subtests against a server of its own: the mock
// in every dialect of Dialects, and a real server where Variable names one.
func Each(t *testing.T, spec steps.Spec, test func(t *testing.T, s *Server)) {
	t.Helper()
	for _, name := range Dialects() {
		t.Run("mock:"+name, func(t *testing.T) {
			t.Parallel()
			test(t, Start(t, "mock:"+name, spec))
		})
	}
	t.Run("real", func(t *testing.T) {
		t.Parallel()
		test(t, Start(t, "binary:"+RealServer(t), spec))
	})
}

// Start gives the test a server of the target, which ends with the test. If the
// test fails, its log holds the server's.
func Start(t testing.TB, name string, spec steps.Spec) *Server {
	t.Helper()
	target, err := targets.Parse(name, targets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// The test's own context has ended when its clean-up runs.
	cleanup := func(what string, end func(context.Context) error) {
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
			defer cancel()
			if err := end(ctx); err != nil {
				t.Errorf("%s %s: %v", what, name, err)
			}
		})
	}
	cleanup("close", target.Close)
	identity, err := steps.Identify(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	server, err := target.Server(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	cleanup("close the server of", server.Close)
	cleanup("log of", func(ctx context.Context) error {
		if !t.Failed() {
			return nil
		}
		log, err := steps.ServerLog(ctx, server)
		t.Logf("the server's log:\n%s", log)
		return err
	})
	s := &Server{Server: server, Identity: identity}
	s.Client = s.Connect(t, server.Token())
	return s
}

// Connect makes a client with a token, which may be empty.
func (s *Server) Connect(t testing.TB, token string) *vault.Client {
	t.Helper()
	// What the user's environment says about other servers must not count.
	client, err := vault.NewClient(&vault.Config{
		Address: s.Address(), HttpClient: &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()},
		Timeout: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	client.ClearNamespace()
	client.SetToken(token)
	return client
}
