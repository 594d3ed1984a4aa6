// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"
)

// longest is the number of characters from which on a recording shortens a
// string.
const longest = 6000

// The shapes of values that change from run to run.
var (
	// Identifiers of namespaces end what belongs to one.
	uuidShape = regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b(\.[A-Za-z0-9]{5,6}\b)?`)
	timeShape = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`)
	// Mount accessors are <type>_<8 hex>, a server's cluster is named likewise.
	accessorShape = regexp.MustCompile(`(_|-cluster-)[0-9a-f]{8}\b`)
	tokenShape    = regexp.MustCompile(`\b(hv[sbr]|[sbr])\.[A-Za-z0-9_-]{20,}(\.[A-Za-z0-9]{5,6}\b)?`)
	// How a connection to a process that died breaks is a race between the end
	// of the stream and its reset.
	goneShape = regexp.MustCompile(`(error reading from server: )[^\n"]*`)
	// A lease ends with a random name: p/lease/h2bX….
	leaseShape = regexp.MustCompile(`/[A-Za-z0-9]{20,}(\.[A-Za-z0-9]{5,6})?$`)
	longShape  = regexp.MustCompile(`^<(\d+) characters>$`)
)

// Masks replaces what changes from run to run by names, as the recordings do.
// A Masks belongs to one case.
type Masks struct {
	literal map[string]string
}

func newMasks() *Masks { return &Masks{literal: map[string]string{}} }

// literally has value replaced. Short values are left: they would match by
// chance.
func (m *Masks) literally(value, by string) {
	if len(value) >= 8 {
		m.literal[value] = by
	}
}

// text masks one string.
func (m *Masks) text(s string) string {
	values := make([]string, 0, len(m.literal))
	for v := range m.literal {
		values = append(values, v)
	}
	// The longest first: an address is part of a URL, a directory of a path.
	sort.Slice(values, func(i, j int) bool {
		return len(values[i]) > len(values[j]) || len(values[i]) == len(values[j]) && values[i] < values[j]
	})
	for _, v := range values {
		s = strings.ReplaceAll(s, v, m.literal[v])
	}
	s = uuidShape.ReplaceAllString(s, "<uuid>")
	s = timeShape.ReplaceAllString(s, "<time>")
	s = accessorShape.ReplaceAllString(s, "${1}<hex8>")
	s = tokenShape.ReplaceAllString(s, "<token>")
	s = goneShape.ReplaceAllString(s, "${1}<gone>")
	if n := utf8.RuneCountInString(s); n > longest {
		s = fmt.Sprintf("<%d characters>", n)
	}
	return s
}

// value masks a decoded JSON value; key is the member's name that holds it.
func (m *Masks) value(key string, v any) any {
	switch v := v.(type) {
	case string:
		return m.member(key, v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = m.value(key, v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[m.text(k)] = m.value(k, v[k])
		}
		if isNamespace(v) {
			out["id"] = "<id>"
		}
		return out
	case nil:
		return nil
	}
	if key == "creation_time" {
		return "<creation_time>"
	}
	return v
}

// isNamespace reports whether an object is what servers show of a namespace.
func isNamespace(v map[string]any) bool {
	_, shown := v["custom_metadata"]
	path, _ := v["path"].(string)
	return shown && v["id"] != nil && strings.HasSuffix(path, "/")
}

// member masks a string by the name of the member that holds it where its shape
// does not tell.
func (m *Masks) member(key, s string) string {
	if s == "" {
		return s
	}
	masked := m.text(s)
	switch key {
	case "request_id":
		return "<id>"
	case "lease_id":
		return leaseShape.ReplaceAllString(masked, "/<id>")
	}
	if masked != s {
		// A saved value or a shape was recognised.
		return masked
	}
	switch key {
	case "accessor", "wrapped_accessor":
		return "<accessor>"
	case "client_token":
		return "<token>"
	}
	return masked
}

// got masks an answer.
func (m *Masks) got(g Answer) Answer {
	g.Body = m.value("", g.Body)
	g.Stdout, g.Stderr = m.text(g.Stdout), m.text(g.Stderr)
	return g
}

// lengthen returns a string of the length that a shortened one had. What it holds
// is of no interest in any case; it has the form of an environment entry, since
// that is where long strings stand.
func lengthen(s string) string {
	sub := longShape.FindStringSubmatch(s)
	if sub == nil {
		return s
	}
	var n int
	if _, err := fmt.Sscan(sub[1], &n); err != nil || n < 4 || n > 1<<20 {
		return s
	}
	return "BIG=" + strings.Repeat("x", n-4)
}
