// SPDX-License-Identifier: MPL-2.0

package targets_test

import (
	"context"
	"debug/elf"
	"encoding/binary"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/build"
	"github.com/plugproof/plugproof/suites/targets"
)

func newest(t *testing.T) *dialect.Dialect {
	t.Helper()
	d, err := dialect.Lookup(dialect.Newest().Name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// program builds a package of this module as a static program, and returns it under
// a name in a directory of the test's own.
func program(t *testing.T, pkg, name string) string {
	t.Helper()
	built, err := build.Program(t.Context(), pkg, "")
	if err != nil {
		t.Fatal(err)
	}
	return placed(t, built, name)
}

// foreignProgram is like program, for a processor that this machine hasn't: its
// header says so.
func foreignProgram(t *testing.T, pkg, name string) string {
	t.Helper()
	text, err := os.ReadFile(program(t, pkg, name))
	if err != nil {
		t.Fatal(err)
	}
	other := elf.EM_AARCH64
	if runtime.GOARCH == "arm64" {
		other = elf.EM_X86_64
	}
	const machine = 18 // its offset in the header
	binary.LittleEndian.PutUint16(text[machine:], uint16(other))
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, text, 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// placed links a file under a name into a directory of the test's own.
func placed(t *testing.T, file, name string) string {
	t.Helper()
	link := filepath.Join(t.TempDir(), name)
	if err := os.Link(file, link); err != nil {
		t.Fatal(err)
	}
	return link
}

func parse(t *testing.T, spec string, opts targets.Options) steps.Target {
	t.Helper()
	target, err := targets.Parse(spec, opts)
	if err != nil {
		t.Fatal(err)
	}
	return closing(t, target)
}

func closing(t *testing.T, target steps.Target) steps.Target {
	t.Cleanup(func() {
		if err := target.Close(context.Background()); err != nil {
			t.Errorf("close %s: %v", target.Name(), err)
		}
	})
	return target
}

func serve(t *testing.T, target steps.Target, spec steps.Spec) steps.Server {
	t.Helper()
	server, err := target.Server(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return server
}

// ask sends one request with the server's token and returns status and body.
func ask(t *testing.T, server steps.Server, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, server.Address()+"/v1/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Vault-Token", server.Token())
	req.Close = true // a server that restarts at its address ends the connections that are kept
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// signalZero tells with os.ErrProcessDone that a process is gone.
func signalZero(pid string) error {
	number, err := strconv.Atoi(pid)
	if err != nil {
		return err
	}
	process, err := os.FindProcess(number)
	if err != nil {
		return err
	}
	defer func() { _ = process.Release() }()
	return process.Signal(syscall.Signal(0))
}
