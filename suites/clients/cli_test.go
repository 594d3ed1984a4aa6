// SPDX-License-Identifier: MPL-2.0

package clients_test

import (
	"bytes"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/run"
	"github.com/plugproof/plugproof/suites/servertest"
)

// commandLine carries out one command on the session's server and gives what it
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

// documented is the documentation's first session with what follows from it, and
// what each command's output must hold.
func documented(s *session, cli steps.CommandLine) {
	for _, step := range []struct {
		args  string
		holds string
	}{
		{"plugin register -sha256=" + s.sum + " -command=probe secret passthrough-plugin", "Success! Registered plugin: passthrough-plugin\n"},
		{"plugin info secret passthrough-plugin", s.sum},
		{"secrets enable -path=my-secrets passthrough-plugin", "Success! Enabled the passthrough-plugin secrets engine at: my-secrets/\n"},
		{"secrets list", "\nmy-secrets/ "},
		{"write my-secrets/kv/a value=v", "Success! Data written to: my-secrets/kv/a\n"},
		{"read -field=value my-secrets/kv/a", "v"},
		{"list my-secrets/kv", "\na\n"},
		{"plugin reload -plugin=passthrough-plugin", "Success! Reloaded plugin: passthrough-plugin\n"},
		{"secrets tune -max-lease-ttl=1h my-secrets", "Success! Tuned the secrets engine at: my-secrets/\n"},
		{"secrets list -detailed", "    3600       false "},
		{"secrets move my-secrets moved", "Success! Finished moving secrets engine my-secrets/ to moved/"},
		{"delete moved/kv/a", "Success! Data deleted (if it existed) at: moved/kv/a\n"},
		{"secrets disable moved", "Success! Disabled the secrets engine (if it existed) at: moved/\n"},
		{"plugin deregister secret passthrough-plugin", "passthrough-plugin"},
		{"secrets enable -path=plain -version=1 kv", "Success! Enabled the kv secrets engine at: plain/\n"},
		{"kv put plain/a k=v", "Success! Data written to: plain/a\n"},
		{"kv get -field=k plain/a", "v"},
		{"status", "Sealed "},
		{"auth list", "\ntoken/ "},
		{"plugin list secret", "\nkv "},
		{"token lookup", "\npolicies "},
	} {
		s.Expect(s.commandLine(cli, strings.Fields(step.args)...)).To(ContainSubstring(step.holds), step.args)
	}
}

// TestOwnCommandLine works on the mock and on a real server alike.
func TestOwnCommandLine(t *testing.T) {
	t.Parallel()
	each(t, steps.Spec{}, func(s *session) { documented(s, steps.OwnCommandLine{}) })
}

// TestRealCommandLine is a vault or bao binary that does not notice the mock.
func TestRealCommandLine(t *testing.T) {
	t.Parallel()
	path := servertest.RealServer(t)
	each(t, steps.Spec{}, func(s *session) { documented(s, steps.BinaryCommandLine{Path: path}) })
}

// TestFeaturesWithARealCommandLine runs features of the documentation's
// sessions as a user does, plugproof run --cli PATH.
func TestFeaturesWithARealCommandLine(t *testing.T) {
	t.Parallel()
	path := servertest.RealServer(t)
	g := NewWithT(t)
	command := run.Command()
	var output bytes.Buffer
	command.SetOut(&output)
	command.SetErr(&output)
	command.SetArgs([]string{"--cli", path, "--target", "mock", "--area", "documentation"})
	err := command.ExecuteContext(t.Context())
	g.Expect(err).NotTo(HaveOccurred(), output.String())
	g.Expect(output.String()).To(ContainSubstring("PASS        DOC-008"))
	g.Expect(output.String()).To(ContainSubstring("Conforms: "))
}
