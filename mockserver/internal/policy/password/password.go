// SPDX-License-Identifier: MPL-2.0

// Package password generates passwords after policies in HCL, which say how long they
// are and what characters they have.
//
// Source: helper/random of Vault and OpenBao, whose texts the errors have.
package password

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-viper/mapstructure/v2"
	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/hcl"
)

// The shortest and longest password that a policy may ask for.
const (
	MinLength = 4
	MaxLength = 100
)

// generateTimeout bounds Generate: rules may be hard to satisfy by chance.
const generateTimeout = time.Second

// Policy says what passwords look like.
type Policy struct {
	Length int
	Rules  []Rule
}

// Rule asks for a number of characters out of a set. The sets of all rules together
// are the characters of the password.
type Rule struct {
	Charset  []rune `mapstructure:"charset"`
	MinChars int    `mapstructure:"min-chars"`
}

// Default returns the policy of passwords that no policy was named for.
func Default() Policy {
	return Policy{Length: 20, Rules: []Rule{
		{[]rune("abcdefghijklmnopqrstuvwxyz"), 1}, {[]rune("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 1}, {[]rune("0123456789"), 1}, {[]rune("-"), 1},
	}}
}

// Parse reads a policy.
func Parse(raw string) (parsed Policy, err error) {
	defer func() {
		// HCL's scanner of JSON panics where a text ends within an escape: {"\0.
		if cause := recover(); cause != nil {
			parsed, err = Policy{}, fmt.Errorf("unable to decode: %v", cause)
		}
	}()
	var members map[string]any
	if err := hcl.Decode(&members, raw); err != nil {
		return Policy{}, fmt.Errorf("unable to decode: %w", err)
	}
	var p struct {
		Length int `mapstructure:"length"`
	}
	if err := mapstructure.Decode(members, &p); err != nil {
		return Policy{}, fmt.Errorf("failed to decode configuration: %w", err)
	}
	rules, err := parseRules(members["rule"])
	if err != nil {
		return Policy{}, err
	}
	parsed = Policy{Length: p.Length, Rules: rules}
	return parsed, parsed.check()
}

// parseRules reads the blocks rule "charset" { … }, which HCL decodes to lists of maps.
func parseRules(raw any) ([]Rule, error) {
	if raw == nil {
		return nil, nil
	}
	var blocks []map[string]any
	if err := mapstructure.Decode(raw, &blocks); err != nil {
		return nil, fmt.Errorf("unable to retrieve rules: %w", err)
	}
	var rules []Rule
	for _, block := range blocks {
		for kind, raw := range block {
			var bodies []map[string]any
			if err := mapstructure.Decode(raw, &bodies); err != nil {
				return nil, fmt.Errorf("unable to parse rules: unable to get rule info: unable to get rule data: %w", err)
			}
			switch {
			case len(bodies) == 0:
				return nil, errors.New("unable to parse rules: unable to get rule info: rule info cannot be empty")
			case kind != "charset":
				return nil, fmt.Errorf("unable to parse rules: unable to parse rule %s: unrecognized rule type %s", kind, kind)
			}
			var rule Rule
			if err := decodeRunes(bodies[0], &rule); err != nil {
				return nil, fmt.Errorf("unable to parse rules: unable to parse rule charset: failed to parse charset restriction: %w", err)
			}
			rules = append(rules, rule)
		}
	}
	return rules, nil
}

// decodeRunes decodes as mapstructure does, and texts as lists of characters.
func decodeRunes(in, out any) error {
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result: out,
		DecodeHook: func(_, to reflect.Kind, data any) (any, error) {
			text, ok := data.(string)
			switch {
			case !ok || to != reflect.Slice:
				return data, nil
			case !utf8.ValidString(text):
				return nil, errors.New("invalid UTF8 string")
			}
			return []rune(text), nil
		},
	})
	if err != nil {
		return err
	}
	return decoder.Decode(in)
}

// check returns what keeps a policy from ever giving a password.
func (p Policy) check() error {
	var failed *multierror.Error
	least := 0
	for _, r := range p.Rules {
		least += r.MinChars
	}
	switch {
	case p.Length <= 0:
		failed = multierror.Append(failed, errors.New("length must be > 0"))
	case p.Length < least:
		failed = multierror.Append(failed, fmt.Errorf("specified rules require at least %d characters but %d is specified", least, p.Length))
	}
	charset := p.charset()
	if len(charset) == 0 {
		failed = multierror.Append(failed, errors.New("no charset specified"))
	}
	if slices.ContainsFunc(charset, func(r rune) bool { return !unicode.IsPrint(r) }) {
		failed = multierror.Append(failed, errors.New("non-printable character in charset"))
	}
	return failed.ErrorOrNil()
}

// Possible reports whether each rule can be satisfied.
func (p Policy) Possible() bool {
	return !slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.MinChars > 0 && len(r.Charset) == 0 })
}

// charset returns the characters of all rules, each once.
func (p Policy) charset() []rune {
	var all []rune
	for _, r := range p.Rules {
		all = append(all, r.Charset...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Generate returns a random password.
func (p Policy) Generate() (string, error) {
	if err := p.check(); err != nil {
		return "", err
	}
	charset := p.charset()
	size := big.NewInt(int64(len(charset)))
	for end := time.Now().Add(generateTimeout); time.Now().Before(end); {
		candidate := make([]rune, p.Length)
		for i := range candidate {
			n, err := rand.Int(rand.Reader, size)
			if err != nil {
				return "", fmt.Errorf("unable to generate random characters: %w", err)
			}
			candidate[i] = charset[n.Int64()]
		}
		if p.accepts(candidate) {
			return string(candidate), nil
		}
	}
	return "", errors.New("timed out generating string")
}

// accepts reports whether a password has what all rules ask for.
func (p Policy) accepts(candidate []rune) bool {
	for _, r := range p.Rules {
		count := 0
		for _, c := range candidate {
			if slices.Contains(r.Charset, c) {
				count++
			}
		}
		if count < r.MinChars {
			return false
		}
	}
	return true
}
