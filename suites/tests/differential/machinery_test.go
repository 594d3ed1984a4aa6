// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/suites/replay"
	"github.com/plugproof/plugproof/suites/targets"
)

// pairOfMocks returns a pair of two dialects, of which the first stands for the real server.
func pairOfMocks(t *testing.T, server, mock string) pair {
	t.Helper()
	runner := func(name string) *replay.Runner {
		target, err := targets.Parse("mock:"+name, targets.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := target.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
		return &replay.Runner{Target: target}
	}
	return pair{real: runner(server), mock: runner(mock)}
}

// TestShrinks hides a difference between two dialects among requests that both answer
// alike: when one field of a tuning is refused, OpenBao 2.5 keeps the fields before it.
func TestShrinks(t *testing.T) {
	t.Parallel()
	p := pairOfMocks(t, "openbao-2.5", "openbao-2.6")
	noise := func() []replay.Exchange {
		return []replay.Exchange{
			{Step: replay.Step{HTTP: "GET sys/mounts", Token: "none"}},
			{Step: replay.Step{HTTP: "PUT sys/policies/acl/p", Body: raw(map[string]any{"policy": `path "*" { capabilities = ["read"] }`})}},
			{Step: replay.Step{HTTP: "POST auth/token/create", Body: raw(map[string]any{"policies": []string{"p"}}), Save: map[string]string{"t": "auth.client_token"}}},
			{Step: replay.Step{HTTP: "GET sys/mounts/secret", Token: "$t", Wrap: "60"}},
		}
	}
	sequence := &replay.Case{Area: "random", Steps: noise()}
	sequence.Steps = append(sequence.Steps, replay.Exchange{Step: replay.Step{HTTP: "POST sys/mounts/k", Body: raw(map[string]any{"type": "kv", "description": "d"})}})
	sequence.Steps = append(sequence.Steps, noise()...)
	sequence.Steps = append(sequence.Steps, replay.Exchange{Step: replay.Step{HTTP: "POST sys/mounts/k/tune", Body: raw(map[string]any{"default_lease_ttl": "1h", "listing_visibility": "x", "description": "e"})}})
	sequence.Steps = append(sequence.Steps, noise()...)
	sequence.Steps = append(sequence.Steps, replay.Exchange{Step: replay.Step{HTTP: "GET sys/mounts/k/tune", Token: "$t", Headers: map[string]string{"X-A": "b"}}})
	sequence.Steps = append(sequence.Steps, noise()...)

	found, err := p.compare(t.Context(), sequence)
	if err != nil || len(found) != 1 {
		t.Fatalf("found %d differences, %v; want 1: %v", len(found), err, found)
	}
	got := p.shrink(t.Context(), found[0], attempts)
	var have []string
	for _, e := range got.sequence.Steps {
		have = append(have, describe(e.Step))
	}
	// Either of the two fields shows it.
	want := [][]string{
		{`POST sys/mounts/k {"type":"kv"}`, `POST sys/mounts/k/tune {"default_lease_ttl":"1h","listing_visibility":"x"}`, "GET sys/mounts/k/tune"},
		{`POST sys/mounts/k {"type":"kv"}`, `POST sys/mounts/k/tune {"description":"e","listing_visibility":"x"}`, "GET sys/mounts/k/tune"},
	}
	if !reflect.DeepEqual(have, want[0]) && !reflect.DeepEqual(have, want[1]) {
		t.Errorf("shrunk to\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(want[0], "\n"))
	}
	if len(got.differences) == 0 {
		t.Error("the shrunk sequence is without its difference")
	}
}

// TestShrinkKeepsWhatItCannotDrop gives up after its attempts with what it has.
func TestShrinkKeepsWhatItCannotDrop(t *testing.T) {
	t.Parallel()
	sequence := &replay.Case{}
	for _, name := range []string{"a", "b", "c", "d"} {
		sequence.Steps = append(sequence.Steps, replay.Exchange{Step: replay.Step{HTTP: "GET " + name}})
	}
	whole := finding{sequence: sequence, differences: []replay.Difference{{Path: "status", Want: "200", Have: "404"}}}
	tried := 0
	s := &shrinker{best: whole, attempts: 7, compare: func(*replay.Case) []finding { tried++; return nil }}
	s.shrink()
	if len(s.best.sequence.Steps) != 4 || tried == 0 || tried > 7 {
		t.Errorf("%d steps after %d attempts, want 4 after at most 7", len(s.best.sequence.Steps), tried)
	}
}

// TestGeneratorRepeats makes a sequence twice from its seed.
func TestGeneratorRepeats(t *testing.T) {
	t.Parallel()
	for seed := range 20 {
		first, second := newGenerator(seed, true).sequence(steplimit), newGenerator(seed, true).sequence(steplimit)
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("seed %d makes different sequences", seed)
		}
	}
}

// TestGeneratorReaches looks for every area in the sequences of one run.
func TestGeneratorReaches(t *testing.T) {
	t.Parallel()
	missing := map[string]bool{}
	for _, area := range []string{
		"sys/plugins/catalog", "sys/plugins/reload", "sys/mounts", "sys/auth", "/tune", "sys/remount", "sys/policies/acl", "sys/policies/password", "auth/token/create", "auth/token/roles",
		"auth/token/revoke", "auth/token/lookup-accessor", "sys/leases/renew", "sys/leases/revoke", "sys/wrapping/unwrap", "sys/wrapping/rewrap", "sys/capabilities", "m/kv", "auth/pa/login", "sys/internal/ui", "sys/namespaces", "?list=", " /v1/",
		"secret/metadata", "secret/undelete", "secret/subkeys", "k1/", "db/config", "db/creds", "db/rotate-root", "?help=1",
		"identity/entity", "identity/entity-alias", "identity/group", "identity/group-alias", "identity/lookup", "identity/entity/merge", "cubbyhole/", "sys/tools", "api-lock/unlock", "limit=", "sys/health?",
	} {
		missing[area] = true
	}
	for seed := range 2 * sequences {
		for _, e := range newGenerator(seed, true).sequence(steplimit).Steps {
			for area := range missing {
				if strings.Contains(e.Step.HTTP, area) {
					delete(missing, area)
				}
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("%d sequences have no request to %v", 2*sequences, sortedKeys(missing))
	}
}

// TestOtherField tells two wrong fields of a request from two texts about one field.
func TestOtherField(t *testing.T) {
	t.Parallel()
	text := func(field, rest string) string {
		return `"Field validation failed: error converting input for field \"` + field + `\": ` + rest + `"`
	}
	for _, test := range []struct {
		want, have string
		known      bool
	}{
		{text("local", "x"), text("orphan", "x"), true},
		{text("local", "x"), text("local", "y"), false},
		{text("local", "x"), `"permission denied"`, false},
	} {
		if got := otherField(replay.Difference{Path: "body.errors[0]", Want: test.want, Have: test.have}); got != test.known {
			t.Errorf("%s and %s are known: %v, want %v", test.want, test.have, got, test.known)
		}
	}
}
