// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestAppliesTo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		tags, server string
		want         bool
	}{
		{"", "vault-1.14", true},
		{"", "openbao-2.5", true},
		{"vault", "openbao-2.5", false},
		{"vault>=1.16", "vault-1.16", true},
		{"vault>=1.16", "vault-1.15.9", false},
		{"vault>=1.16", "vault-2.0", true},
		{"vault>=1.16", "vault-1.16.0-rc1", true},
		{"vault<1.16 openbao", "openbao-2.5", true},
		{"vault<1.16 openbao", "vault-1.16", false},
		{"vault>=1.12 vault<1.16", "vault-1.11", false},
		{"vault>=1.12 vault<1.16", "vault-1.12", true},
	} {
		g := NewWithT(t)
		read, err := readTags(strings.Fields(test.tags))
		g.Expect(err).NotTo(HaveOccurred())
		server, err := ParseIdentity(test.server)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(read.applies.To(server)).To(Equal(test.want), "%q to %s", test.tags, test.server)
	}
	for _, bad := range []string{"", "vault", "vault-", "consul-1.0", "vault-one"} {
		_, err := ParseIdentity(bad)
		NewWithT(t).Expect(err).To(HaveOccurred(), bad)
	}
}

func TestNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	n := names{suffix: "-pp1"}
	n.learn("sys/plugins/catalog/secret/probe?version=v1.0.0")
	n.learn("sys/mounts/my-secrets")
	n.learn("sys/auth/token")
	n.learn("sys/plugins/runtimes/catalog/container/rt")
	n.learn("identity/group/name/team")
	n.learnMove("sys/remount", `{"from": "my-secrets", "to": "there"}`)
	for written, sent := range map[string]string{
		"my-secrets/kv/probe":                       "my-secrets-pp1/kv/probe-pp1",
		`{"type": "probe"}`:                         `{"type": "probe-pp1"}`,
		`path "my-secrets/*" { }`:                   `path "my-secrets-pp1/*" { }`,
		"probes my-secrets2 old-probe probe.":       "probes my-secrets2 old-probe probe.",
		"auth/token/create":                         "auth/token/create",
		"identity/group/name/team":                  "identity/group/name/team-pp1",
		`["auth_probe_1a2b3c4d", "probe_1a2b3c4d"]`: `["auth_probe-pp1_1a2b3c4d", "probe-pp1_1a2b3c4d"]`,
		"auth_probe_1a2b3c4d5 my_probe_1a2b3c4d":    "auth_probe_1a2b3c4d5 my_probe_1a2b3c4d",
		"there/kv":                                  "there-pp1/kv",
		"sys/plugins/runtimes/catalog/container/rt": "sys/plugins/runtimes/catalog/container/rt-pp1",
	} {
		g.Expect(n.out(written)).To(Equal(sent))
		g.Expect(n.in(sent)).To(Equal(written), "what comes back reads as it was written")
	}
	plain := names{known: []string{"probe"}}
	g.Expect(plain.out("probe")).To(Equal("probe"), "a server of its own needs no suffix")
}

func TestFileNamesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	w := newWorld(&Suite{})
	w.names = names{suffix: "-pp1", known: []string{"probe"}}
	w.saved["sha256 of probe"] = "ab12"
	sent, err := w.outgoing(`{"command": "probe", "name": "probe", "sha256": "{sha256 of probe}"}`)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(sent).To(Equal(`{"command": "probe", "name": "probe-pp1", "sha256": "ab12"}`))
	sent, err = w.outgoing(`path "{{identity.entity.name}}/{{identity.groups.ids.{sha256 of probe}.name}}"`)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(sent).To(Equal(`path "{{identity.entity.name}}/{{identity.groups.ids.ab12.name}}"`), "a template is the server's")
	_, err = w.outgoing("{nobody}")
	g.Expect(err).To(MatchError(ContainSubstring("nobody")), "a placeholder for nothing is a mistake of the feature")
}

func TestMeets(t *testing.T) {
	t.Parallel()
	list := newAnswer(200, nil, []byte(`{"n":60,"b":false,"s":"","nil":null,"l":["a","b"],
		"d":[{"name":"x","version":"v1.0.0","t":1},{"name":"x","version":"v2.0.0","t":2}],"a.b/":{"c":"dot"}}`))
	for _, test := range []struct {
		path, want string
		ok         bool
	}{
		{"n", "60", true}, {"n", "6", false}, {"b", "false", true}, {"s", "", true}, {"s", "(any)", true},
		{"nil", "(missing)", true}, {"nil", "", false}, {"none", "(missing)", true}, {"n", "(missing)", false}, {"none", "(any)", false},
		{"l", `["a","b"]`, true}, {"l", "contains a", true}, {"l", "contains c", false}, {"l", "lacks c", true}, {"l", "lacks a", false},
		{"none", "lacks a", true}, {"none", "contains a", false}, {"l.1", "b", true}, {"l.2", "(missing)", true},
		{"n", "/[0-9]+/", true}, {"n", "/[0-9]/", false},
		{"d.[name=x version=v2.0.0].t", "2", true}, {"d.[name=y].t", "(missing)", true}, {"a.b/.c", "dot", true},
	} {
		g := NewWithT(t)
		value, found := list.lookup(test.path)
		err := meets(test.want, value, found)
		g.Expect(err == nil).To(Equal(test.ok), "%s: %s: %v", test.path, test.want, err)
	}
}

func TestTokensAreMasked(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	w := newWorld(&Suite{})
	got := newAnswer(200, nil, []byte(`{"auth":{"client_token":"hvs.abcdefgh","accessor":"acc"},"wrap_info":{"token":"hvs.wrapping1"}}`))
	w.learnSecrets(got.content)
	shown := w.mask(describeRequest(request{method: "GET", path: "x", token: "root"}) + describeAnswer(got))
	for _, secret := range []string{"hvs.abcdefgh", "hvs.wrapping1", "root"} {
		g.Expect(shown).NotTo(ContainSubstring(secret))
	}
	g.Expect(w.accessors).To(Equal([]string{"acc"}), "a token that was made is revoked at the end")
}

func TestPollGivesTheLastMismatch(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	tries := 0
	err := poll(t.Context(), 120*time.Millisecond, func(context.Context) error {
		tries++
		return mismatch("more", "less")
	})
	var failure *Failure
	g.Expect(errors.As(err, &failure)).To(BeTrue())
	g.Expect(failure.Got).To(Equal("less"))
	g.Expect(tries).To(BeNumerically(">", 1))
	g.Expect(poll(t.Context(), time.Second, func(context.Context) error {
		tries--
		if tries > 0 {
			return errors.New("not yet")
		}
		return nil
	})).To(Succeed())
}

func TestReadTable(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	rows := readTable("Path      Type     Accessor               Description\n----      ----     --------               -----------\ntoken/    token    auth_token_00000000    token based credentials\n")
	g.Expect(rows).To(HaveKeyWithValue("token/", HaveKeyWithValue("Description", "token based credentials")))
}

func TestUnansweredRequestsAreNamedUnlessTheyWereRemoved(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	mount := unansweredRequest{what: "POST sys/mounts/p-pp1", path: "sys/mounts/p-pp1", suffix: "-pp1"}
	g.Expect(mount.leftover([]string{"sys/mounts/p-pp1"})).To(Succeed())
	g.Expect(mount.leftover(nil)).To(MatchError(ContainSubstring("vault secrets disable p-pp1")))
	versioned := unansweredRequest{path: "sys/plugins/catalog/secret/probe-pp1", suffix: "-pp1"}
	g.Expect(versioned.leftover([]string{"sys/plugins/catalog/secret/probe-pp1?version=v1.0.0"})).To(Succeed())
	move := unansweredRequest{what: "POST sys/remount", suffix: "-pp1"}
	g.Expect(move.leftover([]string{"sys/mounts/p-pp1"})).To(MatchError(ContainSubstring("-pp1")), "where it moved to is unknown")
}

func TestRemovalCommand(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"sys/mounts/p":                     "vault secrets disable p",
		"sys/auth/a":                       "vault auth disable a",
		"sys/policies/acl/reader":          "vault policy delete reader",
		"sys/plugins/catalog/secret/probe": "vault plugin deregister secret probe",
		"sys/plugins/catalog/secret/probe?version=v1.0.0": "vault plugin deregister -version=v1.0.0 secret probe",
		"sys/plugins/pins/secret/probe":                   "vault delete sys/plugins/pins/secret/probe",
	} {
		NewWithT(t).Expect(removalCommand(path)).To(Equal(want))
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(countProcesses(0)).To(Equal("0 processes"))
	g.Expect(countProcesses(1)).To(Equal("1 process"))
	g.Expect(countProcesses(2)).To(Equal("2 processes"))
}
