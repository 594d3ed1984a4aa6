// SPDX-License-Identifier: MPL-2.0

package vaultcli_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestAccess is about tokens, policies, leases and the commands that ask for
// help or change a part: which request is made, and what is said of its answer.
func TestAccess(t *testing.T) {
	t.Parallel()
	const table = "Key    Value\n---    -----\n"
	for name, test := range map[string]struct {
		args        []string
		stdin       string
		asked, sent string
		answer      answer
		want        result
	}{
		"lookup of another": {
			args: []string{"token", "lookup", "t"}, asked: "POST /v1/auth/token/lookup", sent: `{"token":"t"}`,
			answer: ok(`{"data":{"id":"t"}}`), want: result{0, table + "id     t\n", ""},
		},
		"lookup by accessor": {
			args: []string{"token", "lookup", "-accessor", "a"}, asked: "POST /v1/auth/token/lookup-accessor", sent: `{"accessor":"a"}`,
			answer: ok(`{"data":{"id":""}}`), want: result{0, table + "id     n/a\n", ""},
		},
		"renewal of oneself": {
			args: []string{"token", "renew", "-i=1h"}, asked: "PUT /v1/auth/token/renew-self", sent: `{"increment":3600}`,
			answer: failed(http.StatusBadRequest, "lease is not renewable"),
			want:   result{2, "", "Error renewing token: Error making API request.\n\nURL: PUT ADDR/v1/auth/token/renew-self\nCode: 400. Errors:\n\n* lease is not renewable\n"},
		},
		"renewal of another": {
			args: []string{"token", "renew", "t"}, asked: "PUT /v1/auth/token/renew", sent: `{"increment":0,"token":"t"}`,
			answer: ok(`{"data":{"k":"v"}}`), want: result{0, table + "k      v\n", ""},
		},
		"revocation": {
			args: []string{"token", "revoke", "t"}, asked: "PUT /v1/auth/token/revoke", sent: `{"token":"t"}`,
			answer: noContent(), want: result{0, "Success! Revoked token (if it existed)\n", ""},
		},
		"revocation of oneself": {
			args: []string{"token", "revoke", "-self"}, asked: "PUT /v1/auth/token/revoke-self",
			answer: noContent(), want: result{0, "Success! Revoked token (if it existed)\n", ""},
		},
		"revocation of one alone": {
			args: []string{"token", "revoke", "-mode=orphan", "t"}, asked: "PUT /v1/auth/token/revoke-orphan", sent: `{"token":"t"}`,
			answer: noContent(), want: result{0, "Success! Revoked token (if it existed)\n", ""},
		},
		"revocation by accessor": {
			args: []string{"token", "revoke", "-accessor", "a"}, asked: "POST /v1/auth/token/revoke-accessor", sent: `{"accessor":"a"}`,
			answer: failed(http.StatusForbidden, "permission denied"),
			want:   result{2, "", "Error revoking token: Error making API request.\n\nURL: POST ADDR/v1/auth/token/revoke-accessor\nCode: 403. Errors:\n\n* permission denied\n"},
		},
		"capabilities of another": {
			args: []string{"token", "capabilities", "t", "a/b"}, asked: "POST /v1/sys/capabilities", sent: `{"token":"t","path":"a/b"}`,
			answer: ok(`{"data":{"a/b":["update","read"],"capabilities":["update","read"]}}`), want: result{0, "read, update\n", ""},
		},
		"policy": {
			args: []string{"policy", "read", "P"}, asked: "GET /v1/sys/policies/acl/p",
			answer: ok(`{"data":{"name":"p","policy":"\npath \"a\" {}\n"}}`), want: result{0, "path \"a\" {}\n", ""},
		},
		"missing policy": {
			args: []string{"policy", "read", "p"}, asked: "GET /v1/sys/policies/acl/p",
			answer: failed(http.StatusNotFound), want: result{2, "", "No policy named: p\n"},
		},
		"policy from stdin": {
			args: []string{"policy", "write", "My", "-"}, stdin: "path \"a\" {}",
			asked: "PUT /v1/sys/policies/acl/my", sent: `{"policy":"path \"a\" {}"}`,
			answer: noContent(), want: result{0, "Success! Uploaded policy: my\n", "Policy name was converted from \"My\" to \"my\"\n"},
		},
		"policy removed": {
			args: []string{"policy", "delete", "p"}, asked: "DELETE /v1/sys/policies/acl/p",
			answer: noContent(), want: result{0, "Success! Deleted policy: p\n", ""},
		},
		"lease": {
			args: []string{"lease", "lookup", "a/1"}, asked: "PUT /v1/sys/leases/lookup", sent: `{"lease_id":"a/1"}`,
			answer: ok(`{"data":{"ttl":60}}`), want: result{0, table + "ttl    1m\n", ""},
		},
		"lease renewed": {
			args: []string{"lease", "renew", "-increment=120", "a/1"}, asked: "PUT /v1/sys/leases/renew", sent: `{"increment":120,"lease_id":"a/1"}`,
			answer: ok(`{"lease_id":"a/1","lease_duration":120,"renewable":true}`),
			want:   result{0, "Key                Value\n---                -----\nlease_id           a/1\nlease_duration     2m\nlease_renewable    true\n", ""},
		},
		"leases revoked by force": {
			args: []string{"lease", "revoke", "-f", "-prefix", "a"}, asked: "PUT /v1/sys/leases/revoke-force/a",
			answer: noContent(), want: result{0, "Success! Force revoked any leases with prefix: a\n",
				"Warning! Force-removing leases can cause Vault to become out of sync with\nsecret engines!\n"},
		},
		"lease revoked": {
			args: []string{"lease", "revoke", "a/1"}, asked: "PUT /v1/sys/leases/revoke/a/1", sent: `{"sync":false}`,
			answer: noContent(), want: result{0, "All revocation operations queued successfully!\n", ""},
		},
		"patch": {
			args: []string{"patch", "a", "k=v"}, asked: "PATCH /v1/a", sent: `{"k":"v"}`,
			answer: noContent(), want: result{0, "Success! Data written to: a\n", ""},
		},
		"help of a path": {
			args: []string{"path-help", "a/"}, asked: "GET /v1/a?help=1",
			answer: ok(`{"help":"## DESCRIPTION"}`), want: result{0, "## DESCRIPTION\n", ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, _, _ := strings.Cut(test.asked, "?")
			s := serve(t, map[string]answer{path: test.answer})
			test.want.Stderr = strings.ReplaceAll(test.want.Stderr, "ADDR", s.URL)
			if got := vault(t, s.URL, test.stdin, nil, test.args...); got != test.want {
				t.Errorf("got  %#v\nwant %#v", got, test.want)
			}
			asked := s.asked()
			if len(asked) != 1 || asked[0].Line != test.asked {
				t.Fatalf("asked %+v, want %s", asked, test.asked)
			}
			if !sameJSON(t, asked[0].Body, test.sent) {
				t.Errorf("sent %s, want %s", asked[0].Body, test.sent)
			}
		})
	}
}
