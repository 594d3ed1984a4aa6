// SPDX-License-Identifier: MPL-2.0

package steps_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/cucumber/godog"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
)

// stubTarget is a target whose one server answers every request in the same way.
type stubTarget struct {
	server *httptest.Server
	lacks  map[steps.Capability]string
}

func (s *stubTarget) Name() string                          { return "stub" }
func (s *stubTarget) Unsupported(c steps.Capability) string { return s.lacks[c] }
func (s *stubTarget) Close(context.Context) error           { return nil }
func (s *stubTarget) Server(context.Context, steps.Spec) (steps.Server, error) {
	return stubServer{s.server.URL}, nil
}

// stubServer has none of the abilities in abilities.go.
type stubServer struct{ address string }

func (s stubServer) Address() string             { return s.address }
func (s stubServer) Token() string               { return "root-token-of-the-stub" }
func (s stubServer) PluginDir() string           { return "" }
func (s stubServer) Close(context.Context) error { return nil }

// login answers a login with a token, that token's requests with data, and
// everything else with 403.
func login(w http.ResponseWriter, r *http.Request) {
	answer := func(status int, body string) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
	switch {
	case r.URL.Path == "/v1/auth/jwt/login":
		var sent struct{ Role string }
		if json.NewDecoder(r.Body).Decode(&sent) != nil || sent.Role != "app" || r.Header.Get("X-Vault-Token") != "" {
			answer(http.StatusBadRequest, `{"errors":["bad login"]}`)
			return
		}
		answer(http.StatusOK, `{"auth":{"client_token":"token-of-ada","accessor":"a"}}`)
	case r.Header.Get("X-Vault-Token") == "token-of-ada", r.Header.Get("X-Vault-Token") == "root-token-of-the-stub":
		answer(http.StatusOK, `{"data":{"text":"t","number":1,"flag":true,"list":[],"object":{},"nothing":null}}`)
	default:
		answer(http.StatusForbidden, `{"errors":["permission denied"]}`)
	}
}

// runScenario runs one scenario on the stub and returns its outcome. Its tags are
// @REG-001 @must @own-server and those given.
func runScenario(t *testing.T, tags string, lacks map[steps.Capability]string, sentences ...string) steps.Outcome {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(login))
	t.Cleanup(server.Close)
	feature := "Feature: f\n  Source: https://example.com\n  Remedy: do that\n\n  @REG-001 @must @own-server " + tags +
		"\n  Scenario: s\n    * " + strings.Join(sentences, "\n    * ") + "\n"
	files := fstest.MapFS{"a.feature": {Data: []byte(feature)}}
	identity, err := steps.ParseIdentity("vault-1.16")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	var mu sync.Mutex
	var outcomes []steps.Outcome
	suite, err := steps.NewSuite(steps.Config{
		Features: files, Target: &stubTarget{server, lacks}, Identity: identity,
		OnOutcome: func(o steps.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			outcomes = append(outcomes, o)
		},
	})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	godog.TestSuite{ScenarioInitializer: suite.InitializeScenario, Options: &godog.Options{
		FS: files, Paths: []string{"a.feature"}, Format: "progress", Output: io.Discard, Strict: true,
	}}.Run()
	NewWithT(t).Expect(outcomes).To(HaveLen(1))
	return outcomes[0]
}

func TestOutcomesOfScenarios(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tags      string
		lacks     map[steps.Capability]string
		sentences []string
		want      steps.Status
		reason    string
	}{
		"login": {"", nil, []string{
			`"ada" logs in at "auth/jwt/login" with {"role": "app"}`,
			`"ada" GETs "secret/x"`, `the answer is 200`,
			`nobody GETs "secret/x"`, `the answer is 403 with the error "permission denied"`,
		}, steps.Pass, ""},
		"refused login": {"", nil, []string{
			`"ada" logs in at "auth/jwt/login" with {"role": "other"}`,
		}, steps.Fail, "a login at auth/jwt/login to succeed"},
		"types": {"", nil, []string{
			`I GET "x"`,
			`the answer has the field "data.text" of type text`, `the answer has the field "data.number" of type number`,
			`the answer has the field "data.flag" of type boolean`, `the answer has the field "data.list" of type list`,
			`the answer has the field "data.object" of type object`,
		}, steps.Pass, ""},
		"another type": {"", nil, []string{
			`I GET "x"`, `the answer has the field "data.number" of type text`,
		}, steps.Fail, "data.number: number"},
		"null": {"", nil, []string{
			`I GET "x"`, `the answer has the field "data.nothing" of type text`,
		}, steps.Fail, "data.nothing: null"},
		"no field": {"", nil, []string{
			`I GET "x"`, `the answer has the field "data.none" of type text`,
		}, steps.Fail, "data.none: missing"},
		"another status": {"", nil, []string{`I GET "x"`, `the answer is 204`}, steps.Fail, "status 204"},
		"answer first":   {"", nil, []string{`the answer is 204`}, steps.Errored, "no request was sent before"},
		"another server": {"@openbao", nil, []string{`I GET "x"`}, steps.Skip, "it is about openbao, and the server is vault 1.16.0"},
		"what is lacking": {"@needs-restart", map[steps.Capability]string{steps.Restart: "it never ends"},
			[]string{`the server restarts`}, steps.Unsupported, "needs restart: it never ends"},
		"an ability that was promised": {"@needs-restart", nil,
			[]string{`the server restarts`}, steps.Errored, steps.ErrUnsupported.Error()},
		"too late": {"@needs-restart", nil,
			[]string{`I GET "x"`, `the server keeps its state`}, steps.Errored, "already running"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			outcome := runScenario(t, test.tags, test.lacks, test.sentences...)
			g.Expect(outcome.Status).To(Equal(test.want), outcome.Reason)
			g.Expect(outcome.Reason).To(ContainSubstring(test.reason))
			for _, exchange := range append(outcome.Exchanges, outcome.Reason) {
				g.Expect(exchange).NotTo(ContainSubstring("token-of"), "no token is shown")
			}
			if test.want == steps.Fail {
				g.Expect(outcome.Failure.Step).To(Equal(test.sentences[len(test.sentences)-1]))
				g.Expect(outcome.Failure.Remedy).To(Equal("do that"))
				g.Expect(outcome.Failure.Exchange).NotTo(BeEmpty())
			}
		})
	}
}
