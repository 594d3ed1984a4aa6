// SPDX-License-Identifier: MPL-2.0

//go:build unix

package cli_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestInterruptedWorkSaysSo ends the three commands that run cases in the middle
// of one: it says over a pipe that it has begun, and then waits.
func TestInterruptedWorkSaysSo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args func(directory, recording string) []string
	}{
		"record": {func(directory, _ string) []string {
			return []string{"--target", "mock", "--cases", directory, "--output", "-"}
		}},
		"replay": {func(_, recording string) []string { return []string{"--target", "mock", "--file", recording} }},
		"diff":   {func(_, recording string) []string { return []string{recording, "mock"} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			pipe := filepath.Join(dir, "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			directory, recording := waiting(t, dir, pipe)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				_, _ = os.ReadFile(pipe) // until the case has written to it
				cancel()
			}()
			stdout, code, message := execute(ctx, t, append([]string{name}, c.args(directory, recording)...)...)
			if code != 3 || !strings.HasSuffix(message, "plugproof: the run was interrupted\n") || stdout != "" {
				t.Errorf("code %d, %q, output %q", code, message, stdout)
			}
		})
	}
}

// waiting writes the case to a directory of cases and to a recording.
func waiting(t *testing.T, dir, pipe string) (directory, recording string) {
	t.Helper()
	directory, recording = filepath.Join(dir, "cases"), filepath.Join(dir, "recording.json")
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	shell := fmt.Sprintf(`{"shell": "echo > '%s'"}`, pipe)
	for name, format := range map[string]string{
		filepath.Join(directory, "x.json"): `{"a": {"area": "x", "steps": [%s, {"sleep": 600}, {"http": "GET sys/mounts"}]}}`,
		recording: `{"cases": {"a": {"area": "x", "steps": [{"step": %s, "got": {}},
			{"step": {"sleep": 600}, "got": {}}, {"step": {"http": "GET sys/mounts"}, "got": {"status": 200, "body": null}}]}}}`,
	} {
		if err := os.WriteFile(name, fmt.Appendf(nil, format, shell), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory, recording
}
