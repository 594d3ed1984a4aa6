// SPDX-License-Identifier: MPL-2.0

package sys_test

import (
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

func TestKeyring(t *testing.T) {
	t.Parallel()
	s := newServer(t, "openbao-2.6")
	if got := s.must(read, "key-status", nil).Data; got["term"] != 1 || got["install_time"] == "" {
		t.Errorf("%v", got)
	}
	s.must(update, "rotate", nil)
	s.must(update, "rotate/keyring", nil)
	if got := s.must(read, "key-status", nil).Data; got["term"] != 3 {
		t.Errorf("after two rotations: %v", got)
	}
	s.refused(update, "rotate/config", data{"interval": "23h"}, 400, "interval must be greater or equal to 24h0m0s")
	s.refused(update, "rotate/config", data{"max_operations": 1}, 400, "max_operations must be in the range [1000000,3865470566]")
	s.must(update, "rotate/config", data{"interval": "24h", "enabled": false, "max_operations": 2_000_000})
	if got := s.must(read, "rotate/keyring/config", nil).Data; got["interval"] != "24h0m0s" || got["enabled"] != false || got["max_operations"] != int64(2_000_000) {
		t.Errorf("%v", got)
	}
	s.must(update, "rotate/config", data{"interval": 0})
	if got := s.must(read, "rotate/config", nil).Data; got["interval"] != 0 {
		t.Errorf("%v", got)
	}
	newServer(t, "openbao-2.3").refused(update, "rotate/keyring", nil, 404, "unsupported path")
}

func TestAudit(t *testing.T) {
	t.Parallel()
	s := newServer(t, "openbao-2.6")
	if got := s.must(read, "audit", nil); got == nil || len(got.Data) != 0 {
		t.Errorf("%v", got)
	}
	s.refused(update, "audit/file", data{"type": "file"}, 400, "cannot enable audit device via API")
	s.must(logical.DeleteOperation, "audit/file", nil)
	s.refused(update, "audit-hash/file", nil, 400, `the "input" parameter is empty`)
	s.refused(update, "audit-hash/file", data{"input": "x"}, 400, `unknown audit backend "file/"`)
	newServer(t, "vault-1.14").refused(update, "audit/file", data{"type": "file"}, 501, "is not emulated")
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	const rule = "quotas/rate-limit/q"
	s := newServer(t, "openbao-2.6")
	for _, c := range []struct {
		body data
		text string
	}{
		{data{"rate": 0}, "'rate' is invalid"},
		{data{"rate": 1, "block_interval": "-1s"}, "cannot provide negative value '-1'"},
		{data{"rate": 1, "path": "none"}, `invalid mount path "none/"`},
		{data{"rate": 1, "path": "cubbyhole/x", "role": "r"}, "Quotas cannot contain both a path suffix and a role"},
		{data{"rate": 1, "path": "cubbyhole", "role": "r"}, `Mount path "cubbyhole/" is not a valid auth method`},
		{data{"rate": 1, "role": "r"}, `Mount path "" is not a valid auth method`},
		{data{"rate": 1, "path": "auth/token", "role": "r"}, `Mount path "auth/token/" does not support use with role-based quotas`},
	} {
		s.refused(update, rule, c.body, 400, c.text)
	}
	s.must(update, rule, data{"rate": 2.5, "path": "/cubbyhole/a/b"})
	got := s.must(read, rule, nil).Data
	if got["path"] != "cubbyhole/a/b" || got["rate"] != 2.5 || got["interval"] != 1 || got["inheritable"] != false || got["type"] != "rate-limit" {
		t.Errorf("%v", got)
	}
	s.refused(update, rule+"2", data{"rate": 1, "path": "cubbyhole/a/b/"}, 400, `quota rule with similar properties exists under the name "q"`)
	s.must(update, rule, data{"rate": 1})
	if got := s.must(read, rule, nil).Data; got["inheritable"] != true || got["path"] != "" {
		t.Errorf("of the whole server: %v", got)
	}
	s.must(logical.DeleteOperation, rule, nil)
	s.refused(read, rule, nil, 404, "")
	old := newServer(t, "openbao-2.2")
	old.must(update, rule, data{"rate": 1})
	if got, there := old.must(read, rule, nil).Data["inheritable"]; there {
		t.Errorf("openbao-2.2 has inheritable: %v", got)
	}
}
