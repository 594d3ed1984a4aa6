// SPDX-License-Identifier: MPL-2.0

package targets_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/steps"
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

// buildPlugin builds a package of this module as a static program.
func buildPlugin(t *testing.T, pkg string, env ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plugin")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", file, pkg)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, output)
	}
	return file
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
	return process.Signal(syscall.Signal(0))
}
