// SPDX-License-Identifier: MPL-2.0

package trace

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
)

const (
	// minSecret is the length from which a value is masked: shorter ones are parts of
	// ordinary words.
	minSecret = 4
	// maxSecrets bounds the values that are remembered; the oldest are forgotten.
	maxSecrets = 4096
	// maxError bounds an error, in bytes: a plugin's may be a page.
	maxError = 2000
)

// secrets are the texts that no span shows.
type secrets struct {
	// fields and tokens do not change.
	fields []string
	tokens *regexp.Regexp

	mu     sync.RWMutex
	values []string
	known  map[string]bool
}

func newSecrets(fields []string) *secrets {
	return &secrets{
		fields: fields, known: make(map[string]bool),
		// Tokens of Vault and OpenBao, and JWTs.
		tokens: regexp.MustCompile(`\b(hv[sbr]|[sbr])\.[A-Za-z0-9_-]{20,}(\.[A-Za-z0-9]+)?|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`),
	}
}

// secret reports whether a field of that name holds a secret.
func (s *secrets) secret(field string) bool {
	if slices.Contains(s.fields, field) {
		return true
	}
	lower := strings.ToLower(field)
	// token_ttl, secret_type, password_policy and the like are about a secret.
	for _, about := range []string{"ttl", "type", "name", "policies", "policy", "period", "uses", "cidrs", "length"} {
		if strings.HasSuffix(lower, "_"+about) {
			return false
		}
	}
	return slices.ContainsFunc([]string{"password", "passwd", "passphrase", "secret", "token", "private", "credential", "jwt", "apikey", "api_key", "access_key"},
		func(part string) bool { return strings.Contains(lower, part) })
}

func (s *secrets) add(value string) {
	if len(value) < minSecret {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[value] {
		return
	}
	if len(s.values) == maxSecrets {
		delete(s.known, s.values[0])
		s.values = slices.Delete(s.values, 0, 1)
	}
	s.known[value] = true
	s.values = append(s.values, value)
}

// learn adds the values of secret fields.
func (s *secrets) learn(data map[string]any) {
	texts(data, func(field, value string) {
		if s.secret(field) {
			s.add(value)
		}
	})
}

// in returns the text with what it has of the secrets masked.
func (s *secrets) in(text string) string {
	if text == "" {
		return ""
	}
	s.mu.RLock()
	var found []string
	for _, value := range s.values {
		if strings.Contains(text, value) {
			found = append(found, value)
		}
	}
	s.mu.RUnlock()
	text = s.tokens.ReplaceAllString(replace(text, found, func(string) string { return "<secret>" }), "<token>")
	if len(text) > maxError {
		text = strings.ToValidUTF8(text[:maxError], "") + "…"
	}
	return text
}

// hideValues replaces the values of data in a text by their fields' names.
func hideValues(text string, data map[string]any) string {
	if text == "" {
		return ""
	}
	fields := map[string]string{}
	var found []string
	texts(data, func(field, value string) {
		if len(value) >= minSecret && strings.Contains(text, value) && fields[value] == "" {
			fields[value] = cmp.Or(field, "value")
			found = append(found, value)
		}
	})
	return replace(text, found, func(value string) string { return "<" + fields[value] + ">" })
}

// replace replaces the values in a text, the longest first: one may be part of another.
func replace(text string, values []string, by func(string) string) string {
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for _, value := range values {
		text = strings.ReplaceAll(text, value, by(value))
	}
	return text
}

// texts calls f with each text in data and the name of the innermost field that has it.
func texts(data map[string]any, f func(field, value string)) {
	var walk func(field string, value any)
	walk = func(field string, value any) {
		switch value := value.(type) {
		case string:
			f(field, value)
		case []byte:
			f(field, string(value))
		case []string:
			for _, member := range value {
				f(field, member)
			}
		case []any:
			for _, member := range value {
				walk(field, member)
			}
		case map[string]string:
			for name, member := range value {
				f(name, member)
			}
		case map[string]any:
			for name, member := range value {
				walk(name, member)
			}
		}
	}
	walk("", data)
}
