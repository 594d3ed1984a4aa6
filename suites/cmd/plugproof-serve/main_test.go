// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/plugproof/plugproof/suites/internal/ocipull/ocitest"
)

// asProgram is set where the test binary is the program that it tests.
const asProgram = "PLUGPROOF_SERVE_TEST"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program is the program with arguments, not started.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// serving is the program when it has said its address, host:port. wait is for
// its end, which must be a good one.
func serving(t *testing.T, args ...string) (cmd *exec.Cmd, addr string, wait func()) {
	t.Helper()
	cmd = program(t, append([]string{"--listen", "127.0.0.1:0"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for addr == "" && lines.Scan() {
		_, addr, _ = strings.Cut(lines.Text(), "VAULT_ADDR=http://")
	}
	return cmd, addr, func() {
		t.Helper()
		for lines.Scan() { // until it has closed its output
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// TestServes: it says where it is, answers, and ends well when it is told to.
func TestServes(t *testing.T) {
	t.Parallel()
	cmd, addr, wait := serving(t, "--dialect", "vault-1.15")
	resp, err := http.Get("http://" + addr + "/v1/sys/health")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("health: %s", resp.Status)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wait()
}

// TestMisuse: wrong usage is 2 and a server that can't run 3, each with a
// message of its name.
func TestMisuse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--nonsense"}, 2, "plugproof-serve: unknown flag: --nonsense"},
		{[]string{"--dialect", "vault-0.1"}, 2, "known are vault-1.14"},
		{[]string{"--listen", "127.0.0.1:99999"}, 2, "give HOST:PORT"},
		{[]string{"--plugin-dir", "/no/such"}, 2, "plugin directory: stat /no/such: no such file or directory"},
		{[]string{"--data-dir", "main.go"}, 2, "data directory main.go is not a directory"},
		{[]string{"--api-addr", "foo bar"}, 2, `api_addr "foo bar": give a URL`},
		{[]string{"--tls-cert", "/no/cert", "--tls-key", "/no/key"}, 2, "TLS certificate and key: "},
		{[]string{"--listen", taken.Addr().String()}, 3, "address already in use: choose another address with --listen"},
		{[]string{"--listen", "127.0.0.1:0", "--admin", taken.Addr().String()}, 3, "address already in use: choose another address with --admin"},
	} {
		out, err := program(t, c.args...).CombinedOutput()
		exit := new(exec.ExitError)
		if !errors.As(err, &exit) || exit.ExitCode() != c.code || !strings.Contains(string(out), c.says) {
			t.Errorf("%v: %v, %q; want %d and %q", c.args, err, out, c.code, c.says)
		}
	}
}

// TestRequestsUnderWayFinish: told to end, it takes no new requests and answers
// those it has.
func TestRequestsUnderWayFinish(t *testing.T) {
	t.Parallel()
	cmd, addr, wait := serving(t, "--root-token", "root")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const body = `{"a": "b"}`
	fmt.Fprintf(conn, "POST /v1/cubbyhole/a HTTP/1.1\r\nHost: %s\r\nX-Vault-Token: root\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", addr, len(body))
	answers := bufio.NewReader(conn)
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("the request was not taken: %q, %v", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for { // until nobody listens any more
		other, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		other.Close()
	}
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	if _, err := answers.ReadString('\n'); err != nil { // the end of 100 Continue
		t.Fatal(err)
	}
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "204 No Content") {
		t.Errorf("the request got %q, %v", line, err)
	}
	wait()
}

// TestSaysEarlierRootTokens: a root token of an earlier start stays valid, and is said.
func TestSaysEarlierRootTokens(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	end := func(cmd *exec.Cmd, wait func()) {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		wait()
	}
	first, _, wait := serving(t, "--data-dir", data)
	end(first, wait)

	second := program(t, "--listen", "127.0.0.1:0", "--data-dir", data)
	out, err := second.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	said := ""
	for lines := bufio.NewScanner(out); !strings.Contains(said, "vault token revoke -accessor ") && lines.Scan(); {
		said += lines.Text() + "\n"
	}
	if !strings.Contains(said, "A root token of an earlier start is still valid") {
		t.Errorf("it says\n%s", said)
	}
	end(second, func() { _ = second.Wait() })
}

// TestServersConfiguration: the file of a server says where it listens, keeps its state
// and has its plugins, and which of them are downloaded and registered.
func TestServersConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	content := []byte("registered, although it does not run")
	if err := os.WriteFile(filepath.Join(dir, "plug"), content, 0o700); err != nil {
		t.Fatal(err)
	}
	image, _ := ocitest.Publish(t, "v2.0.0", "plug", content)
	config := filepath.Join(dir, "server.hcl")
	text := fmt.Sprintf(`
plugin_directory = %[1]q
plugin_auto_register = true
plugin_auto_download = true
storage "file" {
  path = "%[1]s/state"
}
listener "tcp" {
  address = "127.0.0.1:1"
  tls_disable = true
}
plugin "secret" "mine" {
  command = "plug"
  version = "v1.0.0"
  sha256sum = "%[2]x"
}
plugin "secret" "mine" {
  image = %[3]q
  binary_name = "plug"
  version = "v2.0.0"
  sha256sum = "%[2]x"
}
`, dir, sha256.Sum256(content), image)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	// The flag wins over the listener, on whose port nobody may listen.
	cmd, addr, wait := serving(t, "--dialect", "openbao-2.6", "--root-token", "root", "--config", config)
	plugin := func(version string) (status, body string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/v1/sys/plugins/catalog/secret/mine?version="+version, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Vault-Token", "root")
		resp, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		read, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.Status, string(read)
	}
	for version, want := range map[string]string{
		"v1.0.0": `"command":"plug","declarative":true,"name":"mine","oci":false`,
		"v2.0.0": `"command":"secret-mine-v2.0.0","declarative":true,"name":"mine","oci":true`,
	} {
		if status, body := plugin(version); !strings.Contains(body, want) {
			t.Errorf("%s %s; want %s", status, body, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "state")); err != nil {
		t.Error(err)
	}
	// Told to, it reads again what is declared.
	if err := os.WriteFile(config, []byte(strings.ReplaceAll(text, "v1.0.0", "v1.1.0")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for declared := true; declared; { // until it has
		_, body := plugin("v1.0.0")
		declared = strings.Contains(body, "declarative")
	}
	if status, body := plugin("v1.1.0"); !strings.Contains(body, `"declarative":true`) {
		t.Errorf("v1.1.0 after a reload: %s %s", status, body)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wait()
}
