// SPDX-License-Identifier: MPL-2.0

package dialects_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/suites/dialects"
	"github.com/plugproof/plugproof/suites/replay"
)

// mustRun lists the dialects or explains the one that is named first; --format
// chooses the form.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	format := "text"
	if i := slices.Index(args, "--format"); i >= 0 {
		format, args = args[i+1], args[:i]
	}
	var err error
	if len(args) == 0 {
		err = dialects.List(&out, format)
	} else {
		var d *dialect.Dialect
		if d, err = dialect.Lookup(args[0]); err == nil {
			err = dialects.Explain(&out, d, format)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestListHasOneLineForEach(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(mustRun(t)), "\n")
	if len(lines) != len(dialect.All())+1 {
		t.Fatalf("%d lines", len(lines))
	}
	for i, d := range dialect.All() {
		for _, word := range []string{d.Name, string(d.Product), d.Version + d.VersionSuffix, d.Processes.Environment.String()} {
			if !slices.Contains(strings.Fields(lines[i+1]), word) {
				t.Errorf("line %d lacks %q: %s", i+2, word, lines[i+1])
			}
		}
	}
	var all []struct {
		Name      string   `json:"name"`
		DiffersIn []string `json:"differs_in"`
	}
	if err := json.Unmarshal([]byte(mustRun(t, "--format", "json")), &all); err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if one.Name == "vault-1.16" && !slices.Contains(one.DiffersIn, "Processes.Environment") {
			t.Errorf("%+v", one)
		}
	}
	if rows := strings.Count(mustRun(t, "--format", "markdown"), "\n"); rows != len(all)+2 {
		t.Errorf("%d rows of Markdown for %d dialects", rows, len(all))
	}
}

// TestEachIsExplained: every change and gap, with its source, in each format.
func TestEachIsExplained(t *testing.T) {
	t.Parallel()
	for _, d := range dialect.All() {
		for _, format := range []string{"table", "markdown", "json"} {
			out := mustRun(t, d.Name, "--format", format)
			words := []string{d.Ground}
			for _, c := range d.Changes {
				words = append(words, c.Field, c.What, c.Source, string(c.Evidence))
			}
			for _, g := range d.Gaps {
				words = append(words, g.What, g.Source, g.Why)
			}
			for _, b := range d.Builtins {
				words = append(words, b.Name, b.Version)
			}
			if format == "json" {
				if !json.Valid([]byte(out)) {
					t.Errorf("%s: no JSON", d.Name)
				}
				continue
			}
			for _, w := range words {
				if !strings.Contains(out, w) {
					t.Errorf("%s as %s lacks %q", d.Name, format, w)
				}
			}
		}
	}
	if out := mustRun(t, "vault-1.16@1.16.7"); !strings.Contains(out, "vault 1.16.7") {
		t.Errorf("another version to report: %s", out)
	}
}

// TestSumNamesItsChange: of every field it is told which dialect set it.
func TestSumNamesItsChange(t *testing.T) {
	t.Parallel()
	var e struct {
		Fields []struct{ Field, Value, Since string } `json:"fields"`
	}
	if err := json.Unmarshal([]byte(mustRun(t, "vault-1.21", "--format", "json")), &e); err != nil {
		t.Fatal(err)
	}
	for _, f := range e.Fields {
		switch f.Field {
		case "Processes.Environment":
			if f.Value != "plugin-wins" || f.Since != "vault-1.16" {
				t.Errorf("%+v", f)
			}
		case "ReloadScope":
			if f.Value != "yes" || f.Since != "" {
				t.Errorf("%+v", f)
			}
		}
	}
	if len(e.Fields) < 30 {
		t.Errorf("%d fields", len(e.Fields))
	}
}

// TestBuiltinsEqualTheRecordings: what recorded servers listed is what their
// dialects have, but for the removed ones, which servers list nowhere.
func TestBuiltinsEqualTheRecordings(t *testing.T) {
	t.Parallel()
	compared := 0
	for _, own := range replay.BundledRecordings() {
		rec, err := own.Load()
		if err != nil {
			t.Fatal(err)
		}
		recorded := rec.Cases["list-all"]
		if recorded == nil {
			continue // the stand-in for the SDK has no catalog
		}
		compared++
		d, err := dialect.Lookup(own.Dialect)
		if err != nil {
			t.Fatal(err)
		}
		var have []string
		for _, b := range d.Builtins {
			if b.Status != dialect.Removed {
				have = append(have, strings.Join([]string{b.Type, b.Name, b.Version, string(b.Status)}, " "))
			}
		}
		if want := listed(t, recorded); !slices.Equal(have, want) {
			t.Errorf("%s lists %v, %s has %v", own.Name, want, own.Dialect, have)
		}
	}
	if compared < 2 {
		t.Errorf("%d recordings list builtins", compared)
	}
}

// listed are the builtins in the first whole catalog of a recorded case.
func listed(t *testing.T, c *replay.Case) []string {
	t.Helper()
	for _, e := range c.Steps {
		body, err := json.Marshal(e.Got.Body)
		if err != nil {
			t.Fatal(err)
		}
		var catalog struct {
			Data struct {
				Detailed []struct {
					Type, Name, Version string
					Builtin             bool
					Status              string `json:"deprecation_status"`
				}
			}
		}
		if err := json.Unmarshal(body, &catalog); err != nil || len(catalog.Data.Detailed) == 0 {
			continue
		}
		var all []string
		for _, b := range catalog.Data.Detailed {
			if b.Builtin {
				all = append(all, strings.Join([]string{b.Type, b.Name, b.Version, b.Status}, " "))
			}
		}
		return all
	}
	t.Fatal("no catalog was recorded")
	return nil
}
