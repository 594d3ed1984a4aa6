// SPDX-License-Identifier: MPL-2.0

package process_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/helper/consts"

	"github.com/plugproof/plugproof/mockserver/failure"
	"github.com/plugproof/plugproof/mockserver/internal/process"
)

// failures collects what a pool reports.
type failures struct {
	mu   sync.Mutex
	list []failure.Failure
}

func (f *failures) add(one failure.Failure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, one)
}

// wait returns the first failure, which may be on its way.
func (f *failures) wait(t *testing.T) failure.Failure {
	t.Helper()
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(time.Millisecond) {
		f.mu.Lock()
		n := len(f.list)
		f.mu.Unlock()
		if n > 0 {
			return f.list[0]
		}
	}
	t.Fatal("no failure was reported")
	return failure.Failure{}
}

// file is the entry of a file with that content.
func file(t *testing.T, content string, mode os.FileMode) process.Entry {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(content))
	return process.Entry{Name: "mine", Type: consts.PluginTypeSecrets, Command: path, SHA256: sum[:]}
}

func script(t *testing.T, lines ...string) process.Entry {
	t.Helper()
	return file(t, "#!/bin/sh\n"+strings.Join(lines, "\n")+"\n", 0o755)
}

// TestCausesOfFailedStarts runs what is not a plugin and asks what is said of it.
func TestCausesOfFailedStarts(t *testing.T) {
	t.Parallel()
	other := script(t, "exit 0")
	other.SHA256 = make([]byte, sha256.Size)
	missing := script(t, "exit 0")
	missing.Command += "-not"
	for name, c := range map[string]struct {
		entry process.Entry
		cause failure.Cause
		says  string // in the one line
	}{
		"nothing":               {script(t, "exit 0"), failure.NothingPrinted, "(exit code 0)"},
		"a reason on stderr":    {script(t, "echo no region set >&2", "exit 3"), failure.NothingPrinted, "no region set (exit code 3)"},
		"a signal":              {script(t, "kill -SEGV $$"), failure.NothingPrinted, "signal: segmentation fault"},
		"something else":        {script(t, "echo hello", "exit 0"), failure.NoHandshake, "hello"},
		"no newline":            {script(t, "printf '1|5|unix|/tmp/x|grpc|'"), failure.NoNewline, "1|5|unix|/tmp/x|grpc|"},
		"an output without end": {script(t, "yes | tr -d '\\n'"), failure.NoNewline, "yyyy"},
		"a core protocol":       {script(t, "echo '9|5|unix|/tmp/x|grpc|'", "sleep 60"), failure.WrongProtocol, `"9"`},
		"a protocol":            {script(t, "echo '1|9|unix|/tmp/x|grpc|'", "sleep 60"), failure.WrongProtocol, `version "9"`},
		"net/rpc":               {script(t, "echo '1|5|unix|/tmp/x|netrpc|'", "sleep 60"), failure.WrongProtocol, "net/rpc"},
		"no socket":             {script(t, "echo '1|5|unix|/nowhere/x|grpc|'", "sleep 60"), failure.ConnectionFailed, "/nowhere/x"},
		"another program's":     {script(t, "echo 'This binary is a plugin. These are not meant to be executed directly.' >&2", "exit 1"), failure.WrongCookie, ""},
		"mlock":                 {script(t, "echo 'failed to mlock memory: cannot allocate memory' >&2", "exit 1"), failure.MlockFailed, "cannot allocate memory"},
		"a panic at start": {script(t, "cat >&2 <<'X'\npanic: no region\n\ngoroutine 1 [running]:\nmain.init.0()\n\t/src/mine/main.go:12 +0x1\nX", "exit 2"),
			failure.Panicked, "panic: no region at main.go:12"},
		"a hang":               {script(t, "sleep 60"), failure.TimedOut, ""},
		"no interpreter":       {file(t, "#!/no/such/sh\n", 0o755), failure.LoaderMissing, "/no/such/sh"},
		"no program":           {file(t, "neither\n", 0o755), failure.WrongFormat, ""},
		"not executable":       {file(t, "#!/bin/sh\n", 0o644), failure.PermissionDenied, ""},
		"another checksum":     {other, failure.ChecksumMismatch, ""},
		"no file":              {missing, failure.FileMissing, ""},
		"no TLS on its socket": {entry(t, "plaintext"), failure.TLSFailed, "tls: first record does not look like a TLS handshake"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var reported failures
			p := newPool(t, func(h *process.Host) {
				h.OnFailure = reported.add
				if c.cause == failure.TimedOut {
					h.StartTimeout = 2 * time.Second
				}
			})
			_, err := p.Version(t.Context(), c.entry)
			if err == nil {
				t.Fatal("it started")
			}
			f := reported.wait(t)
			if f.Cause != c.cause || !strings.Contains(f.String(), c.says) {
				t.Errorf("got %s %q, want %s with %q\n%+v", f.Cause, f.String(), c.cause, c.says, f)
			}
			if f.Name != c.entry.Name || f.Command != c.entry.Command || f.Type != "secret" || f.Started {
				t.Errorf("of which plugin: %+v", f)
			}
			if n := len(reported.list); n != 1 {
				t.Errorf("reported %d times", n)
			}
		})
	}
}

func TestCrashIsReported(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"panic": "the plugin crashed: panic: assignment to entry in nil map at plugin_test.go:",
		"crash": "the plugin crashed (exit code 7)",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			var reported failures
			p := newPool(t, func(h *process.Host) { h.OnFailure = reported.add })
			b := mount(t, p, "a", entry(t, "multiplex"))
			was := pid(t, b)
			if _, err := read(t.Context(), b, path); err == nil {
				t.Fatal("the request that the plugin died of got an answer")
			}
			f := reported.wait(t)
			if !strings.HasPrefix(f.String(), want) || !f.Started || f.PID != was {
				t.Fatalf("got %q of %d, want %q of %d", f.String(), f.PID, want, was)
			}
			if path == "panic" && !strings.Contains(f.Panic.Frames[0].Function, "process_test.factory") {
				t.Errorf("frames %+v", f.Panic.Frames)
			}
		})
	}
}

func TestOrderlyEndIsNoFailure(t *testing.T) {
	t.Parallel()
	var reported failures
	p := newPool(t, func(h *process.Host) { h.OnFailure = reported.add })
	b := mount(t, p, "a", entry(t, "multiplex"))
	pid(t, b)
	b.Cleanup(t.Context())
	mount(t, p, "b", entry(t, "single"))
	p.Close()
	if len(reported.list) != 0 {
		t.Fatalf("reported %+v", reported.list)
	}
}

// TestWrapperScripts: a script that becomes the plugin, and one that keeps it as a
// child. Ended in order, reloaded or killed, nothing is left of either.
func TestWrapperScripts(t *testing.T) {
	t.Parallel()
	self := entry(t, "multiplex")
	for name, line := range map[string]string{"exec": "exec %q", "child": "%q", "background": "%q & wait"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := script(t, fmt.Sprintf(line, self.Command))
			e.Env = self.Env
			p := newPool(t, nil)
			b := mount(t, p, "a", e)
			first := pid(t, b)
			running := p.Processes()
			if len(running) != 1 {
				t.Fatalf("%d processes", len(running))
			}
			leader, err := os.FindProcess(running[0].PID)
			if err != nil {
				t.Fatal(err)
			}
			if err := leader.Kill(); err != nil {
				t.Fatal(err)
			}
			waitGone(t, first)
			// A request before the server knows of it gets the error of the connection.
			for end := time.Now().Add(timeout); len(p.Processes()) > 0; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("the server does not know that the process has ended")
				}
			}
			second := pid(t, b)
			b.Cleanup(t.Context())
			if !gone(second) || !gone(running[0].PID) {
				t.Error("a process of the wrapped plugin is left")
			}
		})
	}
}

func waitGone(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(timeout); !gone(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("process %d is still there", pid)
		}
	}
}
