// SPDX-License-Identifier: MPL-2.0

package helm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"
)

// chartsVariable names the environment variable with the directory that has the
// charts (vault and openbao), recordVariable the one with which a run of the tests
// writes what they render into testdata.
const (
	chartsVariable = "PLUGPROOF_TEST_CHARTS"
	recordVariable = "PLUGPROOF_RECORD"
	recordingFile  = "testdata/charts.json"
)

// rendering is the env of the server's container as a chart renders it.
type rendering []map[string]any

// manifest returns a pod with that env.
func (r rendering) manifest(t *testing.T, container string) string {
	t.Helper()
	raw, err := json.Marshal(map[string]any{
		"kind": "Pod", "spec": map[string]any{"containers": []any{map[string]any{"name": container, "env": r}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// recorded returns what was rendered, by chart and case.
func recorded(t *testing.T) map[string]map[string]rendering {
	t.Helper()
	raw, err := os.ReadFile(recordingFile)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]map[string]rendering
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestTheChartsRenderAsRecorded renders vault-helm 0.34.1 and openbao-helm 0.29.2
// with a real helm.
func TestTheChartsRenderAsRecorded(t *testing.T) {
	t.Parallel()
	charts := os.Getenv(chartsVariable)
	if charts == "" {
		t.Skipf("%s names no directory with the charts", chartsVariable)
	}
	program, err := exec.LookPath("helm")
	if err != nil {
		t.Skip("helm is not installed: ", err)
	}
	all := make(map[string]map[string]rendering)
	for _, chart := range []string{"vault", "openbao"} {
		all[chart] = make(map[string]rendering)
		for name, text := range cases() {
			all[chart][name] = render(t, program, filepath.Join(charts, chart), chart, text)
		}
	}
	raw, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv(recordVariable) != "" {
		if err := os.WriteFile(recordingFile, append(raw, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := json.Marshal(recorded(t))
	if err != nil {
		t.Fatal(err)
	}
	NewWithT(t).Expect(raw).To(MatchJSON(want))
}

// render returns the env of the StatefulSet's container.
func render(t *testing.T, program, directory, container, text string) rendering {
	t.Helper()
	args := []string{"template", "release", directory, "--kube-version", "1.33.0"}
	for i, file := range files(text) {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("values%d.yaml", i))
		if err := os.WriteFile(path, []byte(file.Text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--values", path)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, stderr.String(), text)
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(out)))
	for {
		var object struct {
			Kind string
			Spec struct {
				Template struct {
					Spec struct {
						Containers []struct {
							Name string
							Env  rendering
						}
					}
				}
			}
		}
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
			t.Fatalf("no StatefulSet is rendered of %s", text)
		} else if err != nil {
			t.Fatal(err)
		}
		if object.Kind != "StatefulSet" {
			continue
		}
		for _, c := range object.Spec.Template.Spec.Containers {
			if c.Name == container {
				return c.Env
			}
		}
	}
}
