// SPDX-License-Identifier: MPL-2.0

package dialect

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"
)

// TestDialectsAreInOrder: unique names, Vault first, oldest first, and each is
// derived from the one before it, OpenBao's first from Vault 1.14. Enterprise comes last.
func TestDialectsAreInOrder(t *testing.T) {
	t.Parallel()
	var before *Dialect
	seen := map[string]bool{}
	for _, d := range All() {
		if seen[d.Name] {
			t.Errorf("there are two dialects %s", d.Name)
		}
		seen[d.Name] = true
		if stem, ok := strings.CutSuffix(d.Name, enterpriseSuffix); ok {
			if d.Product != Vault || d.Base != stem {
				t.Errorf("%s is derived from %q", d.Name, d.Base)
			}
			continue
		}
		product, line, _ := strings.Cut(d.Name, "-")
		if Product(product) != d.Product || !strings.HasPrefix(d.Version, line+".") {
			t.Errorf("%s is %s %s", d.Name, d.Product, d.Version)
		}
		base := ""
		switch {
		case before == nil:
		case before.Product == d.Product:
			base = before.Name
			if !version.Must(version.NewVersion(before.Version)).LessThan(version.Must(version.NewVersion(d.Version))) {
				t.Errorf("%s stands after %s", d.Name, before.Name)
			}
		case before.Product == Vault:
			base = "vault-1.14"
		default:
			t.Errorf("%s stands after %s", d.Name, before.Name)
		}
		if d.Base != base {
			t.Errorf("%s is derived from %q, want %q", d.Name, d.Base, base)
		}
		before = d
	}
	if len(seen) < 17 {
		t.Errorf("%d dialects", len(seen))
	}
}

// TestNewest: it is the last Vault whose sources were read, and every dialect is
// found by its own name.
func TestNewest(t *testing.T) {
	t.Parallel()
	newest := ""
	var names []string
	for _, d := range All() {
		names = append(names, d.Name)
		if d.Product == Vault && !d.Provisional {
			newest = d.Name
		}
		if found, err := Lookup(d.Name); err != nil || found.Name != d.Name {
			t.Errorf("Lookup(%q): %v, %v", d.Name, found, err)
		}
	}
	if got := Newest().Name; got != newest {
		t.Errorf("the newest is %s, not %s", got, newest)
	}
	if !slices.Equal(names, Names()) {
		t.Errorf("the names %v are not those of the dialects, %v", Names(), names)
	}
}

// TestChangesAreComplete: each has its source and changes exactly one field, and
// nothing differs from the base without a change that says so.
func TestChangesAreComplete(t *testing.T) {
	t.Parallel()
	for _, d := range All() {
		if d.Ground == "" || d.DisplayName == "" {
			t.Errorf("%s does not say what it rests on", d.Name)
		}
		for _, g := range d.Gaps {
			if g.What == "" || g.Source == "" || g.Why == "" || !slices.Contains(Names(), g.Since) {
				t.Errorf("%s: gap %+v is not complete", d.Name, g)
			}
		}
		if d.Base == "" {
			continue
		}
		base, err := Lookup(d.Base)
		if err != nil {
			t.Fatal(err)
		}
		base.report(d.Version + d.VersionSuffix) // its builtins have the server's version
		var changed []string
		for _, c := range d.Changes {
			changed = append(changed, c.Field)
			if c.What == "" || len(c.Source) < 4 || c.Evidence != Established && c.Evidence != Inferred {
				t.Errorf("%s: change %+v is not complete", d.Name, c)
			}
			if c.Field == "" || strings.Contains(c.Field, ",") {
				t.Errorf("%s: %q changes not one field but %q", d.Name, c.What, c.Field)
			}
		}
		for _, field := range differing(fields(), base, d) {
			if !slices.Contains(changed, field) {
				t.Errorf("%s differs from %s in %s without a change that says so", d.Name, d.Base, field)
			}
		}
	}
}

// TestBuiltins: the lists are sorted, unique, and of known types, states and
// versions.
func TestBuiltins(t *testing.T) {
	t.Parallel()
	for _, d := range All() {
		var names []string
		for _, b := range d.Builtins {
			names = append(names, b.Type+"/"+b.Name)
			if !slices.Contains([]string{"auth", "database", "secret"}, b.Type) ||
				!slices.Contains([]Status{Supported, Deprecated, PendingRemoval, Removed}, b.Status) {
				t.Errorf("%s: %+v", d.Name, b)
			}
			own := b.Version == "v"+d.Version+"+"+d.BuiltinSuffix
			if _, err := version.NewSemver(b.Version); err != nil || b.tree != own {
				t.Errorf("%s: %s %s has the version %s: %v", d.Name, b.Type, b.Name, b.Version, err)
			}
		}
		if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Errorf("%s: builtins are not sorted or not unique: %v", d.Name, names)
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ version, suffix, token string }{
		"openbao-2.5":             {"2.5.5", "", "v2.5.5+builtin.bao"},
		"openbao-2.5@2.0.0-HEAD":  {"2.0.0", "-HEAD", "v2.0.0+builtin.bao"},
		"vault-1.16@1.16.7":       {"1.16.7", "", "v1.16.7+builtin.vault"},
		"vault-1.17@1.17.0-rc1":   {"1.17.0-rc1", "", "v1.17.0-rc1+builtin.vault"},
		"vault-1.21":              {"1.21.0", "", "v1.21.0+builtin.vault"},
		"vault-1.21+ent":          {"1.21.0", "+ent", "v1.21.0+builtin.vault"},
		"vault-2.0+ent@2.0.3+ent": {"2.0.3", "+ent", "v2.0.3+builtin.vault"},
	} {
		d, err := Lookup(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		stem, _, _ := strings.Cut(name, "@")
		if d.Name != stem || d.Version != want.version || d.VersionSuffix != want.suffix || d.builtin("auth", "approle").Version != want.token {
			t.Errorf("%s is %s, %s%s, %s", name, d.Name, d.Version, d.VersionSuffix, d.builtin("auth", "approle").Version)
		}
	}
	for name, text := range map[string]string{
		"vault-0.1": "vault-1.16", "": "vault-1.16", "@1.2.3": "vault-1.16",
		"vault-1.16@": "version to report", "vault-1.16@new": "version to report", "vault-1.16@1.16.0+ent": "metadata", "vault-1.16+ent@1.16.0": "+ent", "openbao-2.6+ent": "vault-1.16",
	} {
		if _, err := Lookup(name); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("Lookup(%q): %v", name, err)
		}
	}
	// What one caller changes is not another's.
	one, _ := Lookup("vault-1.16")
	one.Builtins[0].Version = "changed"
	if two, _ := Lookup("vault-1.16"); two.Builtins[0].Version == "changed" {
		t.Error("two callers share a dialect")
	}
}

// TestNewestIsKnownByItsSources: nobody gets a dialect from hearsay unasked.
func TestNewestIsKnownByItsSources(t *testing.T) {
	t.Parallel()
	d := Newest()
	if d.Product != Vault || d.Provisional {
		t.Errorf("%+v", d)
	}
	for _, later := range All() {
		if later.Product == Vault && !later.Provisional && later.Version > d.Version {
			t.Errorf("%s is newer than %s", later.Name, d.Name)
		}
	}
}
