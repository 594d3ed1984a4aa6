// SPDX-License-Identifier: MPL-2.0

package core

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/failure"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

func TestPassedHeaders(t *testing.T) {
	t.Parallel()
	req := &logical.Request{
		Headers: map[string][]string{
			"X-Vault-Token": {"t"}, "X-Mine": {"1"}, "X-Other": {"2"}, "Authorization": {"Bearer t", "Basic x"},
		},
		ClientTokenSource: logical.ClientTokenFromAuthzHeader,
	}
	got := passedHeaders(req, []string{"x-mine", "X-VAULT-TOKEN", "authorization", "absent"})
	if !slices.Equal(slices.Sorted(maps.Keys(got)), []string{"Authorization", "X-Mine"}) || !slices.Equal(got["Authorization"], []string{"Basic x"}) {
		t.Errorf("passed %v", got)
	}
	if got := passedHeaders(req, nil); got != nil {
		t.Errorf("passed %v without being tuned to", got)
	}
	if len(req.Headers["Authorization"]) != 2 {
		t.Error("the request's own headers were changed")
	}
}

func TestTTLs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config       mounts.Config
		def, longest time.Duration
	}{
		"none":    {mounts.Config{}, SystemTTL, SystemTTL},
		"both":    {mounts.Config{DefaultLeaseTTL: time.Hour, MaxLeaseTTL: 2 * time.Hour}, time.Hour, 2 * time.Hour},
		"default": {mounts.Config{DefaultLeaseTTL: time.Hour}, time.Hour, SystemTTL},
		"max":     {mounts.Config{MaxLeaseTTL: time.Hour}, SystemTTL, time.Hour},
	} {
		if def, longest := TTLs(&mounts.Entry{Config: c.config}); def != c.def || longest != c.longest {
			t.Errorf("%s: %s and %s", name, def, longest)
		}
	}
}

func TestApplyTokenType(t *testing.T) {
	t.Parallel()
	const service, batch = logical.TokenTypeService, logical.TokenTypeBatch
	for _, c := range []struct{ tuned, answered, want logical.TokenType }{
		{logical.TokenTypeDefaultService, logical.TokenTypeDefault, service},
		{logical.TokenTypeDefaultService, batch, batch},
		{logical.TokenTypeDefaultBatch, logical.TokenTypeDefault, batch},
		{logical.TokenTypeDefaultBatch, service, service},
		{service, batch, service},
		{batch, service, batch},
	} {
		auth := &logical.Auth{TokenType: c.answered}
		applyTokenType(auth, &mounts.Entry{Auth: true, Type: "method", Config: mounts.Config{TokenType: c.tuned}})
		if auth.TokenType != c.want {
			t.Errorf("tuned to %s, answered %s: %s, want %s", c.tuned, c.answered, auth.TokenType, c.want)
		}
	}
	auth := &logical.Auth{}
	applyTokenType(auth, &mounts.Entry{Type: "engine"})
	applyTokenType(nil, &mounts.Entry{Auth: true})
	if auth.TokenType != service {
		t.Errorf("a secrets engine that logs in: %s, want service", auth.TokenType)
	}
}

func TestSaltedTokens(t *testing.T) {
	t.Parallel()
	one := saltToken("mount", "token")
	if one != saltToken("mount", "token") || one == saltToken("other", "token") || one == saltToken("mount", "other") || one == "token" {
		t.Error("a token is not told apart by mount and caller, and by nothing else")
	}
}

func TestCheckSpecialPaths(t *testing.T) {
	t.Parallel()
	fine := []string{"", "*", "a", "a/*", "a*", "+", "+/a", "a/+/b", "a/+/b*", "a/+"}
	if err := checkSpecialPaths(&logical.Paths{Unauthenticated: fine, Root: []string{"+*"}, SealWrapStorage: []string{"**"}}); err != nil {
		t.Error(err)
	}
	if err := checkSpecialPaths(nil); err != nil {
		t.Error(err)
	}
	for _, path := range []string{"**", "a/+*", "*/a", "a+", "+a", "a/b+/c"} {
		if err := checkSpecialPaths(&logical.Paths{Unauthenticated: append(fine, path)}); err == nil {
			t.Errorf("%q is taken", path)
		}
	}
}

func TestLatestFailuresAreKept(t *testing.T) {
	t.Parallel()
	f := &failures{logger: hclog.NewNullLogger()}
	for i := range maxFailures + 3 {
		f.add(failure.Failure{PID: i, Exit: &failure.Exit{}})
	}
	if len(f.latest) != maxFailures || f.latest[0].PID != 3 || f.latest[maxFailures-1].PID != maxFailures+2 {
		t.Errorf("%d are kept, from %d", len(f.latest), f.latest[0].PID)
	}
}
