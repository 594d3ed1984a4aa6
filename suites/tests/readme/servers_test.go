// SPDX-License-Identifier: MPL-2.0

package readme

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// server is a running "plugproof serve" of an example.
type server struct {
	cmd *exec.Cmd
	// env is what the server says to export.
	env    []string
	stderr bytes.Buffer
}

// startServer runs a command of the README that serves until it is stopped, on
// a free port, and waits until it prints what to export.
func startServer(t *testing.T, command, dir string, env []string) *server {
	t.Helper()
	s := &server{cmd: exec.CommandContext(t.Context(), "sh", "-c", "exec "+command+" --listen 127.0.0.1:0")}
	s.cmd.Dir, s.cmd.Env, s.cmd.Stderr = dir, env, &s.stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		variable, found := strings.CutPrefix(strings.TrimSpace(lines.Text()), "export ")
		if found {
			s.env = append(s.env, variable)
		}
		// A blank line follows what it says to export.
		if len(s.env) > 0 && !found {
			return s
		}
	}
	_ = s.cmd.Wait()
	t.Fatalf("%s ended before it was ready:\n%s", command, s.stderr.String())
	return nil
}

// stop ends the server as its user does.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("%v: %v\n%s", s.cmd.Args, err, s.stderr.String())
	}
}

// TestServers runs the blocks with the comment `example: servers`: a command
// that serves runs until the next one of them or the end of the block, the
// others run beside it.
func TestServers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the program: not with -short")
	}
	raw, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir, env := workplace(t)
	found := 0
	for _, block := range blocks.FindAllStringSubmatch(string(raw), -1) {
		if block[1] != serversNote {
			continue
		}
		var running *server
		var exported []string
		for line := range strings.Lines(block[2]) {
			command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ ")
			switch {
			case !ok:
			case strings.HasPrefix(command, "export "):
				exported = strings.Fields(command)[1:]
			case strings.HasPrefix(command, "plugproof serve"):
				if running != nil {
					running.stop(t)
				}
				running = startServer(t, command, dir, env)
				found++
			default:
				cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
				cmd.Dir, cmd.Env = dir, slices.Concat(env, exported, running.env)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: %v\n%s", command, err, out)
				}
			}
		}
		running.stop(t)
	}
	if found == 0 {
		t.Error("README has no example of a server")
	}
}
