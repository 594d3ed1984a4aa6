// SPDX-License-Identifier: MPL-2.0

package jwt

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/ryanuber/go-glob"
)

// claims is the payload of a verified token.
type claims map[string]any

// get returns a claim by name, or by JSON pointer (RFC 6901) when the name
// begins with a slash; nil when there is none. Numbers come as json.Number, as
// stored bound claims have them.
func (c claims) get(name string) any {
	if !strings.HasPrefix(name, "/") {
		return number(c[name])
	}
	var value any = map[string]any(c)
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for step := range strings.SplitSeq(name[1:], "/") {
		step = unescape.Replace(step)
		switch container := value.(type) {
		case map[string]any:
			value = container[step]
		case []any:
			index, err := strconv.Atoi(step)
			if err != nil || index < 0 || index >= len(container) {
				return nil
			}
			value = container[index]
		default:
			return nil
		}
	}
	return number(value)
}

// number drops the fraction, as the original does.
func number(value any) any {
	if f, ok := value.(float64); ok {
		return json.Number(strconv.FormatInt(int64(f), 10))
	}
	return value
}

// asList makes a list of what may be one value or several. Providers give a
// lone value for a list of one.
func asList(value any) ([]any, bool) {
	switch v := value.(type) {
	case []any:
		return v, true
	case string, bool, json.Number:
		return []any{v}, true
	default:
		return nil, false
	}
}

// checkBound says which bound claim of r the token does not have.
func (c claims) checkBound(r *role) error {
	for name, bound := range r.BoundClaims {
		got := c.get(name)
		if got == nil {
			return fmt.Errorf("claim %q is missing", name)
		}
		gotValues, ok := asList(got)
		if !ok {
			return fmt.Errorf("received claim is not a string, bool, int or list: %v", got)
		}
		wanted, ok := asList(bound)
		if !ok {
			return fmt.Errorf("bound claim is not a string, bool, int or list: %v", bound)
		}
		if !anyMatch(wanted, gotValues, r.BoundClaimsType == claimsGlob) {
			return fmt.Errorf("claim %q does not match any associated bound claim values", name)
		}
	}
	return nil
}

func anyMatch(wanted, got []any, globs bool) bool {
	for _, w := range wanted {
		for _, g := range got {
			if globs {
				pattern, isText := w.(string)
				subject, isAlso := g.(string)
				if isText && isAlso && glob.Glob(pattern, subject) {
					return true
				}
				continue
			}
			if reflect.DeepEqual(number(g), number(w)) {
				return true
			}
		}
	}
	return false
}

// hasAudience tells whether the token names any audience at all.
func (c claims) hasAudience() bool {
	switch audience := c["aud"].(type) {
	case string:
		return audience != ""
	case []any:
		return len(audience) > 0
	default:
		return false
	}
}

func (c claims) user(r *role) (string, error) {
	value := c[r.UserClaim]
	if r.UserClaimJSONPointer {
		value = c.get(r.UserClaim)
	}
	if value == nil {
		return "", fmt.Errorf("claim %q not found in token", r.UserClaim)
	}
	user, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("claim %q could not be converted to string", r.UserClaim)
	}
	return user, nil
}

// groups returns nil for a role without a claim for them.
func (c claims) groups(r *role) ([]string, error) {
	if r.GroupsClaim == "" {
		return nil, nil
	}
	value := c.get(r.GroupsClaim)
	if value == nil {
		return nil, fmt.Errorf("failed to fetch groups: %q claim not found in token", r.GroupsClaim)
	}
	list, ok := asList(value)
	if !ok {
		return nil, fmt.Errorf("%q claim could not be converted to string list", r.GroupsClaim)
	}
	var groups []string
	for _, item := range list {
		group, ok := item.(string)
		if !ok {
			return nil, fmt.Errorf("value %v in groups claim could not be parsed as string", item)
		}
		if group != "" {
			groups = append(groups, group)
		}
	}
	return groups, nil
}

// metadata returns the mapped claims that the token has.
func (c claims) metadata(r *role) (map[string]string, error) {
	metadata := make(map[string]string)
	for source, target := range r.ClaimMappings {
		value := c.get(source)
		if value == nil {
			continue
		}
		text, ok := value.(string)
		if !ok {
			return nil, fmt.Errorf("error converting claim '%s' to string", source)
		}
		metadata[target] = text
	}
	return metadata, nil
}
