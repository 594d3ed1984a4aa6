// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"maps"
	"strings"

	"github.com/plugproof/plugproof/suites/replay"
)

// header is what names the namespace of a request.
const header = "X-Vault-Namespace"

// prepareNamespaces makes two namespaces, one in the other, with a mount, a policy and
// a token in the first.
func (g generator) prepareNamespaces() []replay.Step {
	in := map[string]string{header: "team"}
	return []replay.Step{
		{HTTP: "POST sys/namespaces/team", Body: raw(map[string]any{})},
		{HTTP: "POST team/sys/namespaces/sub", Body: raw(map[string]any{"custom_metadata": map[string]any{"a": "b"}})},
		{HTTP: "POST sys/mounts/m", Body: raw(map[string]any{"type": "probe"}), Headers: in},
		{HTTP: "PUT sys/policies/acl/p", Body: raw(map[string]any{"policy": g.policy() + `path "sub/*" { capabilities = ["read", "update", "list"] }`}), Headers: in},
		{HTTP: "POST auth/token/create", Body: raw(map[string]any{"policies": []string{"p"}}), Headers: in, Save: map[string]string{"in": "auth.client_token"}},
	}
}

// within sends a request to a namespace, by header or by path; to some that don't
// exist.
func (g generator) within(s replay.Step) replay.Step {
	method, path, _ := strings.Cut(s.HTTP, " ")
	ns := pick(g, "team", "team", "team/sub", "team/", "none", "root", "sub", "/team")
	if g.chance(2) || strings.HasPrefix(path, "/") {
		s.Headers = maps.Clone(s.Headers)
		if s.Headers == nil {
			s.Headers = map[string]string{}
		}
		s.Headers[header] = ns
		return s
	}
	s.HTTP = method + " " + strings.Trim(ns, "/") + "/" + path
	return s
}

// namespace is a request to sys/namespaces.
func (g generator) namespace() replay.Step {
	path := "sys/namespaces/" + pick(g, "team", "sub", "other", "other", "none", "m", "sys", "a/b", "a+b", "team/sub")
	metadata := map[string]any{"custom_metadata": map[string]any{"k": pick[any](g, "v", "w", 1, nil)}}
	switch g.rng.IntN(9) {
	case 0:
		return replay.Step{HTTP: "GET " + path}
	case 1:
		return replay.Step{HTTP: pick(g, "LIST", "SCAN", "GET") + " sys/namespaces"}
	case 2:
		return replay.Step{HTTP: "PATCH " + path, Body: g.body(metadata), Headers: map[string]string{"Content-Type": "application/merge-patch+json"}}
	case 3:
		return replay.Step{HTTP: "GET sys/internal/ui/namespaces"}
	case 4:
		return replay.Step{HTTP: "POST sys/namespaces/api-lock/" + pick(g, "unlock", "unlock", "lock") + pick(g, "", "/none", "/other"), Body: raw(map[string]any{"unlock_key": pick(g, "wrong", "")}), Keep: []string{"errors", "warnings"}}
	case 5:
		return replay.Step{HTTP: "POST sys/capabilities-self", Body: raw(map[string]any{"paths": []string{pick(g, "m/kv/a", "team/m/kv/a", "sub/x", "sys/mounts")}}), Token: pick(g, "$in", "$t")}
	case 6: // never one that was made, as its deletion takes a while
		return replay.Step{HTTP: "DELETE sys/namespaces/" + pick(g, "team", "none", "a/b", "root")}
	}
	return replay.Step{HTTP: "POST " + path, Body: g.body(metadata)}
}
