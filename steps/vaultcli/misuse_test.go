// SPDX-License-Identifier: MPL-2.0

package vaultcli_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/plugproof/plugproof/steps/vaultcli"
)

// TestMisuse is about what fails before any request is made.
func TestMisuse(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	for name, test := range map[string]struct {
		args      []string
		stdin     string
		variables []string
		want      result
	}{
		"unknown flag": {
			args: []string{"secrets", "list", "-bogus"},
			want: result{1, "", "flag provided but not defined: -bogus\n"},
		},
		"flag without its value": {
			args: []string{"secrets", "enable", "-path"},
			want: result{1, "", "flag needs an argument: -path\n"},
		},
		"flag behind the arguments": {
			args: []string{"read", "a", "-field=value"},
			want: result{2, "", "Command flags must be provided before positional arguments. The following arguments will not be " +
				"parsed as flags: [-field=value]\nError reading a: Error making API request.\n\nURL: GET " + s.URL +
				"/v1/a?-field=value\nCode: 418. Errors:\n\n* the test has no answer to this\n"},
		},
		"no warning for programs": {
			args: []string{"plugin", "list", "a", "-x", "-format=json"},
			want: result{1, "", "Too many arguments (expected 0 or 1, got 3)\n"},
		},
		"bad duration": {
			args: []string{"secrets", "tune", "-max-lease-ttl=soon", "a"},
			want: result{1, "", "invalid value \"soon\" for flag -max-lease-ttl: time: invalid duration \"soon\"\n"},
		},
		"bad boolean": {
			args: []string{"write", "-force=perhaps", "a"},
			want: result{1, "", "invalid boolean value \"perhaps\" for -force: strconv.ParseBool: parsing \"perhaps\": invalid syntax\n"},
		},
		"bad pair": {
			args: []string{"secrets", "enable", "-options=x", "a"},
			want: result{1, "", "invalid value \"x\" for flag -options: missing = in KV pair: \"x\"\n"},
		},
		"unknown format": {
			args: []string{"secrets", "list", "-format=xml"},
			want: result{1, "", "Invalid output format: xml\n"},
		},
		"raw where it can't be": {
			args: []string{"secrets", "list", "-format", "RAW"},
			want: result{1, "", "This command does not support the -format=raw option.\n"},
		},
		"neither hash nor version": {
			args: []string{"plugin", "register", "secret", "x"},
			want: result{1, "", "One of -sha256 or -version is required. If registering with a binary, please provide at least " +
				"-sha256 (-version optional).If registering with an artifact, please provide -version only.\n"},
		},
		"info without type": {
			args: []string{"plugin", "info", "x"},
			want: result{1, "", "Not enough arguments (expected 2, got 1)\n"},
		},
		"nothing to reload": {
			args: []string{"plugin", "reload"},
			want: result{1, "", "No plugins specified, must specify exactly one of -plugin or -mounts\n"},
		},
		"reload of too much": {
			args: []string{"plugin", "reload", "-plugin=a", "-mounts=b"},
			want: result{1, "", "Must specify exactly one of -plugin or -mounts\n"},
		},
		"reload of an odd scope": {
			args: []string{"plugin", "reload", "-plugin=a", "-scope=cluster"},
			want: result{1, "", "Invalid reload scope: cluster\n"},
		},
		"reload of an odd type": {
			args: []string{"plugin", "reload", "-plugin=a", "-type=x"},
			want: result{1, "", "Error parsing -type as a plugin type, must be unset or one of auth, secret, or database: \"x\" is " +
				"not a supported plugin type\n"},
		},
		"missing file": {
			args: []string{"write", "a", "x=@/does/not/exist"},
			want: result{1, "", "Failed to parse K=V data: invalid key/value pair \"x=@/does/not/exist\": error reading file: open " +
				"/does/not/exist: no such file or directory\n"},
		},
		"broken JSON on stdin": {
			args: []string{"write", "a", "-"}, stdin: "{oops",
			want: result{1, "", "Failed to parse K=V data: invalid key/value pair \"-\": invalid character 'o' looking for beginning " +
				"of object key string\n"},
		},
		"nothing on stdin": {
			args: []string{"write", "a", "-"},
			want: result{1, "", "Failed to parse K=V data: invalid key/value pair \"-\": EOF\n"},
		},
		"stdin twice": {
			args: []string{"write", "a", "x=-", "y=-"}, stdin: "t",
			want: result{1, "", "Failed to parse K=V data: invalid key/value pair \"y=-\": stdin already consumed\n"},
		},
		"no pair": {
			args: []string{"write", "a", "x"},
			want: result{1, "", "Failed to parse K=V data: invalid key/value pair \"x\": format must be key=value\n"},
		},
		"no data": {
			args: []string{"write", "a"},
			want: result{1, "", "Must supply data or use -force\n"},
		},
		"missing policy file": {
			args: []string{"policy", "write", "p", "/does/not/exist"},
			want: result{2, "", "Error opening policy file: open /does/not/exist: no such file or directory\n"},
		},
		"odd revocation": {
			args: []string{"token", "revoke", "-accessor", "-mode=path", "x"},
			want: result{1, "", "Cannot use -accessor with -mode=path!\n"},
		},
		"bad address": {
			args: []string{"secrets", "list", "-address=://x"},
			want: result{2, "", "failed to create client: parse \"://x\": missing protocol scheme\n"},
		},
		"missing CA": {
			args: []string{"secrets", "list"}, variables: []string{"VAULT_CACERT=/does/not/exist"},
			want: result{2, "", "failed to setup TLS config: Error loading CA File: open /does/not/exist: no such file or directory\n"},
		},
		"bad timeout": {
			args: []string{"secrets", "list"}, variables: []string{"VAULT_CLIENT_TIMEOUT=soon"},
			want: result{2, "", "failed to read environment: could not parse \"VAULT_CLIENT_TIMEOUT\"\n"},
		},
		"bad switch": {
			args: []string{"secrets", "list"}, variables: []string{"VAULT_SKIP_VERIFY=yes"},
			want: result{2, "", "failed to read environment: could not parse VAULT_SKIP_VERIFY\n"},
		},
		"forbidden header": {
			args: []string{"secrets", "list", "-header=X-Vault-Token=x"},
			want: result{2, "", "failed to setup Headers[X-Vault-Token]: Header starting by 'X-Vault-' are for internal usage only\n"},
		},
		"unknown login method": {
			args: []string{"login", "-method=jwt", "role=r"},
			want: result{1, "", "Unknown auth method: jwt. Use \"vault auth list\" to see the complete list of\nauth methods. " +
				"Additionally, some auth methods are only available via the HTTP\nAPI.\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := vault(t, s.URL, test.stdin, test.variables, test.args...); got != test.want {
				t.Errorf("got  %#v\nwant %#v", got, test.want)
			}
		})
	}
}

// TestHelp looks at where help goes, with which exit code.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args   []string
		exit   int
		stderr bool
		begins string
		holds  string
	}{
		{nil, 127, true, "Usage: vault <command> [args]\n\nCommon commands:\n    read        Read data", "    plugin      Interact with"},
		{[]string{"-h"}, 0, false, "Usage: vault <command> [args]", "    kv          "},
		{[]string{"bogus"}, 127, true, "Usage: vault <command> [args]", ""},
		{[]string{"bogus", "-h"}, 127, true, "Usage: vault <command> [args]", ""},
		{[]string{"plugin"}, 1, true, "Usage: vault plugin <subcommand>", "Subcommands:\n    deregister    Deregister an existing"},
		{[]string{"plugin", "bogus"}, 1, true, "Usage: vault plugin <subcommand>", ""},
		{[]string{"plugin", "--help"}, 0, false, "Usage: vault plugin <subcommand>", ""},
		{[]string{"plugin", "register", "x", "-h"}, 0, false, "Usage: vault plugin register [options] TYPE NAME\n",
			"\nCommand Options:\n\n  -args=<string>\n      Argument to pass to the plugin when starting. "},
		{[]string{"auth", "tune", "-help"}, 0, false, "Usage: vault auth tune [options] PATH\n", "\n  -user-lockout-threshold=<uint>\n"},
		{[]string{"-address=x", "status"}, 1, true, "Invalid flags before the subcommand. If these flags are for\nthe subcommand, " +
			"please put them after the subcommand.\n\nUsage: vault status [options]\n", "-address=<string>"},
		{[]string{"kv", "metadata", "get", "-h"}, 0, false, "Usage: vault kv metadata get [options] KEY\n", "-mount=<string>"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			got := vault(t, "http://127.0.0.1:1", "", nil, test.args...)
			text, silent := got.Stdout, got.Stderr
			if test.stderr {
				text, silent = silent, text
			}
			if got.Exit != test.exit || silent != "" || !strings.HasPrefix(text, test.begins) || !strings.Contains(text, test.holds) {
				t.Errorf("exit %d, want %d; printed %q and on the other stream %q", got.Exit, test.exit, text, silent)
			}
			for _, line := range strings.Split(text, "\n") {
				if len(line) > 86 {
					t.Errorf("too long a line: %q", line)
				}
			}
		})
	}
}

func TestServerDown(t *testing.T) {
	t.Parallel()
	// Nothing listens at the port of a service that is gone.
	const address = "http://127.0.0.1:1"
	const refusal = "dial tcp 127.0.0.1:1: connect: connection refused\n"
	got := vault(t, address, "", nil, "secrets", "list")
	if want := (result{2, "", "Error listing secrets engines: Get \"" + address + "/v1/sys/mounts\": " + refusal}); got != want {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
	// 2 would mean sealed here.
	got = vault(t, address, "", nil, "status")
	if want := (result{1, "", "Error checking seal status: Get \"" + address + "/v1/sys/seal-status\": " + refusal}); got != want {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
}

func TestOddAnswers(t *testing.T) {
	t.Parallel()
	s := serve(t, map[string]answer{
		"PUT /v1/sys/plugins/reload/unknown/x": noContent(),
		"GET /v1/html":                         {Status: http.StatusBadGateway, Body: []byte("<html>")},
		"GET /v1/cut":                          ok(`{"data":`),
		"GET /v1/ns":                           failed(http.StatusForbidden, "a", "b"),
	})
	for _, test := range []struct {
		args   []string
		stderr string
	}{
		{[]string{"plugin", "reload", "-plugin=x", "-scope=global"}, "The client library can't handle the server's answer: "},
		{[]string{"read", "html"}, "Error reading html: Error making API request.\n\nURL: GET " + s.URL +
			"/v1/html\nCode: 502. Raw Message:\n\n<html>\n"},
		{[]string{"read", "cut"}, "Error reading cut: unexpected EOF\n"},
		{[]string{"read", "ns"}, "Error reading ns: Error making API request.\n\nURL: GET " + s.URL + "/v1/ns\nCode: 403. Errors:\n\n* a* b\n"},
	} {
		got := vault(t, s.URL, "", nil, test.args...)
		if got.Exit != 2 || got.Stdout != "" || !strings.HasPrefix(got.Stderr, test.stderr) {
			t.Errorf("%v: got %#v, want exit 2 and %q", test.args, got, test.stderr)
		}
	}
}

// TestEnvironmentIsTheCallers can't be parallel: it sets the process's variables,
// which must not count.
func TestEnvironmentIsTheCallers(t *testing.T) {
	for name, val := range map[string]string{
		"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "from-the-process", "VAULT_NAMESPACE": "ns", "VAULT_FORMAT": "yaml",
		"VAULT_WRAP_TTL": "5m", "VAULT_HEADERS": `{"X-Process":"1"}`, "VAULT_AGENT_ADDR": "http://127.0.0.1:1",
		"VAULT_PROXY_ADDR": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1",
	} {
		t.Setenv(name, val)
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.WriteFile(filepath.Join(home, ".vault-token"), []byte("from-the-home"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, map[string]answer{"GET /v1/a": ok(`{"data":{"k":"v"}}`), "POST /v1/a": noContent()})
	got := vault(t, s.URL, "", []string{"VAULT_TOKEN="}, "read", "a")
	if want := (result{0, "Key    Value\n---    -----\nk      v\n", ""}); got != want {
		t.Errorf("got %#v, want %#v", got, want)
	}
	header := s.asked()[0].Header
	for _, name := range []string{"X-Vault-Token", "X-Vault-Namespace", "X-Vault-Wrap-TTL", "X-Process"} {
		if val := header.Get(name); val != "" {
			t.Errorf("%s: %s was sent", name, val)
		}
	}
	// With HOME in the passed environment its token file counts.
	if got := vault(t, s.URL, "", []string{"VAULT_TOKEN=", "HOME=" + home}, "read", "a"); got.Exit != 0 {
		t.Errorf("%#v", got)
	}
	if token := s.asked()[1].Header.Get("X-Vault-Token"); token != "from-the-home" {
		t.Errorf("sent the token %q, want the file's", token)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, map[string]answer{"GET /v1/a": ok(`{"data":{"k":"v"}}`)})
	var group sync.WaitGroup
	for n := range 20 {
		group.Go(func() {
			token := fmt.Sprintf("token-%d", n)
			if got := vault(t, s.URL, "", []string{"VAULT_TOKEN=" + token}, "read", "-field=k", "-header=X-N="+token, "a"); got != (result{0, "v", ""}) {
				t.Errorf("%#v", got)
			}
		})
	}
	group.Wait()
	seen := make(map[string]bool)
	for _, r := range s.asked() {
		token := r.Header.Get("X-Vault-Token")
		if token != r.Header.Get("X-N") || seen[token] {
			t.Errorf("token %s came with %s, or twice", token, r.Header.Get("X-N"))
		}
		seen[token] = true
	}
}

func TestEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr strings.Builder
	env := map[string]string{"VAULT_ADDR": "http://127.0.0.1:1"}
	exit := vaultcli.Run(ctx, []string{"secrets", "list"}, env, nil, &strings.Builder{}, &stderr)
	if exit != 2 || !strings.Contains(stderr.String(), context.Canceled.Error()) {
		t.Errorf("exit %d, %q", exit, stderr.String())
	}
}
