// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// names gives a scenario names of its own on a server that others use too. A
// feature says "probe" and "my-secrets"; the server sees probe-pp1a2b3c4d and
// my-secrets-pp1a2b3c4d; answers are read with the suffix taken off again, so
// the feature never knows. Without a suffix names stand as they are written.
type names struct {
	suffix string
	own    []string
}

// add makes a name one of the scenario's own. Longer names come first, so that
// passthrough-plugin is not taken for passthrough.
func (n *names) add(name string) {
	name = strings.Trim(name, "/")
	if name == "" || slices.Contains(n.own, name) {
		return
	}
	n.own = append(n.own, name)
	slices.SortFunc(n.own, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
}

// out puts the suffix behind every own name that stands as a whole word.
func (n *names) out(text string) string {
	if n.suffix == "" || len(n.own) == 0 {
		return text
	}
	var result strings.Builder
	for at := 0; at < len(text); {
		name := n.at(text, at)
		if name == "" {
			result.WriteByte(text[at])
			at++
			continue
		}
		result.WriteString(name)
		result.WriteString(n.suffix)
		at += len(name)
	}
	return result.String()
}

// at finds the own name that begins at a position and is a whole word there.
func (n *names) at(text string, at int) string {
	if at > 0 && isWord(text[at-1]) {
		return ""
	}
	for _, name := range n.own {
		end := at + len(name)
		if strings.HasPrefix(text[at:], name) && (end == len(text) || !isWord(text[end])) {
			return name
		}
	}
	return ""
}

// in takes the suffix off again wherever it stands.
func (n *names) in(text string) string {
	if n.suffix == "" {
		return text
	}
	return strings.ReplaceAll(text, n.suffix, "")
}

func isWord(c byte) bool {
	return c == '-' || c == '_' || c == '.' ||
		'0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// builtinMounts are first path segments that belong to the server.
func builtinMount(name string) bool {
	return slices.Contains([]string{"sys", "auth", "identity", "cubbyhole", "secret", "token"}, name)
}

// learnMove makes the name its own under which a mount is to be found after a
// move, which stands in the body.
func (n *names) learnMove(path, body string) {
	var move struct {
		To string `json:"to"`
	}
	// A body that is no move is the server's to refuse.
	if err := json.Unmarshal([]byte(body), &move); path == "sys/remount" && err == nil {
		n.add(strings.TrimPrefix(move.To, "auth/"))
	}
}

// learn makes names its own that stand in a request path where only the maker
// of a thing names it: a plugin's, mount's or policy's name.
func (n *names) learn(path string) {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	at := func(i int) string {
		if i < len(parts) {
			return parts[i]
		}
		return ""
	}
	switch {
	case at(0) == "sys" && at(1) == "plugins" && (at(2) == "catalog" || at(2) == "pins"):
		n.add(at(4))
	case at(0) == "sys" && at(1) == "plugins" && at(2) == "runtimes":
		n.add(at(5))
	case at(0) == "sys" && (at(1) == "mounts" || at(1) == "auth"):
		if !builtinMount(at(2)) {
			n.add(at(2))
		}
	case at(0) == "sys" && at(1) == "policies":
		n.add(at(3))
	}
}
