// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzRecording: a file is read, or refused as no recording. What was read can be
// compared with itself without a difference.
func FuzzRecording(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "[]", `{"cases": {}}`, `{"cases": {"a": null}}`, `{"cases": {"a": {}}}`, `{"cases": {"a": {"steps": [{}]}}}`,
		`{"server": {"product": "vault", "version": "1.21.0"}, "cases": {"a": {"area": "x", "steps": [{"step": {"http": "GET a"}, "got": {"status": 200, "body": {"data": {"a": [1]}}}}]}}}`,
		`{"cases": {"a": {"steps": [{"step": {"cli": ["read", "a"]}, "got": {"exit": 2, "stdout": "x", "stderr": "y"}}]}}}`,
		`{"cases": {"a": {"steps": [{"step": {"sleep": 1e99}}, {"step": {"shell": "x"}}]}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "r.json")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := LoadFile(file)
		if err != nil {
			return
		}
		r.IDs()
		for _, c := range r.Cases {
			for _, step := range c.Steps {
				step.Step.Compared()
			}
		}
	})
}

// FuzzCases: no file of cases makes the reader panic.
func FuzzCases(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"a": null}`, `{"a": {"area": "x", "steps": [{"http": "GET a"}]}}`, `{"a": {"area": "x", "steps": [{"cli": []}]}}`,
		`{"a": {"area": "x", "server": {"env": {"A": "b"}}, "steps": [{"http": "", "json": {"a": "{b}"}, "save": {"c": "data.d"}}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(_ *testing.T, text []byte) {
		_, _ = LoadCases(fstest.MapFS{"a.json": &fstest.MapFile{Data: text}})
	})
}

// FuzzMasks: a secret that is known is nowhere in what is masked, whatever stands
// around it; what is masked stays so.
func FuzzMasks(f *testing.F) {
	f.Add(`{"a": "x hvs.secret y", "hvs.secret": ["hvs.secret"]}`, "hvs.secret")
	f.Add(`["12345678-1234-1234-1234-123456789012"]`, "1234-1234")
	f.Add(`"a\nbbbbbbbb"`, "a\nbbbbbbbb")
	f.Add(`{"lease_id": "a/b/abcdefghijklmnopqrstuvwxyz", "client_token": "s", "request_id": "", "creation_time": 1}`, "abcdefgh")
	f.Fuzz(func(t *testing.T, text, secret string) {
		var value any
		if json.Unmarshal([]byte(text), &value) != nil || len(secret) < 8 || !json.Valid([]byte(`"`+secret+`"`)) {
			t.Skip()
		}
		const by = "<it>"
		if strings.Contains(secret, "<") || strings.Contains(secret, ">") || strings.Contains("characters", secret) {
			t.Skip("part of what masks are")
		}
		m := newMasks()
		m.literally(secret, by)
		masked, err := json.Marshal(m.value("", value))
		if err != nil {
			t.Fatal(err)
		}
		var again any
		if err := json.Unmarshal(masked, &again); err != nil {
			t.Fatal(err)
		}
		if hasText(again, secret) {
			t.Errorf("%s has %q", masked, secret)
		}
	})
}

// hasText reports whether a text is part of a string in a value.
func hasText(value any, text string) bool {
	switch value := value.(type) {
	case string:
		return strings.Contains(value, text)
	case []any:
		for _, v := range value {
			if hasText(v, text) {
				return true
			}
		}
	case map[string]any:
		for k, v := range value {
			if strings.Contains(k, text) || hasText(v, text) {
				return true
			}
		}
	}
	return false
}
