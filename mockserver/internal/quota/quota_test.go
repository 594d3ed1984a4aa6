// SPDX-License-Identifier: MPL-2.0

package quota_test

import (
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/quota"
)

// TestTheMostSpecificRuleCounts is the order of queryQuota in OpenBao's vault/quotas.
func TestTheMostSpecificRuleCounts(t *testing.T) {
	t.Parallel()
	all := map[string]quota.Rule{
		"global":  {Inheritable: true},
		"mount":   {Mount: "kv/"},
		"glob":    {Mount: "kv/", Suffix: "a*"},
		"path":    {Mount: "kv/", Suffix: "a/b"},
		"role":    {Mount: "auth/jwt/", Role: "r"},
		"team":    {Namespace: "team/"},
		"private": {Namespace: "closed/"},
	}
	for name, c := range map[string]struct {
		request quota.Request
		want    string
	}{
		"elsewhere":            {quota.Request{Mount: "other/", Suffix: "x"}, "global"},
		"no mount":             {quota.Request{Suffix: "x"}, "global"},
		"the mount":            {quota.Request{Mount: "kv/", Suffix: "x"}, "mount"},
		"below a pattern":      {quota.Request{Mount: "kv/", Suffix: "a/c"}, "glob"},
		"the path":             {quota.Request{Mount: "kv/", Suffix: "a/b"}, "path"},
		"the role":             {quota.Request{Mount: "auth/jwt/", Suffix: "login", Role: "r"}, "role"},
		"another role":         {quota.Request{Mount: "auth/jwt/", Suffix: "login", Role: "s"}, "global"},
		"a namespace":          {quota.Request{Namespace: "team/", Mount: "kv/", Suffix: "x"}, "team"},
		"below one that keeps": {quota.Request{Namespace: "closed/in/", Mount: "kv/"}, "global"},
		"below none":           {quota.Request{Namespace: "new/", Mount: "kv/"}, "global"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, _ := manager(t)
			for id, r := range all {
				r.Name, r.Interval, r.Rate = id, time.Second, 1000
				if id == c.want {
					r.Rate = 1
				}
				if err := m.Put(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
			if first, second := m.Take(c.request), m.Take(c.request); !first.Allowed || second.Allowed {
				t.Errorf("first %+v, second %+v: not limited by %s", first, second, c.want)
			}
		})
	}
}

// TestIntervalsAndBlocks moves the clock.
func TestIntervalsAndBlocks(t *testing.T) {
	t.Parallel()
	m, pass := manager(t)
	put := func(r quota.Rule) {
		t.Helper()
		r.Name = "r"
		if err := m.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	want := func(client string, allowed bool) {
		t.Helper()
		if got := m.Take(quota.Request{Client: client}); got.Allowed != allowed {
			t.Errorf("%s: %+v", client, got)
		}
	}
	put(quota.Rule{Rate: 0.3, Interval: 10 * time.Second}) // at least one
	want("a", true)
	want("a", false)
	want("b", true)
	pass(10 * time.Second)
	want("a", true)
	put(quota.Rule{Rate: 1, Interval: time.Second, Block: time.Minute})
	want("a", true)
	want("a", false)
	pass(2 * time.Second)
	want("a", false)
	want("b", true)
	pass(time.Minute)
	want("a", true)
}

// TestExemptPaths: some are not limited, unless the configuration says otherwise.
func TestExemptPaths(t *testing.T) {
	t.Parallel()
	m, _ := manager(t)
	if err := m.Put(t.Context(), quota.Rule{Name: "r", Rate: 1, Interval: time.Hour}); err != nil {
		t.Fatal(err)
	}
	m.Take(quota.Request{Path: "kv/x"})
	if !m.Take(quota.Request{Path: "sys/health"}).Allowed {
		t.Error("sys/health is limited")
	}
	if err := m.SetConfig(t.Context(), quota.Config{ExemptPaths: []string{"kv/*"}}); err != nil {
		t.Fatal(err)
	}
	if m.Take(quota.Request{Path: "sys/health"}).Allowed || !m.Take(quota.Request{Path: "kv/x"}).Allowed {
		t.Error("the configuration is not looked at")
	}
}

// manager returns a manager with nothing in it, and what lets time pass.
func manager(t *testing.T) (*quota.Manager, func(time.Duration)) {
	t.Helper()
	now := time.Now()
	m, err := quota.NewManager(t.Context(), &logical.InmemStorage{}, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	return m, func(d time.Duration) { now = now.Add(d) }
}
