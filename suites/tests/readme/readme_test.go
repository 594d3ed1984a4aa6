// SPDX-License-Identifier: MPL-2.0

// Package readme runs the examples of the README as a user would.
package readme

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/plugproof/plugproof/suites/internal/build"
)

// example is one command of the README: a line that begins with "$ " in a
// console block.
type example struct {
	command string
	// skip is why it isn't run here, from the comment before its block.
	skip string
	// exit is the expected code, 0 unless the comment says otherwise.
	exit int
}

// serversNote marks a block whose servers run beside its other commands.
const serversNote = "servers"

var (
	blocks = regexp.MustCompile("(?ms)(?:^<!-- example: ([^\n]*?) -->\n)?^```console\n(.*?)^```")
	exits  = regexp.MustCompile(`^exit (\d)$`)
)

// examples returns the commands of the README. A comment before a block applies
// to all its commands: `example: not run: REASON`, `example: exit N` or `example:
// servers`.
func examples(readme string) ([]example, error) {
	var all []example
	for _, block := range blocks.FindAllStringSubmatch(readme, -1) {
		note := block[1]
		var e example
		if reason, ok := strings.CutPrefix(note, "not run: "); ok {
			e.skip = reason
		} else if code := exits.FindStringSubmatch(note); code != nil {
			e.exit, _ = strconv.Atoi(code[1])
		} else if note == serversNote {
			e.skip = "TestServers runs it"
		} else if note != "" {
			return nil, errors.New("README: unknown comment before an example: " + note)
		}
		for line := range strings.Lines(block[2]) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				e.command = strings.TrimSpace(command)
				all = append(all, e)
			}
		}
	}
	return all, nil
}

func TestExamples(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	all, err := examples(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("%d examples found in the README, more were expected", len(all))
	}
	if testing.Short() {
		t.Skip("the examples take a minute: not with -short")
	}
	dir, env := workplace(t)
	for _, e := range all {
		t.Run(e.command, func(t *testing.T) {
			if e.skip != "" {
				t.Skip(e.skip)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, "sh", "-c", e.command)
			var out bytes.Buffer
			cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, &out, &out
			err := cmd.Run()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if code := cmd.ProcessState.ExitCode(); code != e.exit {
				t.Errorf("exit code %d, want %d\n%s", code, e.exit, out.String())
			}
		})
	}
}

// workplace returns a directory with the files that the examples name, and an
// environment with plugproof in its PATH.
func workplace(t *testing.T) (dir string, env []string) {
	t.Helper()
	checkout, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	// In the checkout, where plugproof finds the sample plugins' sources.
	parent := filepath.Join(checkout, ".plugproof")
	if err := os.MkdirAll(parent, 0o700); err != nil {
		t.Fatal(err)
	}
	if dir, err = os.MkdirTemp(parent, "readme-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	bin := filepath.Join(dir, "bin")
	program, err := build.Program(t.Context(), ".", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(program, filepath.Join(bin, "plugproof")); err != nil {
		t.Fatal(err)
	}
	plugins, err := build.Plugins(t.Context(), build.Options{Names: []string{"jwt", "memdb", "passthrough-plugin", "probe", "probe-v4"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(plugins["passthrough-plugin"], filepath.Join(dir, "my-plugin")); err != nil {
		t.Fatal(err)
	}
	// A server accepts no link that leaves its plugin directory.
	binary, err := os.ReadFile(plugins["passthrough-plugin"])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "plugins"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "plugins", "my-plugin"), binary, 0o700); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"plugins.yaml":  "plugins:\n  - type: secret\n    name: mine\n    env: [REGION=eu, HTTP_PROXY=eu:3128]\n",
		"vault.env":     "PATH=/usr/bin\nVAULT_ADDR=https://127.0.0.1:8200\n",
		"vault.service": "[Service]\nExecStart=/usr/bin/vault server\nEnvironment=LANG=C\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// No example writes into the summary of the pipeline that runs the tests, or asks
	// Go again whether the plugins are up to date.
	return dir, append(os.Environ(), "GITHUB_ACTIONS=", "GITLAB_CI=", "PLUGPROOF_PLUGINS="+filepath.Dir(plugins["probe"]), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
}
