// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/armon/go-radix"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// Capability is a set of things that may be done on a path.
type Capability uint16

// The capabilities. Deny excludes all others.
const (
	Deny Capability = 1 << iota
	Create
	Read
	Update
	Delete
	List
	Sudo
	Patch
	// Scan is listing with all that is below; servers that have it say so in Extras.
	Scan
)

func capabilityNames() map[string]Capability {
	return map[string]Capability{
		"deny": Deny, "create": Create, "read": Read, "update": Update,
		"delete": Delete, "list": List, "sudo": Sudo, "patch": Patch, "scan": Scan,
	}
}

// Verdict is what an ACL says about a request.
type Verdict struct {
	// Allowed: the operation with these parameters may be done.
	Allowed bool
	// Sudo: paths that need sudo may be used as well.
	Sudo bool
}

// ScanOperation is OpenBao's list with everything below; the SDK has no name for
// it.
const ScanOperation logical.Operation = "scan"

// ACL is the sum of a set of policies for one caller. It is never changed and
// safe for concurrent use.
type ACL struct {
	root bool
	// home is the path of the namespace whose policies these are, and at that of the
	// namespace from which paths are seen.
	home, at string
	// names are the policies it was built from, templates the ID of the entity
	// it was filled in with.
	names  []string
	entity string
	// slashFirst is that of Extras.
	slashFirst bool
	// pages: lists have the fields after and limit.
	pages bool
	// ends is when the first of its parts expires; zero for never.
	ends time.Time

	exact    map[string]*grant
	prefixes *radix.Tree // of *grant, by path without the star
	// segments are the paths with a `+`.
	segments []segmented
}

// newACL builds the ACL of the policies of a namespace for a caller.
func newACL(home *namespace.Namespace, policies []*Policy, caller Caller, extras Extras) *ACL {
	now := extras.now()
	a := &ACL{home: home.Path, at: home.Path, slashFirst: extras.SlashFirst, pages: extras.pages(), exact: make(map[string]*grant), prefixes: radix.New()}
	if caller.Entity != nil {
		a.entity = caller.Entity.ID
	}
	wild := make(map[string]*grant)
	for _, p := range policies {
		if p.Name == Root {
			a.root = true
		}
		a.endsWith(p.expires)
		for _, r := range p.rules {
			path, ok := r.fill(home, caller, p.blocked)
			if !ok || over(r.expires, now) {
				continue
			}
			a.endsWith(r.expires)
			prefix, isPrefix := strings.CutSuffix(path, "*")
			switch {
			case hasSegmentWildcard(path):
				wild[path] = wild[path].merge(r.grant)
			case isPrefix:
				old, _ := a.prefixes.Get(prefix)
				oldGrant, _ := old.(*grant)
				a.prefixes.Insert(prefix, oldGrant.merge(r.grant))
			default:
				a.exact[path] = a.exact[path].merge(r.grant)
			}
		}
	}
	for path, g := range wild {
		a.segments = append(a.segments, newSegmented(path, g))
	}
	slices.SortFunc(a.segments, func(x, y segmented) int { return y.compare(x.rank) })
	return a
}

// At returns the ACL for paths that are seen from the namespace.
func (a *ACL) At(n *namespace.Namespace) *ACL {
	if n.Path == a.at {
		return a
	}
	seen := *a
	seen.at = n.Path
	return &seen
}

// isRoot reports whether everything is allowed where paths are seen from.
func (a *ACL) isRoot() bool { return a.root && strings.HasPrefix(a.at, a.home) }

// local returns a path as the policies have it. It is not ok if the path leads out of
// their namespace.
func (a *ACL) local(path string) (local string, ok bool) {
	return strings.CutPrefix(a.at+strings.TrimLeft(path, "/"), a.home)
}

// endsWith notes when a part of the ACL expires.
func (a *ACL) endsWith(expires time.Time) {
	if !expires.IsZero() && (a.ends.IsZero() || expires.Before(a.ends)) {
		a.ends = expires
	}
}

// merge adds a stanza of another policy for the same path: a denial beats
// everything, capabilities and parameters add up, and of the bounds for
// wrapping the shorter ones hold. The receiver, which may be nil, stays as is.
func (g *grant) merge(more grant) *grant {
	switch {
	case g == nil:
		more.allowed, more.denied = maps.Clone(more.allowed), maps.Clone(more.denied)
		return &more
	case g.capabilities&Deny != 0:
		return g
	case more.capabilities&Deny != 0:
		return &grant{capabilities: Deny}
	}
	merged := *g
	merged.capabilities |= more.capabilities
	if more.limit > 0 && (g.limit <= 0 || more.limit < g.limit) {
		merged.limit = more.limit
	}
	if merged.filter == nil { // that of the first policy which has one
		merged.filter = more.filter
	}
	merged.maxWrap = shorter(g.maxWrap, more.maxWrap)
	merged.minWrap = shorter(g.minWrap, more.minWrap)
	merged.allowed = mergeParameters(g.allowed, more.allowed)
	merged.denied = mergeParameters(g.denied, more.denied)
	merged.required = slices.Clone(g.required)
	for _, name := range more.required {
		if !slices.Contains(merged.required, name) {
			merged.required = append(merged.required, name)
		}
	}
	return &merged
}

// shorter is the lesser of two durations of which zero means none.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// mergeParameters unites the values; a parameter that may have any value in
// one of both may have any in the sum.
func mergeParameters(a, b map[string][]any) map[string][]any {
	if len(b) == 0 {
		return a
	}
	merged := maps.Clone(a)
	if merged == nil {
		merged = make(map[string][]any, len(b))
	}
	for name, values := range b {
		old, known := merged[name]
		if len(values) == 0 || known && len(old) == 0 {
			merged[name] = []any{}
			continue
		}
		merged[name] = slices.Concat(values, old)
	}
	return merged
}

// Allow decides about a request. A request for help is always allowed.
func (a *ACL) Allow(req *logical.Request) Verdict {
	switch {
	case a.isRoot():
		return Verdict{Allowed: true, Sudo: true}
	case a.root:
		return Verdict{}
	case req.Operation == logical.HelpOperation:
		return Verdict{Allowed: true, Sudo: true}
	}
	g := a.find(req.Path, req.Operation)
	if g == nil {
		return Verdict{}
	}
	allowed := g.allows(req)
	if a.pages && (req.Operation == logical.ListOperation || req.Operation == ScanOperation) {
		allowed = allowed && g.limitPage(req)
	}
	return Verdict{Allowed: allowed, Sudo: g.capabilities&Sudo != 0}
}

// Sudo reports whether the path may be used with root privileges.
func (a *ACL) Sudo(path string) bool {
	if a.isRoot() {
		return true
	}
	g := a.find(path, logical.ReadOperation)
	return g != nil && g.capabilities&Sudo != 0
}

// Capabilities lists what may be done on a path, sorted; "root" or "deny"
// alone if it is everything or nothing.
func (a *ACL) Capabilities(path string) []string {
	if a.isRoot() {
		return []string{"root"}
	}
	// A listing's rules apply, since they find the most.
	g := a.find(path, logical.ListOperation)
	if g == nil || g.capabilities == 0 || g.capabilities&Deny != 0 {
		return []string{"deny"}
	}
	var names []string
	for name, bit := range capabilityNames() {
		if g.capabilities&bit != 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// find returns the grant of the most specific path, or nil. An exact path beats
// patterns. A listing also finds rules for its path without the slash; which of
// both comes first among the patterns differs between servers.
//
// Source: AllowOperation in vault/acl.go of Vault and OpenBao up to 2.5, in
// vault/policy/acl.go of OpenBao 2.6.
func (a *ACL) find(path string, op logical.Operation) *grant {
	path, within := a.local(path)
	if !within {
		return nil
	}
	if g, ok := a.exact[path]; ok {
		return g
	}
	list := op == logical.ListOperation
	if !list && op != ScanOperation {
		return a.findPattern(path)
	}
	bare := strings.TrimSuffix(path, "/")
	if g, ok := a.exact[bare]; ok {
		return g
	}
	order := []string{path}
	switch {
	case a.slashFirst:
		order = []string{path, bare}
	case list:
		order = []string{bare, path}
	}
	for _, path := range order {
		if g := a.findPattern(path); g != nil {
			return g
		}
	}
	return nil
}

func (a *ACL) findPattern(path string) *grant {
	prefix, found, ok := a.prefixes.LongestPrefix(path)
	best, _ := found.(*grant)
	if len(a.segments) == 0 {
		return best
	}
	bestRank := rank{first: len(prefix), prefix: true, path: prefix}
	parts := strings.Split(path, "/")
	// The patterns are sorted, the most specific first.
	for _, s := range a.segments {
		if ok && s.compare(bestRank) < 0 {
			break
		}
		if s.matches(parts) {
			return s.grant
		}
	}
	return best
}
