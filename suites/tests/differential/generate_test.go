// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/suites/replay"
)

// generator makes random sequences of requests over plugin management. Names are
// few, so that requests meet what earlier ones made.
type generator struct {
	rng *rand.Rand
	// namespaces: the server has them, and requests go to some.
	namespaces bool
	// builtins: builtin engines are asked as much as plugins.
	builtins bool
	// identities: entities and groups are asked for as much as plugins.
	identities bool
	// widely: most requests are of the forms that the usual ones have not.
	widely bool
	// processes: most requests are about plugins' processes and files.
	processes bool
}

// newGenerator returns the generator of a seed. Every second one uses namespaces if
// the server has them, every third one builtin engines, another third identities, the others what is asked
// less often; every fifth one is about processes alone.
func newGenerator(seed int, namespaces bool) generator {
	rng := rand.New(rand.NewPCG(uint64(seed), 2)) //#nosec G404 G115 -- a repeatable test
	if seed%5 == 4 {
		return generator{rng: rng, processes: true}
	}
	return generator{
		rng:        rng,
		namespaces: namespaces && seed%2 == 0, builtins: seed%3 == 0, identities: seed%3 == 1, widely: seed%3 == 2,
	}
}

func pick[T any](g generator, from ...T) T { return from[g.rng.IntN(len(from))] }

// chance reports true once in n times.
func (g generator) chance(n int) bool { return g.rng.IntN(n) == 0 }

// Names of values that requests save for later ones. A later step that is answered
// with another token, lease … takes the name over.
const (
	tokenName    = "t"  // a token with policy p
	accessorName = "ta" // its accessor
	childName    = "tc" // any token that a random request made
	loginName    = "tl" // a token of a login
	leaseName    = "le"
	wrapName     = "wr"
	moveName     = "mi"
)

// sequence returns a case of n steps.
func (g generator) sequence(n int) *replay.Case {
	c := &replay.Case{Area: "random"}
	add := func(s replay.Step) { c.Steps = append(c.Steps, replay.Exchange{Step: s}) }
	for _, s := range g.prepare() {
		add(s)
	}
	if g.processes {
		c.Server = g.host()
	}
	for len(c.Steps) < n {
		for _, s := range settled(g.step()) {
			add(s)
		}
	}
	return c
}

// prepare makes plugins, mounts, a policy and a token: without them most requests
// would meet nothing.
func (g generator) prepare() []replay.Step {
	if g.processes {
		return g.prepareProcesses()
	}
	prepared := []replay.Step{
		{HTTP: "PUT sys/plugins/catalog/secret/probe", Body: raw(map[string]any{"command": "probe", "sha256": "{sha_probe}"})},
		{HTTP: "PUT sys/plugins/catalog/auth/pauth", Body: raw(map[string]any{"command": "probe", "sha256": "{sha_probe}", "env": []string{"PROBE_TYPE=auth"}})},
		{HTTP: "POST sys/mounts/m", Body: raw(map[string]any{"type": "probe"})},
		{HTTP: "PUT sys/policies/acl/p", Body: raw(map[string]any{"policy": g.policy()})},
		{
			HTTP: "POST auth/token/create", Body: raw(map[string]any{"policies": []string{"p"}}),
			Save: map[string]string{tokenName: "auth.client_token", accessorName: "auth.accessor"},
		},
	}
	if g.identities {
		prepared = append(prepared, g.prepareIdentity()...)
	} else if g.chance(2) {
		prepared = append(prepared, replay.Step{HTTP: "POST sys/auth/pa", Body: raw(map[string]any{"type": "pauth"})})
	}
	if g.chance(3) {
		prepared = append(prepared, replay.Step{HTTP: "PUT sys/plugins/catalog/secret/probe", Body: raw(map[string]any{"command": "probe", "sha256": "{sha_probe}", "version": "v1.0.0"})})
	}
	if g.builtins {
		prepared = append(prepared, g.prepareBuiltins()...)
	}
	if g.namespaces {
		prepared = append(prepared, g.prepareNamespaces()...)
	}
	return prepared
}

func raw(body any) json.RawMessage {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // maps of texts and numbers can be marshalled
	}
	return text
}

func (g generator) step() replay.Step {
	if g.processes {
		return g.process()
	}
	kinds := []func() replay.Step{
		g.catalog, g.catalog, g.mount, g.mount, g.auth, g.tune, g.tune, g.reload, g.remount,
		g.token, g.token, g.tokenUse, g.tokenRole, g.policies, g.passwords, g.lease, g.lease, g.wrapping, g.wrapping,
		g.capabilities, g.data, g.data, g.data, g.login, g.system, g.odd, g.query,
	}
	if g.namespaces {
		kinds = append(kinds, g.namespace, g.namespace, g.namespace, g.locks)
	}
	kinds = append(kinds, g.described, g.cubbyhole, g.pages, g.pages, g.ui, g.server, g.tools, g.forms, g.quotas)
	if g.identities {
		for range 16 {
			kinds = append(kinds, g.identityRequest)
		}
	}
	if g.widely && !g.chance(4) {
		kinds = g.wide()
	}
	if g.builtins {
		kinds = append(kinds, g.versioned, g.versioned, g.versioned, g.versioned, g.unversioned, g.unversioned, g.database, g.database, g.database)
	}
	s := pick(g, kinds...)()
	if g.namespaces && !g.chance(3) {
		s = g.within(s)
	}
	return g.identity(g.decorate(s))
}

// identity chooses who asks.
func (g generator) identity(s replay.Step) replay.Step {
	switch {
	case s.Token != "":
	case g.chance(8):
		s.Token = pick(g, "none", "bad", "hvs.nonsense", "s.nonsense", "$"+accessorName, " ", "$"+wrapName)
	case g.namespaces && g.chance(4):
		s.Token = "$in"
	case g.chance(5):
		s.Token = "$" + tokenName
	case g.chance(8):
		s.Token = pick(g, "$"+childName, "$"+loginName)
	case g.chance(20):
		s.Token = "none"
		s = withHeader(s, "Authorization", pick(g, "Bearer root", "bearer x", "Bearer", "Basic cm9vdA=="))
	}
	return s
}

// decorate adds what any request can have: wrapping, headers, a body where there
// should be none.
func (g generator) decorate(s replay.Step) replay.Step {
	switch g.rng.IntN(25) {
	case 0:
		s.Wrap = pick(g, "60", "1m", "x", "0", "-1", "", "10h", "1.5", "1d")
	case 1:
		s = withHeader(s, pick(g, "X-Vault-Request", "X-Vault-No-Request-Forwarding", "X-Vault-Policy-Override", "X-Vault-Inconsistent", "X-Vault-MFA", "X-A"),
			pick(g, "true", "false", "banana", "1", ""))
	case 2:
		s = withHeader(s, "Content-Type", pick(g, "application/json", "text/plain", "application/merge-patch+json", "multipart/form-data", "nonsense"))
	case 3:
		if s.Body == nil && s.RawBody == nil {
			s.Body = g.body(map[string]any{"a": "b", "list": true, "version": "v1.0.0", "data": map[string]any{"a": 1}})
		}
	case 4:
		method, path, _ := strings.Cut(s.HTTP, " ")
		if method != "DELETE" && !strings.Contains(path, "?") {
			s.HTTP = pick(g, "GET", "POST", "PUT", "LIST", "PATCH", "SCAN", "HEAD", "OPTIONS", "TRACE", "get", "FOO") + " " + path
		}
	}
	return s
}

func withHeader(s replay.Step, name, value string) replay.Step {
	s.Headers = maps.Clone(s.Headers)
	if s.Headers == nil {
		s.Headers = map[string]string{}
	}
	s.Headers[name] = value
	return s
}

func (g generator) name() string {
	return pick(g, "probe", "pauth", "m", "n", "m", "n", "pa", "a/b", "a", "kv", "none", "Probe", "x%20y", "token", "sys", "cubbyhole", "identity", "secret", "m/kv", "n/", "%2e", "x.y", "x_y-z", "ä", "auth", "root")
}

// value is of any type, and mostly the wrong one.
func (g generator) value() any {
	return pick[any](g, "x", "", " ", true, false, "true", "FALSE", 0, 1, -1, 3600, "1h", "10m", "-1h", "3600", "1d", "system", "nonsense", "ä", "a,b", "a\x00b",
		[]string{"a"}, []string{}, []any{1, "a", nil}, []any{"a", map[string]any{}}, map[string]any{}, map[string]any{"a": "b"}, map[string]any{"a": 1}, nil, 1.5, 1e30, "v1.0.0", "{\"a\": 1}")
}

// body is some of the fields, each with a value that may be right.
func (g generator) body(fields map[string]any) json.RawMessage { return raw(g.fields(fields)) }

func (g generator) fields(fields map[string]any) map[string]any {
	chosen := map[string]any{}
	for _, name := range sortedKeys(fields) {
		switch g.rng.IntN(8) {
		case 0:
			chosen[name] = g.value()
		case 1, 2, 3, 4:
			chosen[name] = fields[name]
		}
	}
	return chosen
}

// need sets fields without which a request has no effect, most of the time.
func (g generator) need(body map[string]any, fields map[string]any) json.RawMessage {
	if !g.chance(6) {
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			body[name] = fields[name]
		}
	}
	return raw(body)
}
