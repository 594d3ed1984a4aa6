// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// names makes a scenario's names unique on a server that others use too. A
// feature says "probe" and "my-secrets"; the server sees probe-pp1a2b3c4d and
// my-secrets-pp1a2b3c4d; answers are read with the suffix taken off again, so
// the feature never knows. Without a suffix names stay as they are written.
type names struct {
	suffix string
	// shared is the suffix of what scenarios share; empty if they share nothing.
	shared string
	known  []string
}

// add adds a name to those of the scenario. Longer names come first, so that
// passthrough-plugin is not taken for passthrough.
func (n *names) add(name string) {
	name = strings.Trim(name, "/")
	if name == "" || slices.Contains(n.known, name) {
		return
	}
	n.known = append(n.known, name)
	slices.SortFunc(n.known, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
}

// out appends the suffix to every name of the scenario that is a whole word.
func (n *names) out(text string) string {
	if n.suffix == "" || len(n.known) == 0 {
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

// accessorEnd follows the type of a mount in its accessor: auth_probe_1a2b3c4d.
var accessorEnd = regexp.MustCompile(`^_[0-9a-f]{8}(\W|$)`)

// at returns the scenario's name that begins at a position and is a whole word, or the
// type in the accessor of a mount.
func (n *names) at(text string, at int) string {
	begins := at == 0 || !isWord(text[at-1])
	ofAuth := strings.HasSuffix(text[:at], "auth_")
	if !begins && !ofAuth {
		return ""
	}
	for _, name := range n.known {
		rest, found := strings.CutPrefix(text[at:], name)
		if found && (begins && (rest == "" || !isWord(rest[0])) || accessorEnd.MatchString(rest)) {
			return name
		}
	}
	return ""
}

// in removes the suffixes wherever they occur.
func (n *names) in(text string) string {
	for _, suffix := range []string{n.suffix, n.shared} {
		if suffix != "" {
			text = strings.ReplaceAll(text, suffix, "")
		}
	}
	return text
}

func isWord(c byte) bool {
	return c == '-' || c == '_' || c == '.' ||
		'0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// builtinMount reports whether a path's first segment belongs to the server.
func builtinMount(name string) bool {
	return slices.Contains([]string{"sys", "auth", "identity", "cubbyhole", "secret", "token"}, name)
}

// learnMove adds the path to which a request moves a mount, which is in the body.
func (n *names) learnMove(path, body string) {
	var move struct {
		To string `json:"to"`
	}
	// The server refuses a body that is not a move.
	if err := json.Unmarshal([]byte(body), &move); path == "sys/remount" && err == nil {
		n.add(strings.TrimPrefix(move.To, "auth/"))
	}
}

// learn adds the name of what a request creates: a plugin, mount, policy or group, whose
// name is in the path.
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
	case at(0) == "sys" && at(1) == "policies", at(0) == "identity" && at(1) == "group" && at(2) == "name":
		n.add(at(3))
	}
}
