// SPDX-License-Identifier: MPL-2.0

package clients_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/build"
	"github.com/plugproof/plugproof/suites/internal/servertest"
	"github.com/plugproof/plugproof/suites/vaultcli"
)

// commandLine carries out one command on the session's server and returns what it
// printed. It must succeed.
func (s *session) commandLine(cli steps.CommandLine, args ...string) string {
	s.t.Helper()
	env := map[string]string{"VAULT_ADDR": s.Address(), "VAULT_TOKEN": s.Token(), "HOME": s.t.TempDir()}
	var stdout, stderr bytes.Buffer
	exit, err := cli.Run(s.t.Context(), args, env, &stdout, &stderr)
	s.ok(err)
	s.Expect(exit).To(BeZero(), "%v: %s%s", args, stdout.String(), stderr.String())
	return stdout.String()
}

// commandStep is a command and what its output must hold.
type commandStep struct{ args, holds string }

func (s *session) commandLines(cli steps.CommandLine, lines ...commandStep) {
	s.t.Helper()
	for _, line := range lines {
		s.Expect(s.commandLine(cli, strings.Fields(line.args)...)).To(ContainSubstring(line.holds), line.args)
	}
}

// documented is the documentation's first session with what follows from it.
func documented(s *session, cli steps.CommandLine) {
	s.commandLines(cli, []commandStep{
		{"plugin register -sha256=" + s.sum + " -command=probe secret passthrough-plugin", "Success! Registered plugin: passthrough-plugin\n"},
		{"plugin info secret passthrough-plugin", s.sum},
		{"secrets enable -path=my-secrets passthrough-plugin", "Success! Enabled the passthrough-plugin secrets engine at: my-secrets/\n"},
		{"secrets list", "\nmy-secrets/ "},
		{"write my-secrets/kv/a value=v", "Success! Data written to: my-secrets/kv/a\n"},
		{"read -field=value my-secrets/kv/a", "v"},
		{"plugin reload -plugin=passthrough-plugin", "Success! Reloaded plugin: passthrough-plugin\n"},
		{"secrets list -detailed", "    system     false "},
		{"secrets move my-secrets moved", "Success! Finished moving secrets engine my-secrets/ to moved/"},
		{"secrets disable moved", "Success! Disabled the secrets engine (if it existed) at: moved/\n"},
		{"plugin deregister secret passthrough-plugin", "passthrough-plugin"},
		{"status", "Sealed "},
		{"auth list", "\ntoken/ "},
		{"plugin list secret", "\nkv "},
		{"token lookup", "\npolicies "},
	}...)
}

// beyond is a session of commands and flags that our own command line lacks.
func beyond(s *session, cli steps.CommandLine) {
	s.commandLines(cli, []commandStep{
		{"secrets enable -path=plain -version=1 kv", "Success! Enabled the kv secrets engine at: plain/\n"},
		{"secrets tune -max-lease-ttl=1h plain", "Success! Tuned the secrets engine at: plain/\n"},
		{"secrets list -detailed", "    3600       false "},
		{"kv put plain/a k=v", "Success! Data written to: plain/a\n"},
		{"kv get -field=k plain/a", "v"},
		{"list plain", "\na\n"},
		{"delete plain/a", "Success! Data deleted (if it existed) at: plain/a\n"},
	}...)
}

// TestBundledCommandLine works on the mock and on a real server alike.
func TestBundledCommandLine(t *testing.T) {
	t.Parallel()
	each(t, steps.Spec{}, func(s *session) { documented(s, vaultcli.CommandLine{}) })
}

// TestRealCommandLine is a vault or bao binary that does not notice the mock.
func TestRealCommandLine(t *testing.T) {
	t.Parallel()
	path := servertest.RealServer(t)
	each(t, steps.Spec{}, func(s *session) {
		documented(s, steps.BinaryCommandLine{Path: path})
		beyond(s, steps.BinaryCommandLine{Path: path})
	})
}

// TestFeaturesWithARealCommandLine runs features of the documentation's
// sessions as a user does, plugproof run --cli PATH.
func TestFeaturesWithARealCommandLine(t *testing.T) {
	t.Parallel()
	path := servertest.RealServer(t)
	g := NewWithT(t)
	program, err := build.Program(t.Context(), ".", "")
	g.Expect(err).NotTo(HaveOccurred())
	output, err := exec.CommandContext(t.Context(), program, "run", "--cli", path, "--target", "mock", "--area", "documentation").CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), string(output))
	g.Expect(string(output)).To(ContainSubstring("PASS        DOC-008"))
	g.Expect(string(output)).To(ContainSubstring("Conforms: "))
}
