// SPDX-License-Identifier: MPL-2.0

package host_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/plugproof/plugproof/steps/host"
)

// childVariable makes this test's program a child that listens and waits.
const childVariable = "HOST_TEST_CHILD"

func TestMain(m *testing.M) {
	if socket := os.Getenv(childVariable); socket != "" {
		l, err := net.Listen("unix", socket)
		if err != nil {
			os.Exit(1)
		}
		_, _ = l.Accept()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// dial returns a Remote of this machine.
func dial(t *testing.T) *host.Remote {
	t.Helper()
	ours, theirs := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- host.Serve(context.Background(), theirs, theirs) }()
	remote, err := host.Dial(t.Context(), ours)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = remote.Close()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return remote
}

// child starts a process that listens on a socket, and returns its identifier and its
// end.
func child(t *testing.T) (pid int32, ended chan struct{}) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "s")
	cmd := exec.Command(program, "an argument")
	cmd.Env = []string{childVariable + "=" + socket, "OF_THE_TEST=1"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended = make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	return int32(cmd.Process.Pid), ended
}

func TestProcessesAreSeenAndKilled(t *testing.T) {
	t.Parallel()
	pid, ended := child(t)
	remote := dial(t)
	for name, h := range map[string]host.Host{"remote": remote, "local": host.Local{}} {
		p := eventually(t, h, pid)
		args, err := p.Args(t.Context())
		if err != nil || len(args) != 2 || args[1] != "an argument" {
			t.Errorf("%s: arguments %q, %v", name, args, err)
		}
		env, err := p.Environ(t.Context())
		if err != nil || !slices.Contains(env, "OF_THE_TEST=1") {
			t.Errorf("%s: environment %q, %v", name, env, err)
		}
		if parent, err := p.Parent(t.Context()); err != nil || parent != int32(os.Getpid()) {
			t.Errorf("%s: parent %d, %v", name, parent, err)
		}
		file, err := p.Executable(t.Context())
		if program, _ := os.Executable(); err != nil || file != program {
			t.Errorf("%s: executes %q, %v", name, file, err)
		}
		began, err := h.Began(t.Context(), pid)
		if at := time.UnixMilli(began); err != nil || time.Since(at).Abs() > time.Hour {
			t.Errorf("%s: began at %s, %v", name, at, err)
		}
	}
	if err := remote.Kill(t.Context(), pid); err != nil {
		t.Fatal(err)
	}
	<-ended
	for name, h := range map[string]host.Host{"remote": remote, "local": host.Local{}} {
		if began, err := h.Began(t.Context(), pid); err != nil || began != 0 {
			t.Errorf("%s: after its end: %d, %v", name, began, err)
		}
	}
}

func TestProcessesAreToldToQuit(t *testing.T) {
	t.Parallel()
	remote := dial(t)
	for name, h := range map[string]host.Host{"remote": remote, "local": host.Local{}} {
		pid, ended := child(t)
		eventually(t, h, pid)
		if err := h.Quit(t.Context(), pid); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		<-ended
		if err := h.Quit(t.Context(), pid); err != nil {
			t.Errorf("%s: of one that has ended: %v", name, err)
		}
	}
}

// eventually waits until the child listens, and returns it.
func eventually(t *testing.T, h host.Host, pid int32) host.Process {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		all, err := h.Processes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(all, func(p host.Process) bool { return p.PID() == pid })
		if at >= 0 {
			usage, err := all[at].Usage(t.Context())
			if err == nil && usage.Listens && usage.Descriptors > 3 && usage.Memory > 0 {
				return all[at]
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d is not seen to listen", pid)
		}
	}
}

func TestFilesAreChanged(t *testing.T) {
	t.Parallel()
	h := dial(t)
	directory, err := h.Temporary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(directory, name) }
	// A second link keeps what is there, and a removal of nothing succeeds.
	for _, err := range []error{
		h.Create(t.Context(), at("file")),
		h.Link(t.Context(), at("file"), at("kept")),
		h.Append(t.Context(), at("file"), "changed"),
		h.Link(t.Context(), at("file"), at("kept")),
		h.MakeDirectory(t.Context(), at("sub")),
		h.Symlink(t.Context(), at("file"), at("sub/alias")),
		h.Remove(t.Context(), at("none")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(at("file"))
	if err != nil || string(text) != "changed" {
		t.Errorf("the changed file: %q, %v", text, err)
	}
	if resolved, err := h.Resolve(t.Context(), at("sub/alias")); err != nil || filepath.Base(resolved) != "file" {
		t.Errorf("resolved: %q, %v", resolved, err)
	}
	if err := h.Rename(t.Context(), at("kept"), at("file")); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(at("file")); err != nil || len(text) > 0 {
		t.Errorf("the restored file: %q, %v", text, err)
	}
	found, err := h.List(t.Context(), directory)
	if want := []string{"file", "sub", "sub/alias"}; err != nil || !slices.Equal(found, want) {
		t.Errorf("list: %q, %v", found, err)
	}
	if err := h.MakeDirectory(t.Context(), at("no/such/directory")); err == nil {
		t.Error("a failure is not told")
	}
	if err := h.Remove(t.Context(), directory); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(directory); !os.IsNotExist(err) {
		t.Errorf("the removed directory: %v", err)
	}
}

func TestAnAnswerThatDoesNotComeEndsTheRemote(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer theirs.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = theirs.Write([]byte("{}\n"))
		_, _ = theirs.Read(make([]byte, 1024)) // the question
		cancel()
	}()
	remote, err := host.Dial(t.Context(), ours)
	if err != nil {
		t.Fatal(err)
	}
	if remote.Sees() {
		t.Error("a greeting that says nothing sees")
	}
	if err := remote.Kill(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := remote.Processes(t.Context()); err == nil || remote.Broken() == nil {
		t.Errorf("afterwards: %v, broken: %v", err, remote.Broken())
	}
}
