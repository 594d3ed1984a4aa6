// SPDX-License-Identifier: MPL-2.0

package replay_test

import (
	"encoding/pem"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hashicorp/vault/api"

	"github.com/plugproof/plugproof/features"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/servertest"
	"github.com/plugproof/plugproof/suites/replay"
)

// TestRecordingCanBeReplayed records the mock, writes the recording, and
// replays it: masks, saved values, shell steps and the command line included.
func TestRecordingCanBeReplayed(t *testing.T) {
	t.Parallel()
	all, err := replay.Cases()
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]*replay.Case{}
	for _, id := range []string{"req-rooted", "remount", "mount-binary-replaced", "lease-life", "cli-token", "env-conflict", "old-plugin-wrong-api-addr"} {
		if cases[id] = all[id]; cases[id] == nil {
			t.Fatalf("there is no case %s", id)
		}
	}
	r := runner(t, "mock:vault-1.16")
	rec, err := r.Record(t.Context(), cases, replay.Options{Parallel: 2})
	if err != nil {
		t.Fatal(err)
	}
	text, err := rec.Text()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{`"hvs.`, "127.0.0.1:", "plugproof-mock-"} {
		// A case whose api_addr leads nowhere names its port itself.
		if strings.Contains(strings.ReplaceAll(string(text), "http://127.0.0.1:9", ""), secret) {
			t.Errorf("the recording holds %s, which changes from run to run", secret)
		}
	}
	name := filepath.Join(t.TempDir(), "recording.json")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := replay.LoadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := replay.Digest(cases)
	if err != nil || read.Digest != digest || read.Recorded == nil || read.Version == "" || !strings.Contains(read.Server, read.Version) {
		t.Errorf("server %q, version %q, recorded %v, digest %q (want %q), %v", read.Server, read.Version, read.Recorded, read.Digest, digest, err)
	}
	check(t, r, "own", read)
}

func TestCasesAreOfRequirements(t *testing.T) {
	t.Parallel()
	cases, err := replay.Cases()
	if err != nil {
		t.Fatal(err)
	}
	requirements, err := steps.Requirements(features.Server())
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, r := range requirements {
		known[r.ID] = true
	}
	for id, c := range cases {
		if c.What == "" {
			t.Errorf("%s does not say what it is about", id)
		}
		for _, r := range c.Requirements {
			if !known[r] {
				t.Errorf("%s names requirement %s, which is not there", id, r)
			}
		}
	}
}

// TestCasesAreTheRecordedOnes: what is recorded anew can be compared with the
// old recordings.
func TestCasesAreTheRecordedOnes(t *testing.T) {
	t.Parallel()
	cases, err := replay.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vault-1.14.3", "openbao-2.5.5", "openbao-2.5.5-more"} {
		rec, err := replay.Bundled{Name: name}.Load()
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range rec.IDs() {
			want, errW := replay.Digest(map[string]*replay.Case{id: rec.Cases[id]})
			have, errH := "", error(nil)
			if cases[id] != nil {
				have, errH = replay.Digest(map[string]*replay.Case{id: cases[id]})
			}
			if want != have || errW != nil || errH != nil {
				t.Errorf("%s: case %s has other requests than recorded", name, id)
			}
		}
	}
}

func TestBadCasesAreRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no area":       `{"a": {"steps": [{"http": "GET x"}]}}`,
		"no steps":      `{"a": {"area": "x"}}`,
		"two things":    `{"a": {"area": "x", "steps": [{"http": "GET x", "cli": ["status"]}]}}`,
		"nothing":       `{"a": {"area": "x", "steps": [{"token": "none"}]}}`,
		"unknown field": `{"a": {"area": "x", "steps": [{"http": "GET x", "tokens": "none"}]}}`,
		"no JSON":       `nonsense`,
	} {
		if _, err := replay.LoadCases(fstest.MapFS{"a.json": {Data: []byte(text)}}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := replay.LoadCases(fstest.MapFS{}); err == nil {
		t.Error("no files are taken")
	}
}

// TestUsersTokenSurvives: on a server that somebody else started, a case that revokes
// its token revokes one of its own.
func TestUsersTokenSurvives(t *testing.T) {
	server := servertest.Start(t, "mock:openbao-2.5", steps.Spec{})
	t.Setenv("VAULT_TOKEN", server.Token())
	cases, err := replay.LoadCases(fstest.MapFS{"a.json": {Data: []byte(`{
		"revoked": {"area": "access", "what": "a", "steps": [{"http": "POST auth/token/revoke-self"}, {"http": "GET auth/token/lookup-self"}]},
		"all": {"area": "access", "what": "c", "steps": [{"http": "PUT sys/leases/revoke-prefix/auth"}]},
		"kept": {"area": "access", "what": "b", "steps": [{"http": "GET auth/token/lookup-self", "keep": ["data.policies", "data.ttl"]}]}
	}`)}})
	if err != nil {
		t.Fatal(err)
	}
	r := runner(t, "addr:"+server.Address())
	r.Shared = true
	rec, err := r.Record(t.Context(), cases, replay.Options{Parallel: 1})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]int{"revoked": 403, "kept": 200} {
		recorded := rec.Cases[id].Steps
		if got := recorded[len(recorded)-1].Got.Status; got != want {
			t.Errorf("%s: status %d, want %d", id, got, want)
		}
	}
	if rec.Cases["all"].Answered() {
		t.Error("a case that revokes everybody's token ran")
	}
	if _, err := server.Client.Auth().Token().LookupSelf(); err != nil {
		t.Errorf("the user's token: %v", err)
	}
	left, err := server.Client.Logical().List("auth/token/accessors")
	if err != nil || len(left.Data["keys"].([]any)) != 1 {
		t.Errorf("tokens left behind: %v, %v", left, err)
	}
}

// TestUsersWayToServer: a server that somebody else started is reached as the user's
// own client reaches it, with its certificate and in its namespace.
func TestUsersWayToServer(t *testing.T) {
	server := servertest.Start(t, "mock:openbao-2.5", steps.Spec{})
	behind, err := url.Parse(server.Address())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(behind))
	t.Cleanup(proxy.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw})
	if err := os.WriteFile(authority, block, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Client.Logical().Write("sys/namespaces/team", nil); err != nil {
		t.Fatal(err)
	}
	policy := map[string]any{"policy": `path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }`}
	team := server.Client.WithNamespace("team")
	if _, err := team.Logical().Write("sys/policies/acl/teams", policy); err != nil {
		t.Fatal(err)
	}
	user, err := team.Auth().Token().Create(&api.TokenCreateRequest{Policies: []string{"teams"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("VAULT_TOKEN", user.Auth.ClientToken)
	t.Setenv("VAULT_CACERT", authority)
	t.Setenv("VAULT_NAMESPACE", "team")
	cases, err := replay.LoadCases(fstest.MapFS{"a.json": {Data: []byte(`{
		"seen": {"area": "access", "what": "a", "steps": [{"http": "GET sys/policies/acl/teams", "keep": ["data.name"]}]}
	}`)}})
	if err != nil {
		t.Fatal(err)
	}
	r := runner(t, "addr:"+proxy.URL)
	r.Shared = true
	rec, err := r.Record(t.Context(), cases, replay.Options{Parallel: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := rec.Cases["seen"].Steps[0].Got.Status; got != 200 {
		t.Errorf("status %d, want 200: %+v", got, rec.Cases["seen"])
	}
}
