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

// get returns the claim with the given name, or nil if the token does not have
// it. A name that begins with a slash is a JSON pointer (RFC 6901); see "Claim
// specifications and JSON pointer" in the guide. Numbers are returned as
// json.Number, the type that bound claims have when they are read from storage.
func (c claims) get(name string) any {
	if !strings.HasPrefix(name, "/") {
		return normalizeNumber(c[name])
	}
	var value any = map[string]any(c)
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for token := range strings.SplitSeq(name[1:], "/") {
		token = unescape.Replace(token)
		switch container := value.(type) {
		case map[string]any:
			value = container[token]
		case []any:
			index, err := strconv.Atoi(token)
			if err != nil || index < 0 || index >= len(container) {
				return nil
			}
			value = container[index]
		default:
			return nil
		}
	}
	return normalizeNumber(value)
}

// normalizeNumber returns value as a json.Number without its fraction if it is a
// number, as the original does, and any other value as it is.
func normalizeNumber(value any) any {
	if f, ok := value.(float64); ok {
		return json.Number(strconv.FormatInt(int64(f), 10))
	}
	return value
}

// asList returns value as a list and reports whether it is a list, string,
// bool or number. Some providers send a single value instead of a list of one.
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

// checkBound returns an error unless each bound claim of r has, in the token, at
// least one of the values that the role lists for it; see bound_claims in the
// API documentation.
func (c claims) checkBound(r *role) error {
	for name, bound := range r.BoundClaims {
		received := c.get(name)
		if received == nil {
			return fmt.Errorf("claim %q is missing", name)
		}
		got, ok := asList(received)
		if !ok {
			return fmt.Errorf("received claim is not a string, bool, int or list: %v", received)
		}
		want, ok := asList(bound)
		if !ok {
			return fmt.Errorf("bound claim is not a string, bool, int or list: %v", bound)
		}
		if !anyMatch(want, got, r.BoundClaimsType == claimsGlob) {
			return fmt.Errorf("claim %q does not match any associated bound claim values", name)
		}
	}
	return nil
}

// anyMatch reports whether one of the wanted values is among those of the token.
// With globs, the wanted values are patterns in which * stands for any text,
// and only strings match.
func anyMatch(want, got []any, globs bool) bool {
	for _, w := range want {
		for _, g := range got {
			if globs {
				pattern, patternOK := w.(string)
				subject, subjectOK := g.(string)
				if patternOK && subjectOK && glob.Glob(pattern, subject) {
					return true
				}
				continue
			}
			if reflect.DeepEqual(normalizeNumber(g), normalizeNumber(w)) {
				return true
			}
		}
	}
	return false
}

// hasAudience reports whether the token names any audience.
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

// user returns the claim that identifies the user: user_claim in the API
// documentation. It must be a string.
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

// groups returns the names in the claim that lists the user's groups, without
// empty ones, or nil if the role has no groups_claim.
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

// metadata returns the claims that the role copies to metadata (claim_mappings),
// by metadata key. Claims that the token does not have are left out.
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
