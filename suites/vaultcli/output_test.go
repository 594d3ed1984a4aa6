// SPDX-License-Identifier: MPL-2.0

package vaultcli_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestOutput is about answers in all formats. Its expectations were compared
// with what OpenBao 2.5.5's command line prints, but for what newer Vault adds.
func TestOutput(t *testing.T) {
	t.Parallel()
	const (
		info = `{"request_id":"r","data":{"args":["-x"],"builtin":false,"command":"c","name":"pp","sha256":"ab","version":"v1.0.0"}}`
		auth = `{"request_id":"r","auth":{"client_token":"hvs.t","accessor":"acc","policies":["default","p"],"token_policies":["default"],` +
			`"identity_policies":["p"],"metadata":{"b":"2","a":"1"},"lease_duration":3600,"renewable":true}}`
		lease = `{"request_id":"r","lease_id":"a/b/1","lease_duration":60,"renewable":true,"data":{"id":"1","ttl":90}}`
		wrap  = `{"request_id":"r","wrap_info":{"token":"hvs.w","accessor":"acc","ttl":60,"creation_time":"2026-01-02T03:04:05.6Z",` +
			`"creation_path":"a","wrapped_accessor":"wa"}}`
		keys = `{"request_id":"r","data":{"keys":["b","a/"],"key_info":{"b":{"ttl":3600,"name":"x"},"a/":{"name":"y"}}}}`
	)
	s := serve(t, map[string]answer{
		"GET /v1/sys/plugins/catalog/secret/pp": ok(info),
		"PUT /v1/auth/jwt/login":                ok(auth),
		"GET /v1/lease":                         ok(lease),
		"GET /v1/wrapped":                       ok(wrap),
		"GET /v1/keys":                          ok(keys),
		"GET /v1/nokeys":                        ok(`{"request_id":"r","data":{"x":1}}`),
		"GET /v1/nothing":                       failed(http.StatusNotFound),
		"GET /v1/data":                          ok(`{"request_id":"r","lease_duration":2764800,"data":{"n":12345678901,"ttl":3600,"e":"","l":[1,"a"],"m":{"k":null},"t":"x|y"}}`),
		"GET /v1/warned":                        ok(`{"request_id":"r","data":{"ok":true},"warnings":["a warning that is longer than one line of the terminal has room for, so it is broken"]}`),
		"PUT /v1/sys/plugins/catalog/secret/pp": ok(`{"warnings":["one","Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [type]"]}`),
		"DELETE /v1/data":                       noContent(),
		"PUT /v1/sys/wrapping/unwrap":           ok(keys),
	})
	for name, test := range map[string]struct {
		args      []string
		variables []string
		want      result
	}{
		"info": {
			args: []string{"plugin", "info", "-version=v1.0.0", "secret", "pp"},
			want: result{0, "Key                   Value\n---                   -----\nargs                  [-x]\nbuiltin               false\n" +
				"command               c\ndeprecation_status    n/a\nname                  pp\noci_image             n/a\n" +
				"runtime               n/a\nsha256                ab\nversion               v1.0.0\n", ""},
		},
		"login": {
			args: []string{"write", "auth/jwt/login", "role=r", "jwt=j"},
			want: result{0, "Key                  Value\n---                  -----\ntoken                hvs.t\ntoken_accessor       acc\n" +
				"token_duration       1h\ntoken_renewable      true\ntoken_policies       [\"default\"]\nidentity_policies    [\"p\"]\n" +
				"policies             [\"default\" \"p\"]\ntoken_meta_a         1\ntoken_meta_b         2\n", ""},
		},
		"token of a login": {args: []string{"write", "-field=token", "auth/jwt/login", "role=r"}, want: result{0, "hvs.t", ""}},
		"policies of a login as json": {
			args: []string{"write", "-field=policies", "-format=json", "auth/jwt/login", "role=r"},
			want: result{0, "[\n  \"default\",\n  \"p\"\n]", ""},
		},
		"lease": {
			args: []string{"read", "lease"},
			want: result{0, "Key                Value\n---                -----\nlease_id           a/b/1\nlease_duration     1m\n" +
				"lease_renewable    true\nid                 1\nttl                1m30s\n", ""},
		},
		"data": {
			args: []string{"read", "data"},
			want: result{0, "Key                 Value\n---                 -----\nrefresh_interval    768h\ne                   n/a\n" +
				"l                   [1 a]\nm                   map[k:<nil>]\nn                   12345678901\nt                   x|y\n" +
				"ttl                 1h\n", ""},
		},
		"all data as a field": {
			args: []string{"read", "-field=data", "-format=json", "nokeys"}, want: result{0, "{\n  \"x\": 1\n}", ""},
		},
		"warned": {
			args: []string{"read", "warned"},
			want: result{0, "Key    Value\n---    -----\nok     true\n", "WARNING! The following warnings were returned from Vault:\n\n" +
				"  * a warning that is longer than one line of the terminal has room for, so it\n  is broken\n\n"},
		},
		"register with warnings": {
			args: []string{"plugin", "register", "-sha256=ab", "secret", "pp"},
			want: result{0, "Success! Registered plugin: pp\n", "Warnings while registering plugin pp: one\n\n"},
		},
		"read of nothing": {args: []string{"read", "nothing/"}, want: result{2, "", "No value found at nothing\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := vault(t, s.URL, test.variables, test.args...); got != test.want {
				t.Errorf("got  %#v\nwant %#v", got, test.want)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	const seal = `{"type":"shamir","initialized":true,"sealed":SEALED,"t":1,"n":1,"progress":0,"nonce":"","version":"2.0.0",` +
		`"build_date":"","storage_type":"inmem","cluster_name":"c","cluster_id":"i"}`
	head := "Key             Value\n---             -----\nSeal Type       shamir\nInitialized     true\n"
	for name, test := range map[string]struct {
		sealed string
		leader answer
		want   result
	}{
		"unsealed": {
			"false", ok(`{"ha_enabled":false}`),
			result{0, head + "Sealed          false\nTotal Shares    1\nThreshold       1\nVersion         2.0.0\nBuild Date      n/a\n" +
				"Storage Type    inmem\nCluster Name    c\nCluster ID      i\nHA Enabled      false\n", ""},
		},
		"active": {
			"false", ok(`{"ha_enabled":true,"is_self":true,"leader_cluster_address":"https://b","active_time":"2026-01-02T03:04:05Z","raft_applied_index":7}`),
			result{0, "Key                   Value\n---                   -----\n" +
				"Seal Type             shamir\nInitialized           true\nSealed                false\nTotal Shares          1\n" +
				"Threshold             1\nVersion               2.0.0\nBuild Date            n/a\nStorage Type          inmem\n" +
				"Cluster Name          c\nCluster ID            i\nHA Enabled            true\nHA Cluster            https://b\n" +
				"HA Mode               active\nActive Since          2026-01-02T03:04:05Z\nRaft Applied Index    7\n", ""},
		},
		"sealed": {
			"true", failed(http.StatusServiceUnavailable, "Vault is sealed"),
			result{2, "Key                Value\n---                -----\nSeal Type          shamir\nInitialized        true\n" +
				"Sealed             true\nTotal Shares       1\nThreshold          1\nUnseal Progress    0/1\nUnseal Nonce       n/a\n" +
				"Version            2.0.0\nBuild Date         n/a\nStorage Type       inmem\nCluster Name       c\n" +
				"Cluster ID         i\nHA Enabled         true\n", ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, map[string]answer{
				"GET /v1/sys/seal-status": ok(strings.Replace(seal, "SEALED", test.sealed, 1)),
				"GET /v1/sys/leader":      test.leader,
			})
			if got := vault(t, s.URL, nil, "status"); got != test.want {
				t.Errorf("got  %#v\nwant %#v", got, test.want)
			}
		})
	}
}
