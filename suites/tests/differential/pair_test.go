// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/suites/replay"
)

// pair is a server and the mock that behaves like it.
type pair struct{ real, mock *replay.Runner }

// finding is an answer of the mock that is not the server's.
type finding struct {
	// sequence ends with the request that was answered differently.
	sequence    *replay.Case
	differences []replay.Difference
}

// compare runs a sequence on fresh servers of both and finds the answers that differ.
func (p pair) compare(ctx context.Context, c *replay.Case) ([]finding, error) {
	want, err := p.real.Run(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("the real server: %w", err)
	}
	have, err := p.mock.Run(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("the mock: %w", err)
	}
	var found []finding
	for i := range want.Got {
		if d := different(c.Steps[i].Step, want.Got[i], have.Got[i]); len(d) > 0 {
			found = append(found, finding{sequence: &replay.Case{Area: c.Area, Server: c.Server, Steps: slices.Clone(c.Steps[:i+1])}, differences: d})
		}
	}
	return found, nil
}

// different returns the differences of two answers that are neither volatile nor known.
func different(step replay.Step, want, have replay.Answer) []replay.Difference {
	if have.Status == http.StatusNotImplemented && (want.Status != http.StatusMethodNotAllowed || unemulated.MatchString(step.HTTP)) {
		return nil // the mock says itself that it does not emulate the path
	}
	if strings.Contains(fmt.Sprint(have.Body), "does not emulate it: register the plugin's binary") {
		return nil // the mock says itself that it has no such builtin
	}
	if strings.Contains(fmt.Sprint(want.Body), "told to fail in the factory") && strings.Contains(fmt.Sprint(have.Body), "fork/exec") {
		return nil // a process whose Setup failed goes on in servers, whatever becomes of its file
	}
	if unemulated.MatchString(step.HTTP) && have.Status == want.Status && want.Status == http.StatusMethodNotAllowed {
		return nil // some servers refuse it without a text
	}
	sorted := slices.Clone(byID)
	if unordered.MatchString(step.Request()) {
		sorted = append(sorted, "keys")
	}
	want.Body, have.Body = ordered(want.Body, sorted), ordered(have.Body, sorted)
	return slices.DeleteFunc(replay.Compare(want, have), func(d replay.Difference) bool {
		return volatile.MatchString(d.Path) || known(step, d)
	})
}

// unordered are the lists that servers give in a random order: of namespaces, that of a
// map, of everything else, that of IDs which are random.
var unordered = regexp.MustCompile(`sys/(internal/ui/)?namespaces|auth/token/accessors|sys/leases/lookup|identity/`)

// randomShape is a key that is a random ID.
var randomShape = regexp.MustCompile(`^([sb]\.)?[A-Za-z0-9]{20,}(\.[A-Za-z0-9]{5,6})?$|^<token>$`)

// byID are lists in the order of IDs, which are random.
var byID = []string{"group_ids", "direct_group_ids", "inherited_group_ids", "member_group_ids", "identity_policies"}

// ordered returns a body with the members of those names sorted if they are lists of texts,
// and random ones among these by one name.
func ordered(body any, names []string) any {
	members, ok := body.(map[string]any)
	if !ok {
		return body
	}
	members = maps.Clone(members)
	for name, value := range members {
		list, isList := value.([]any)
		if !isList || !slices.Contains(names, name) {
			members[name] = ordered(value, names)
			continue
		}
		texts := make([]string, len(list))
		for i, v := range list {
			texts[i] = randomShape.ReplaceAllString(fmt.Sprint(v), "<random>")
		}
		slices.Sort(texts)
		sorted := make([]any, len(texts))
		for i, text := range texts {
			sorted[i] = text
		}
		members[name] = sorted
	}
	return members
}

func (f finding) last() replay.Step { return f.sequence.Steps[len(f.sequence.Steps)-1].Step }

// kind is equal for findings that most likely have the same cause.
func (f finding) kind() string {
	method, path, _ := strings.Cut(f.last().HTTP, " ")
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	d := f.differences[0]
	return strings.Join([]string{method, strings.Join(parts[:min(2, len(parts))], "/"), d.Path, d.Want, d.Have}, " ")
}

// same reports whether both are about the same request and share a difference.
func (f finding) same(other finding) bool {
	return f.last().HTTP == other.last().HTTP && slices.ContainsFunc(f.differences, func(d replay.Difference) bool {
		return slices.Contains(other.differences, d)
	})
}

func (f finding) String() string {
	var b strings.Builder
	for i, e := range f.sequence.Steps {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, describe(e.Step))
	}
	return b.String() + f.list()
}

// list returns the differences, one a line.
func (f finding) list() string {
	var b strings.Builder
	for _, d := range f.differences {
		fmt.Fprintf(&b, "     %s: want %s, have %s\n", d.Path, d.Want, d.Have)
	}
	return b.String()
}

func describe(s replay.Step) string {
	text := s.HTTP + s.Shell
	switch {
	case s.Sleep != 0:
		return fmt.Sprintf("sleep %.1f s", s.Sleep)
	case s.RawBody != nil:
		text += " " + *s.RawBody
	case s.Body != nil:
		text += " " + string(s.Body)
	}
	if s.Token != "" {
		text += fmt.Sprintf(" (token %s)", s.Token)
	}
	if s.Wrap != "" {
		text += fmt.Sprintf(" (wrap %s)", s.Wrap)
	}
	for _, name := range sortedKeys(s.Headers) {
		text += fmt.Sprintf(" (%s: %s)", name, s.Headers[name])
	}
	for _, name := range sortedKeys(s.Save) {
		text += fmt.Sprintf(" ($%s is %s)", name, s.Save[name])
	}
	return text
}
