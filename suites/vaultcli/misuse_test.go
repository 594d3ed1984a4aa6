// SPDX-License-Identifier: MPL-2.0

package vaultcli_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/plugproof/plugproof/suites/vaultcli"
)

// TestMisuse is about what fails before any request is made.
func TestMisuse(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	for name, test := range map[string]struct {
		args      []string
		variables []string
		want      result
	}{
		"unknown flag": {
			args: []string{"secrets", "list", "-bogus"},
			want: result{1, "", "flag provided but not defined: -bogus\n\nvault COMMAND -help shows the flags that there are; the real vault or bao has all.\n"},
		},
		"flag without its value": {
			args: []string{"secrets", "enable", "-path"},
			want: result{1, "", "flag needs an argument: -path\n\nvault COMMAND -help shows the flags that there are; the real vault or bao has all.\n"},
		},
		"flag behind the arguments": {
			args: []string{"read", "a", "-field=value"},
			want: result{1, "", "Command flags must be provided before positional arguments. The following arguments will not be " +
				"parsed as flags: [-field=value]\nToo many arguments (expected 1, got 2)\n"},
		},
		"unknown format": {
			args: []string{"secrets", "list", "-format=xml"},
			want: result{1, "", "invalid value \"xml\" for flag -format: there are table and json\n\nvault COMMAND -help shows the flags that there are; the real vault or bao has all.\n"},
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
		"missing file": {
			args: []string{"write", "a", "x=@/does/not/exist"},
			want: result{1, "", "Failed to parse K=V data: invalid key/value pair \"x=@/does/not/exist\": error reading file: open " +
				"/does/not/exist: no such file or directory\n"},
		},
		"stdin": {
			args: []string{"write", "a", "-"},
			want: result{1, "", "Failed to parse K=V data: invalid key/value pair \"-\": stdin is not supported\n"},
		},
		"no pair": {
			args: []string{"write", "a", "x"},
			want: result{1, "", "Failed to parse K=V data: invalid key/value pair \"x\": format must be key=value\n"},
		},
		"no data": {
			args: []string{"write", "a"},
			want: result{1, "", "Must supply data\n"},
		},
		"bad address": {
			args: []string{"secrets", "list"}, variables: []string{"VAULT_ADDR=://x"},
			want: result{2, "", "failed to create client: parse \"://x\": missing protocol scheme\n"},
		},
		"missing CA": {
			args: []string{"secrets", "list"}, variables: []string{"VAULT_CACERT=/does/not/exist"},
			want: result{2, "", "failed to setup TLS config: Error loading CA File: open /does/not/exist: no such file or directory\n"},
		},
		"bad switch": {
			args: []string{"secrets", "list"}, variables: []string{"VAULT_SKIP_VERIFY=yes"},
			want: result{2, "", "failed to read environment: could not parse VAULT_SKIP_VERIFY\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := vault(t, s.URL, test.variables, test.args...); got != test.want {
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
		{nil, 127, true, "Usage: vault <command> [args]\n\nCommands:\n    auth        Interact with", "    read        Read data"},
		{[]string{"-h"}, 0, false, "Usage: vault <command> [args]", "    token       "},
		{[]string{"kv", "get", "a"}, 127, true, "There is no command \"kv\" here.\n\nUsage: vault <command> [args]", "the real vault or bao."},
		{[]string{"bogus", "-h"}, 127, true, "There is no command \"bogus\" here.\n\nUsage: vault <command> [args]", ""},
		{[]string{"plugin"}, 1, true, "Usage: vault plugin <subcommand>", "Subcommands:\n    deregister    Deregister an existing"},
		{[]string{"plugin", "bogus"}, 1, true, "There is no command \"plugin bogus\" here.\n\nUsage: vault plugin <subcommand>", "the real vault or bao."},
		{[]string{"plugin", "--help"}, 0, false, "Usage: vault plugin <subcommand>", ""},
		{[]string{"plugin", "register", "x", "-h"}, 0, false, "Usage: vault plugin register [options] TYPE NAME\n",
			"\n  -args=<argument>\n      The argument to pass to the plugin when starting. "},
		{[]string{"-bogus", "status"}, 1, true, "Invalid flags before the subcommand. If these flags are for\nthe subcommand, " +
			"please put them after the subcommand.\n\nUsage: vault status\n", "the real vault or bao."},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			got := vault(t, "http://127.0.0.1:1", nil, test.args...)
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
	got := vault(t, address, nil, "secrets", "list")
	if want := (result{2, "", "Error listing secrets engines: Get \"" + address + "/v1/sys/mounts\": " + refusal}); got != want {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
	// 2 would mean sealed here.
	got = vault(t, address, nil, "status")
	if want := (result{1, "", "Error checking seal status: Get \"" + address + "/v1/sys/seal-status\": " + refusal}); got != want {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
}

// TestOddAnswers is about servers that are not Vault, or not sound: each command
// fails and says so, or does without what is missing.
func TestOddAnswers(t *testing.T) {
	t.Parallel()
	commands := []string{
		"read a", "read -field=x a", "write a b=c", "write -field=x a b=c", "status",
		"plugin register -sha256=ab secret a", "plugin deregister secret a", "plugin info secret a", "plugin list", "plugin list -detailed secret",
		"plugin reload -plugin=a", "plugin reload -mounts=a",
		"secrets enable a", "secrets disable a", "secrets list", "secrets list -detailed", "secrets tune -plugin-version=1 a", "secrets move a b",
		"auth enable a", "auth disable a", "auth list", "auth list -detailed",
		"token create", "token create -field=x", "token lookup", "token capabilities a", "policy list",
	}
	for name, odd := range map[string]answer{
		"no content": noContent(),
		"nothing":    ok(""),
		"no data":    ok(`{}`),
		"null":       ok(`{"data":null}`),
		"empty":      ok(`{"data":{}}`),
		"list":       ok(`{"data":[1]}`),
		"numbers":    ok(`{"data":{"a":1,"capabilities":1,"keys":1,"secret":1,"detailed":1,"migration_id":1}}`),
		"cut":        ok(`{"data":`),
		"page":       {Status: http.StatusBadGateway, Body: []byte("<html>")},
		"refusal":    failed(http.StatusForbidden, "a", "b"),
		"missing":    failed(http.StatusNotFound),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(odd.Status)
				_, _ = w.Write(odd.Body)
			}))
			t.Cleanup(server.Close)
			for _, line := range commands {
				got := vault(t, server.URL, nil, strings.Fields(line)...)
				if got.Exit != 0 && got.Stderr == "" || odd.Status >= 500 && got.Exit == 0 {
					t.Errorf("%s: %#v", line, got)
				}
			}
		})
	}
}

// TestEnvironmentIsTheCallers can't be parallel: it sets the process's variables,
// which must not count.
func TestEnvironmentIsTheCallers(t *testing.T) {
	for name, val := range map[string]string{
		"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "from-the-process", "VAULT_NAMESPACE": "ns",
		"VAULT_WRAP_TTL": "5m", "VAULT_HEADERS": `{"X-Process":"1"}`, "VAULT_AGENT_ADDR": "http://127.0.0.1:1",
		"VAULT_PROXY_ADDR": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1",
	} {
		t.Setenv(name, val)
	}
	s := serve(t, map[string]answer{"GET /v1/a": ok(`{"data":{"k":"v"}}`)})
	got := vault(t, s.URL, []string{"VAULT_TOKEN="}, "read", "a")
	if want := (result{0, "Key    Value\n---    -----\nk      v\n", ""}); got != want {
		t.Errorf("got %#v, want %#v", got, want)
	}
	header := s.asked()[0].Header
	for _, name := range []string{"X-Vault-Token", "X-Vault-Namespace", "X-Vault-Wrap-TTL", "X-Process"} {
		if val := header.Get(name); val != "" {
			t.Errorf("%s: %s was sent", name, val)
		}
	}
	// Those of the passed environment count.
	got = vault(t, "http://127.0.0.1:1", []string{"VAULT_NAMESPACE=/ns1", "VAULT_PROXY_ADDR=" + s.URL}, "read", "a")
	if want := (result{0, "Key    Value\n---    -----\nk      v\n", ""}); got != want {
		t.Errorf("got %#v, want %#v", got, want)
	}
	if header := s.asked()[1].Header; header.Get("X-Vault-Namespace") != "ns1/" || header.Get("X-Vault-Token") != "root" {
		t.Errorf("sent %v", header)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, map[string]answer{"GET /v1/a": ok(`{"data":{"k":"v"}}`)})
	var group sync.WaitGroup
	for n := range 20 {
		group.Go(func() {
			token := fmt.Sprintf("token-%d", n)
			if got := vault(t, s.URL, []string{"VAULT_TOKEN=" + token}, "read", "-field=k", "a"); got != (result{0, "v", ""}) {
				t.Errorf("%#v", got)
			}
		})
	}
	group.Wait()
	seen := make(map[string]bool)
	for _, r := range s.asked() {
		token := r.Header.Get("X-Vault-Token")
		if seen[token] {
			t.Errorf("token %s came twice", token)
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
	exit, err := vaultcli.CommandLine{}.Run(ctx, []string{"secrets", "list"}, env, &strings.Builder{}, &stderr)
	if err != nil || exit != 2 || !strings.Contains(stderr.String(), context.Canceled.Error()) {
		t.Errorf("exit %d, %q", exit, stderr.String())
	}
}
