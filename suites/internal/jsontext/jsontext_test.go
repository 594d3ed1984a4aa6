// SPDX-License-Identifier: MPL-2.0

package jsontext_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/suites/internal/jsontext"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{\n \"a\": secret}":  "line 2, column 7: it is not JSON",
		"{\"a\": 1,\n":        "it ends in the middle of its JSON: it is cut off",
		"{\"a\n":              "it ends in the middle of its JSON: it is cut off",
		"{\"a\": 1,}":         "line 1, column 9: it is not JSON",
		"":                    "it ends in the middle of its JSON: it is cut off",
		"{\n \"a\": \"x\"\n}": "line 2, column 9: there must be no string at A",
		"[]":                  "line 1, column 1: there must be no array",
		"{\"b\": 1}":          `there is no field "b"`,
	} {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.DisallowUnknownFields()
		var value struct{ A int }
		err := decoder.Decode(&value)
		if err == nil {
			t.Fatalf("%q is read", text)
		}
		if got := jsontext.Error([]byte(text), err).Error(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := jsontext.Error([]byte("{\"a\""), json.Unmarshal([]byte("{\"a\""), new(any))).Error(); !strings.Contains(got, "cut off") {
		t.Error(got)
	}
}
