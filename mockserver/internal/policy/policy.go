// SPDX-License-Identifier: MPL-2.0

// Package policy reads ACL policies and decides with them: which operations a
// token with certain policies may do on a path. Policies are written in HCL or
// JSON, as Vault's are.
package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/hcl"
	"github.com/hashicorp/hcl/hcl/ast"
	hclparser "github.com/hashicorp/hcl/hcl/parser"
	jsonparser "github.com/hashicorp/hcl/json/parser"
	"github.com/hashicorp/vault/sdk/helper/hclutil"
	"github.com/hashicorp/vault/sdk/helper/identitytpl"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// The names of the policies that every server has.
const (
	// Root allows everything and stands alone.
	Root = "root"
	// Default is given to tokens unless they refuse it; users may change it.
	Default = "default"
	// Wrapping is the policy of response-wrapping tokens; users can't give it.
	Wrapping = "response-wrapping"
)

// Extras are what a server's policies may contain beyond those of Vault 1.14.
type Extras struct {
	// Capabilities may be granted beyond those of Vault 1.14.
	Capabilities []string
	// SlashFirst: listing a path asks the patterns for the path with its slash first.
	SlashFirst bool
	// Keys are known in a path's stanza: expiration, pagination_limit and
	// list_scan_response_keys_filter_path.
	Keys []string
	// DefaultLacks are paths that the default policy leaves out.
	DefaultLacks []string
	// TemplateLimits: slashes and wildcards in values from identity templates are
	// refused unless the policy allows them.
	TemplateLimits bool
	// Now returns the time by which policies expire; nil for the system's.
	Now func() time.Time
}

func (e Extras) now() time.Time {
	if e.Now == nil {
		return time.Now()
	}
	return e.Now()
}

// pages reports whether lists have the fields after and limit.
func (e Extras) pages() bool { return slices.Contains(e.Keys, limitKey) }

// Keys of Extras: how many entries a list of the path may have, and the path by which
// they are filtered.
const (
	limitKey  = "pagination_limit"
	filterKey = "list_scan_response_keys_filter_path"
)

// Policy is a parsed policy. It is never changed.
type Policy struct {
	// Name is how tokens name it.
	Name string
	// Raw is the text as it was written.
	Raw string

	rules []rule
	// expires is when the whole policy does; zero for never.
	expires time.Time
	// blocked are the characters that values from identity templates may not have.
	blocked string
}

// rule is one `path` stanza.
type rule struct {
	// path is as written, without the leading slash; templated says that it has
	// to be filled in with the caller's entity before it is used.
	path      string
	templated bool
	grant     grant
	// expires is when the stanza does; zero for never.
	expires time.Time
}

// over reports whether something that expires at a time, if at all, has.
func over(expires, now time.Time) bool { return !expires.IsZero() && now.After(expires) }

// grant is what a stanza allows on its paths.
type grant struct {
	capabilities Capability
	minWrap      time.Duration
	maxWrap      time.Duration
	// allowed and denied are values by parameter in lower case; no values means
	// any value.
	allowed, denied map[string][]any
	required        []string
	// limit is how many entries a list may have; 0 for any number.
	limit int
	// filter is what a list's keys must pass; nil for all.
	filter *Filter
}

// stanza is a path's block as HCL decodes it.
type stanza struct {
	Policy       string           `hcl:"policy"`
	Capabilities []string         `hcl:"capabilities"`
	MinWrap      any              `hcl:"min_wrapping_ttl"`
	MaxWrap      any              `hcl:"max_wrapping_ttl"`
	Allowed      map[string][]any `hcl:"allowed_parameters"`
	Denied       map[string][]any `hcl:"denied_parameters"`
	Required     []string         `hcl:"required_parameters"`
	Expiration   string           `hcl:"expiration"`
	Limit        int              `hcl:"pagination_limit"`
	Filter       string           `hcl:"list_scan_response_keys_filter_path"`
}

// stanzaKeys are what Vault 1.14 knows in a stanza; mfa_methods is for
// Enterprise and does nothing here or there.
func stanzaKeys() []string {
	return []string{
		"comment", "policy", "capabilities", "allowed_parameters", "denied_parameters",
		"required_parameters", "min_wrapping_ttl", "max_wrapping_ttl", "mfa_methods",
	}
}

// Parse reads a policy. Errors begin with "failed to parse policy", as the
// server's do, except for parts that aren't emulated.
func Parse(name, text string, extras Extras) (*Policy, error) {
	p, err := parse(text, extras)
	if err != nil {
		return nil, fmt.Errorf("failed to parse policy: %w", err)
	}
	p.Name = name
	return p, nil
}

func parse(text string, extras Extras) (parsed *Policy, err error) {
	defer func() {
		// HCL's scanner of JSON panics where a text ends within an escape: {"\0.
		if cause := recover(); cause != nil {
			parsed, err = nil, fmt.Errorf("the text can't be read: %v", cause)
		}
	}()
	// Keys that occur twice are accepted, as by the servers up to Vault 1.20.
	read := hclparser.ParseDontErrorOnDuplicateKeys
	isJSON := strings.HasPrefix(strings.TrimSpace(text), "{")
	if isJSON {
		read = jsonparser.Parse
	}
	if err := checkDepth(text, isJSON); err != nil {
		return nil, err
	}
	file, err := read([]byte(text))
	if err != nil {
		return nil, err
	}
	list, ok := file.Node.(*ast.ObjectList)
	if !ok {
		return nil, errors.New("does not contain a root object")
	}
	if err := hclutil.CheckHCLKeys(list, []string{"name", "path"}); err != nil {
		return nil, err
	}
	p := &Policy{Raw: text}
	for _, item := range list.Filter("path").Items {
		r, err := parseRule(item, extras)
		if err != nil {
			return nil, err
		}
		p.rules = append(p.rules, r)
	}
	return p, nil
}

func parseRule(item *ast.ObjectItem, extras Extras) (rule, error) {
	path := "path"
	if len(item.Keys) > 0 {
		path, _ = item.Keys[0].Token.Value().(string)
	}
	templated, _, err := identitytpl.PopulateString(identitytpl.PopulateStringInput{
		Mode: identitytpl.ACLTemplating, ValidityCheckOnly: true, String: path,
	})
	if err != nil {
		return rule{}, fmt.Errorf("failed to validate policy templating: %w", err)
	}
	if err := hclutil.CheckHCLKeys(item.Val, append(stanzaKeys(), extras.Keys...)); err != nil {
		return rule{}, multierror.Prefix(err, fmt.Sprintf("path %q:", path))
	}
	var s stanza
	if err := hcl.DecodeObject(&s, item.Val); err != nil {
		return rule{}, multierror.Prefix(err, fmt.Sprintf("path %q:", path))
	}
	r := rule{path: strings.TrimPrefix(path, "/"), templated: templated}
	if s.Expiration != "" {
		if r.expires, err = parseutil.ParseAbsoluteTime(s.Expiration); err != nil {
			return rule{}, fmt.Errorf("path %q: invalid expiration time: %w", path, err)
		}
	}
	if strings.Contains(r.path, "+*") {
		return rule{}, fmt.Errorf("path %q: invalid use of wildcards ('+*' is forbidden)", r.path)
	}
	r.grant, err = s.grant(path, extras)
	return r, err
}

func (s stanza) grant(path string, extras Extras) (grant, error) {
	var g grant
	capabilities, err := s.capabilities(path)
	if err != nil {
		return g, err
	}
	for _, name := range capabilities {
		bit, ok := capabilityNames()[name]
		switch {
		case bit == Deny:
			// Whatever else the stanza says, it denies.
			return grant{capabilities: Deny}, nil
		case ok && (bit != Scan || slices.Contains(extras.Capabilities, name)):
			g.capabilities |= bit
		default:
			return g, fmt.Errorf("path %q: invalid capability %q", path, name)
		}
	}
	g.allowed, g.denied, g.required, g.limit = lowerKeys(s.Allowed), lowerKeys(s.Denied), s.Required, s.Limit
	if g.minWrap, err = wrapTTL("min_wrapping_ttl", s.MinWrap); err != nil {
		return g, err
	}
	if g.maxWrap, err = wrapTTL("max_wrapping_ttl", s.MaxWrap); err != nil {
		return g, err
	}
	if g.minWrap != 0 && g.maxWrap != 0 && g.maxWrap < g.minWrap {
		return g, errors.New("max_wrapping_ttl cannot be less than min_wrapping_ttl")
	}
	if s.Filter != "" {
		if g.capabilities&List == 0 {
			return g, errors.New(filterKey + " needs to be used on a path with the list capability")
		}
		g.filter, err = newFilter(s.Filter, strings.TrimPrefix(path, "/"))
	}
	return g, err
}

// capabilities are the stanza's own and those of the old key `policy`.
func (s stanza) capabilities(path string) ([]string, error) {
	write := []string{"create", "read", "update", "delete", "list"}
	switch s.Policy {
	case "":
		return s.Capabilities, nil
	case "deny":
		return []string{"deny"}, nil
	case "read":
		return append(s.Capabilities, "read", "list"), nil
	case "write":
		return append(s.Capabilities, write...), nil
	case "sudo":
		return append(append(s.Capabilities, write...), "sudo"), nil
	}
	return nil, fmt.Errorf("path %q: invalid policy %q", path, s.Policy)
}

func wrapTTL(key string, value any) (time.Duration, error) {
	if value == nil {
		return 0, nil
	}
	ttl, err := parseutil.ParseDurationSecond(value)
	if err != nil {
		return 0, fmt.Errorf("error parsing %s: %w", key, err)
	}
	return ttl, nil
}

func lowerKeys(parameters map[string][]any) map[string][]any {
	if parameters == nil {
		return nil
	}
	lower := make(map[string][]any, len(parameters))
	for name, values := range parameters {
		lower[strings.ToLower(name)] = values
	}
	return lower
}

// blocked returns the characters that values in the templates of a policy may not
// have.
func (e Extras) blocked(p Stored) string {
	blocked := ""
	if e.TemplateLimits && !p.AllowSlashes {
		blocked += "/"
	}
	if e.TemplateLimits && !p.AllowWildcards {
		blocked += "*+"
	}
	return blocked
}

// placeholder matches a part of a path that is filled in.
var placeholder = regexp.MustCompile(`\{\{.*?\}\}`)

// fill returns the rule's path for a caller; not ok if the path needs something of the
// caller that isn't there, or has a blocked character.
func (r rule) fill(home *namespace.Namespace, caller Caller, blocked string) (path string, ok bool) {
	if !r.templated {
		return r.path, true
	}
	_, path, err := identitytpl.PopulateString(identitytpl.PopulateStringInput{
		Mode: identitytpl.ACLTemplating, String: r.path, Entity: caller.Entity, Groups: caller.Groups, NamespaceID: home.ID,
	})
	fixed := placeholder.ReplaceAllString(r.path, "")
	for _, c := range blocked {
		if strings.Count(path, string(c)) > strings.Count(fixed, string(c)) { // it is in a value
			return "", false
		}
	}
	return strings.TrimPrefix(path, "/"), err == nil && !strings.Contains(path, "+*")
}
