// SPDX-License-Identifier: MPL-2.0

package jwt_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/hashicorp/vault/sdk/logical"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, "k1")
	m := ready(t, i, map[string]any{
		"claim_mappings": map[string]any{"iss": "issuer", "/nested/list/1": "item", "none": "absent"},
		"groups_claim":   "groups",
		"bound_claims":   map[string]any{"level": json.Number("3"), "admin": true, "groups": []any{"ops", "x"}},
		"token_policies": "reader,writer", "token_ttl": "10m", "token_max_ttl": "1h",
	})
	a := m.must(t, logical.UpdateOperation, "login", map[string]any{"role": "DEMO", "jwt": i.token(t, nil)}).Auth
	metadata := map[string]string{"role": "demo", "issuer": "https://idp.example.test", "item": "one"}
	if a.DisplayName != "alice" || a.Alias.Name != "alice" || !maps.Equal(a.Metadata, metadata) || !maps.Equal(a.Alias.Metadata, metadata) {
		t.Errorf("who: %q, %+v, %v", a.DisplayName, a.Alias, a.Metadata)
	}
	if len(a.GroupAliases) != 2 || a.GroupAliases[0].Name != "dev" || a.GroupAliases[1].Name != "ops" {
		t.Errorf("groups: %v", a.GroupAliases)
	}
	if !slices.Equal(a.Policies, []string{"reader", "writer"}) || a.TTL != 10*time.Minute || a.MaxTTL != time.Hour || !a.Renewable {
		t.Errorf("token: %+v", a)
	}
}

// TestTokens changes one property of a valid token or of its role.
func TestTokens(t *testing.T) {
	t.Parallel()
	i, other := newIssuer(t, "k1"), newIssuer(t, "k1")
	now := time.Now().Unix()
	for name, c := range map[string]struct {
		role   map[string]any
		claims map[string]any
		token  string
		want   string // "" when the login succeeds
	}{
		"good":                       {},
		"expired within leeway":      {claims: map[string]any{"exp": now - 30}},
		"expired":                    {claims: map[string]any{"exp": now - 300}, want: "error validating token: invalid expiration time (exp) claim: token is expired"},
		"expired, no leeway":         {role: map[string]any{"clock_skew_leeway": -1}, claims: map[string]any{"exp": now - 30}, want: "error validating token: invalid expiration time (exp) claim: token is expired"},
		"not yet valid":              {claims: map[string]any{"nbf": now + 300}, want: "error validating token: invalid not before (nbf) claim: token not yet valid"},
		"not yet valid, leeway":      {role: map[string]any{"clock_skew_leeway": "10m"}, claims: map[string]any{"nbf": now + 300}},
		"issued in the future":       {claims: map[string]any{"iat": now + 300}, want: "error validating token: invalid issued at (iat) claim: token issued in the future"},
		"no times":                   {claims: map[string]any{"exp": nil, "nbf": nil, "iat": nil}, want: "error validating token: no issued at (iat), not before (nbf), or expiration time (exp) claims in token"},
		"no expiry, issued just now": {claims: map[string]any{"exp": nil}},
		"no expiry, issued long ago": {claims: map[string]any{"exp": nil, "nbf": nil, "iat": now - 300}, want: "error validating token: invalid expiration time (exp) claim: token is expired"},
		"no expiry, role's leeway":   {role: map[string]any{"expiration_leeway": "10m"}, claims: map[string]any{"exp": nil, "nbf": nil, "iat": now - 300}},
		"no nbf and iat, leeway":     {claims: map[string]any{"nbf": nil, "iat": nil, "exp": now + 100}},
		"no nbf and iat, too early":  {claims: map[string]any{"nbf": nil, "iat": nil}, want: "error validating token: invalid not before (nbf) claim: token not yet valid"},
		"no nbf, role's leeway":      {role: map[string]any{"not_before_leeway": "1h"}, claims: map[string]any{"nbf": nil, "iat": nil}},
		"wrong audience":             {claims: map[string]any{"aud": "other"}, want: "error validating token: invalid audience (aud) claim: audience claim does not match any expected audience"},
		"one of several audiences":   {claims: map[string]any{"aud": []string{"other", "vault"}}},
		"no audience":                {claims: map[string]any{"aud": nil}, want: "error validating token: invalid audience (aud) claim: audience claim does not match any expected audience"},
		"unbound audience":           {role: map[string]any{"bound_audiences": "", "bound_subject": "alice"}, want: "audience claim found in JWT but no audiences bound to the role"},
		"subject":                    {role: map[string]any{"bound_subject": "bob"}, want: "error validating token: invalid subject (sub) claim"},
		"wrong key":                  {token: other.token(t, nil), want: "error validating token: error verifying token signature: no known key successfully validated the token signature"},
		"alg none":                   {token: unsigned(t), want: "error validating token: error verifying token signature: "},
		"symmetric alg":              {token: sign(t, jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("k", 32))}, nil), want: "error validating token: error verifying token signature: "},
		"garbage":                    {token: "abc", want: "error validating token: error verifying token signature: "},
		"tampered":                   {token: tamper(i.token(t, nil)), want: "error validating token: error verifying token signature: "},
		"no user claim":              {role: map[string]any{"user_claim": "mail"}, want: `claim "mail" not found in token`},
		"user claim is a number":     {role: map[string]any{"user_claim": "level"}, want: `claim "level" could not be converted to string`},
		"user claim by pointer":      {role: map[string]any{"user_claim": "/nested/user", "user_claim_json_pointer": true}},
		"pointer past the list":      {role: map[string]any{"user_claim": "/nested/list/2", "user_claim_json_pointer": true}, want: `claim "/nested/list/2" not found in token`},
		"pointer without the flag":   {role: map[string]any{"user_claim": "/nested/user"}, want: `claim "/nested/user" not found in token`},
		"no groups":                  {role: map[string]any{"groups_claim": "teams"}, want: `failed to fetch groups: "teams" claim not found in token`},
		"groups is a map":            {role: map[string]any{"groups_claim": "nested"}, want: `"nested" claim could not be converted to string list`},
		"one group":                  {role: map[string]any{"groups_claim": "sub"}},
		"mapped claim is a bool":     {role: map[string]any{"claim_mappings": "admin=a"}, want: `error converting claim 'admin' to string`},
		"bound claim missing":        {role: map[string]any{"bound_claims": map[string]any{"team": "x"}}, want: `error validating claims: claim "team" is missing`},
		"bound claim differs":        {role: map[string]any{"bound_claims": map[string]any{"sub": "bob"}}, want: `error validating claims: claim "sub" does not match any associated bound claim values`},
		"bound claim is a map":       {role: map[string]any{"bound_claims": map[string]any{"nested": "x"}}, want: "error validating claims: received claim is not a string, bool, int or list: "},
		"bound nested list":          {role: map[string]any{"bound_claims": map[string]any{"groups": []any{[]any{"dev"}}}}, want: `error validating claims: claim "groups" does not match any associated bound claim values`},
		"glob matches":               {role: map[string]any{"bound_claims_type": "glob", "bound_claims": map[string]any{"groups": "o*"}}},
		"glob does not match":        {role: map[string]any{"bound_claims_type": "glob", "bound_claims": map[string]any{"groups": "x*"}}, want: `error validating claims: claim "groups" does not match any associated bound claim values`},
		"no glob unless asked for":   {role: map[string]any{"bound_claims": map[string]any{"groups": "o*"}}, want: `error validating claims: claim "groups" does not match any associated bound claim values`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := ready(t, i, c.role)
			token := c.token
			if token == "" {
				token = i.token(t, c.claims)
			}
			login := map[string]any{"role": "demo", "jwt": token}
			if c.want == "" {
				m.must(t, logical.UpdateOperation, "login", login)
				return
			}
			if got := m.refused(t, logical.UpdateOperation, "login", login); !strings.HasPrefix(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// unsigned returns a token with the algorithm "none".
func unsigned(t *testing.T) string {
	t.Helper()
	body, err := json.Marshal(payload(nil))
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode(body) + "."
}

// tamper changes the payload and keeps the signature.
func tamper(token string) string {
	parts := strings.Split(token, ".")
	body, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(body), "alice", "mallo", 1)))
	return strings.Join(parts, ".")
}

func TestLoginInput(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, "k1")
	m := newMount(t)
	login := func(data map[string]any) string {
		t.Helper()
		return m.refused(t, logical.UpdateOperation, "login", data)
	}
	if got := login(map[string]any{"role": "demo", "jwt": "x"}); got != "could not load configuration" {
		t.Errorf("not configured: %q", got)
	}
	m.must(t, logical.UpdateOperation, "config", map[string]any{
		"jwt_validation_pubkeys": i.pem(t), "bound_issuer": "https://idp.example.test",
	})
	m.must(t, logical.CreateOperation, "role/demo", demoRole(nil))
	for want, data := range map[string]map[string]any{
		"missing role":                                       {"jwt": "x"},
		`role "nope" could not be found`:                     {"role": "nope", "jwt": "x"},
		"missing token":                                      {"role": "demo"},
		"Field validation failed: error ":                    {"role": "demo", "jwt": map[string]any{"a": 1}},
		"error validating token: invalid issuer (iss) claim": {"role": "demo", "jwt": i.token(t, map[string]any{"iss": "https://other"})},
	} {
		if got := login(data); !strings.HasPrefix(got, want) {
			t.Errorf("%v: got %q, want %q", data, got, want)
		}
	}
	m.must(t, logical.UpdateOperation, "config", map[string]any{"jwt_validation_pubkeys": i.pem(t), "default_role": "demo"})
	m.must(t, logical.UpdateOperation, "login", map[string]any{"jwt": i.token(t, map[string]any{"iss": "https://other"})})
}

func TestBoundCIDRs(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, "k1")
	login := map[string]any{"role": "demo", "jwt": i.token(t, nil)}
	ready(t, i, map[string]any{"token_bound_cidrs": "127.0.0.0/8"}).must(t, logical.UpdateOperation, "login", login)
	m := ready(t, i, map[string]any{"token_bound_cidrs": "10.0.0.0/8"})
	if _, err := m.do(t, logical.UpdateOperation, "login", login); !errors.Is(err, logical.ErrPermissionDenied) {
		t.Errorf("from outside: %v", err)
	}
}

func TestRenewal(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, "k1")
	m := ready(t, i, map[string]any{"token_policies": "a", "token_ttl": "10m"})
	auth := m.must(t, logical.UpdateOperation, "login", map[string]any{"role": "demo", "jwt": i.token(t, nil)}).Auth
	auth.TokenPolicies = []string{"a", "default"}
	renew := func() (*logical.Response, error) {
		return m.HandleRequest(t.Context(), &logical.Request{Operation: logical.RenewOperation, Path: "login", Auth: auth, Storage: m.storage})
	}

	m.must(t, logical.UpdateOperation, "role/demo", map[string]any{"token_ttl": "20m", "token_period": "30m"})
	resp, err := renew()
	if err != nil || resp.Auth.TTL != 20*time.Minute || resp.Auth.Period != 30*time.Minute {
		t.Errorf("with the role's new times: %+v, %v", resp, err)
	}
	m.must(t, logical.UpdateOperation, "role/demo", map[string]any{"token_policies": "a,b"})
	if _, err := renew(); err == nil || err.Error() != "policies have changed, not renewing" {
		t.Errorf("with other policies: %v", err)
	}
	m.must(t, logical.DeleteOperation, "role/demo", nil)
	if _, err := renew(); err == nil || err.Error() != "role demo does not exist during renewal" {
		t.Errorf("without the role: %v", err)
	}
}

func TestResolveRole(t *testing.T) {
	t.Parallel()
	m := ready(t, newIssuer(t, "k1"), nil)
	if got := m.must(t, logical.ResolveRoleOperation, "login", map[string]any{"role": "demo"}).Data["role"]; got != "demo" {
		t.Errorf("role %v", got)
	}
}
