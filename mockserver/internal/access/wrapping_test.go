// SPDX-License-Identifier: MPL-2.0

package access_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// Recorded in req-wrap.
func TestWrapping(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	info := s.must(request{op: read, path: "p/kv/a", token: "root", wrap: time.Minute}).WrapInfo
	if info.TTL != time.Minute || info.CreationPath != "p/kv/a" {
		t.Errorf("wrap info = %+v", info)
	}
	s.refused(request{path: "sys/wrapping/lookup", data: map[string]any{"token": "x"}}, 400, noWrapped)
	lookup := s.must(request{path: "sys/wrapping/lookup", data: map[string]any{"token": info.Token}}).Data
	if lookup["creation_path"] != "p/kv/a" || lookup["creation_ttl"] != 60.0 {
		t.Errorf("lookup = %v", lookup)
	}
	check := func(a answer) {
		t.Helper()
		var body map[string]any
		if err := json.Unmarshal(a.Data[logical.HTTPRawBody].([]byte), &body); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(body["data"], map[string]any{"value": "1"}) || body["auth"] != nil || body["mount_type"] != nil {
			t.Errorf("unwrapped = %v", body)
		}
	}
	check(s.must(request{path: "sys/wrapping/unwrap", token: info.Token}))
	s.refused(request{path: "sys/wrapping/unwrap", token: info.Token}, 400, noWrapped)

	// By somebody else, after it was wrapped again.
	info = s.must(request{op: read, path: "p/kv/a", token: "root", wrap: time.Minute}).WrapInfo
	again := s.must(request{path: "sys/wrapping/rewrap", token: "root", data: map[string]any{"token": info.Token}}).WrapInfo
	if again.TTL != time.Minute || again.CreationPath != "p/kv/a" {
		t.Errorf("rewrapped = %+v", again)
	}
	s.refused(request{path: "sys/wrapping/unwrap", token: info.Token}, 400, noWrapped)
	check(s.must(request{path: "sys/wrapping/unwrap", token: "root", data: map[string]any{"token": again.Token}}))
	s.refused(request{path: "sys/wrapping/unwrap", token: "root", data: map[string]any{"token": again.Token}}, 400, noWrapped)

	// A caller that names its own token, which is in its last use, has nothing to use up.
	info = s.must(request{op: read, path: "p/kv/a", token: "root", wrap: time.Minute}).WrapInfo
	s.refused(request{path: "sys/wrapping/unwrap", token: info.Token, data: map[string]any{"token": info.Token}}, 500,
		"1 error occurred:\n\t* error decrementing wrapping token's use-count: invalid token entry provided for use count decrementing\n\n")

	s.refused(request{path: "sys/wrapping/unwrap", token: "root"}, 400, noWrapped)
	s.refused(request{path: "sys/wrapping/wrap", token: "root"}, 400, "endpoint requires response wrapping to be used")
	s.refused(request{path: "sys/wrapping/unwrap"}, 403, "error validating wrapping token: token is empty")
}

func TestWrappedAnswersEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startVault(t)
		defer s.stop()
		info := s.must(request{path: "sys/wrapping/wrap", token: "root", data: map[string]any{"a": "b"}, wrap: 30 * time.Second}).WrapInfo
		if info.CreationPath != "sys/wrapping/wrap" {
			t.Errorf("creation path %q", info.CreationPath)
		}
		time.Sleep(31 * time.Second)
		synctest.Wait()
		s.refused(request{path: "sys/wrapping/unwrap", token: info.Token}, 400, noWrapped)
		for _, key := range s.keys() {
			if strings.HasPrefix(key, "cubbyhole/") {
				t.Errorf("%s stays in storage", key)
			}
		}
	})
}

// A plugin from before 2022 unwraps its certificate with the JWT as its token.
func TestCertificateInAJWT(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	token, err := s.authority.WrapCertificate(context.Background(), map[string]any{"ServerCert": "pem"}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	if claims["addr"] != "http://127.0.0.1:1" || claims["type"] != "wrapping" {
		t.Errorf("claims = %v", claims)
	}
	body := s.must(request{path: "sys/wrapping/unwrap", token: token}).Data[logical.HTTPRawBody].([]byte)
	if !strings.Contains(string(body), `"ServerCert":"pem"`) {
		t.Errorf("unwrapped %s", body)
	}
	s.refused(request{path: "sys/wrapping/unwrap", token: token}, 400, noWrapped)
	if a := s.do(request{path: "sys/wrapping/unwrap", token: token[:len(token)-4] + "AAAA"}); a.status != 403 {
		t.Errorf("forged: %d %s", a.status, a.err)
	}
}
