// SPDX-License-Identifier: MPL-2.0

package vaultcli_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// scene is some command lines of a recording with what the server must have
// answered to them.
type scene struct {
	Source  string            `json:"source"`
	Answers map[string]answer `json:"answers"`
	Runs    []struct {
		Args   []string `json:"args"`
		Exit   int      `json:"exit"`
		Stdout string   `json:"stdout"`
		Stderr string   `json:"stderr"`
	} `json:"runs"`
}

// TestRecorded holds the output against what Vault 1.14.3's own command line
// printed, byte for byte, where newer versions print the same.
func TestRecorded(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/recorded.json")
	if err != nil {
		t.Fatal(err)
	}
	var scenes []scene
	if err := json.Unmarshal(content, &scenes); err != nil {
		t.Fatal(err)
	}
	for _, scene := range scenes {
		t.Run(scene.Source, func(t *testing.T) {
			t.Parallel()
			s := serve(t, scene.Answers)
			for _, run := range scene.Runs {
				got := vault(t, s.URL, nil, run.Args...)
				want := result{run.Exit, run.Stdout, strings.ReplaceAll(run.Stderr, "<addr>", s.URL)}
				if got != want {
					t.Errorf("vault %s:\ngot  %#v\nwant %#v", strings.Join(run.Args, " "), got, want)
				}
			}
		})
	}
}
