// SPDX-License-Identifier: MPL-2.0

package conformance_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/plugins/passthrough"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
)

func TestServer(t *testing.T) {
	t.Parallel()
	conformance.Test(t, conformance.Target(t, "mock:vault-1.20"), conformance.Config{Area: []string{"listing"}})
}

// TestBackend checks a factory by what depends on how its process is started. That the
// plugin conforms in all else is checked of its program, by the example of the README.
func TestBackend(t *testing.T) {
	t.Parallel()
	conformance.CheckPlugin(t, passthrough.Factory, steps.Profile{
		Type:    "secret",
		Samples: []steps.Sample{{Path: "a", Data: map[string]any{"value": "b"}}},
	}, conformance.CheckConfig{Target: "mock:vault-1.15", Only: []string{
		"PLG-001", "PLG-003", "PLG-004", "PLG-005", "PLG-007", "PLG-008", "PLG-009", "PLG-015", "PLG-016", "PLG-020", "PLG-030", "PLG-032", "PLG-033",
	}})
}

// badVariable chooses, in a process of its own, one of the tests that fail.
const badVariable = "PLUGPROOF_TEST_BAD"

// failing is a secrets engine whose requests all fail.
func failing(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	backend := &framework.Backend{BackendType: logical.TypeLogical, Paths: []*framework.Path{{
		Pattern: ".*",
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{Callback: func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
				panic("out of order")
			}},
		},
	}}}
	return backend, backend.Setup(ctx, config)
}

// bad are tests that fail.
func bad() map[string]func(t *testing.T) {
	only := func(ids ...string) conformance.Config {
		return conformance.Config{Only: ids, ExpectDialect: "vault-1.16"}
	}
	return map[string]func(t *testing.T){
		"server": func(t *testing.T) {
			conformance.Test(t, conformance.Target(t, "mock:vault-1.15"), only("ENV-021", "LST-001"))
		},
		"backend": func(t *testing.T) {
			conformance.CheckPlugin(t, failing, steps.Profile{Env: []string{badVariable + "=backend"}}, conformance.CheckConfig{Only: []string{"PLG-001", "PLG-011"}})
		},
		"no plugin":   func(t *testing.T) { conformance.CheckPlugin(t, "/no/such/plugin", steps.Profile{}) },
		"nil factory": func(t *testing.T) { conformance.CheckPlugin(t, logical.Factory(nil), steps.Profile{}) },
		"nil target":  func(t *testing.T) { conformance.Test(t, nil) },
		"no target":   func(t *testing.T) { conformance.Target(t, "moon") },
		"unknown":     func(t *testing.T) { conformance.Test(t, conformance.Target(t, "mock"), only("REG-999")) },
		"two configs": func(t *testing.T) { conformance.Test(t, conformance.Target(t, "mock"), only(), only()) },
		"unknown of plugins": func(t *testing.T) {
			conformance.CheckPlugin(t, passthrough.Factory, steps.Profile{}, conformance.CheckConfig{Only: []string{"REG-001"}})
		},
		"nothing checked": func(t *testing.T) {
			config := conformance.Config{Only: []string{"UPG-040"}}
			conformance.Test(t, conformance.Target(t, "mock:vault-1.16"), config)
		},
	}
}

// TestBad is run by TestFailures.
func TestBad(t *testing.T) {
	test, ok := bad()[os.Getenv(badVariable)]
	if !ok {
		t.Skip("TestFailures runs it in a process of its own")
	}
	test(t)
}

// TestFailures runs tests that have to fail, each in a process of its own.
func TestFailures(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"server":             {"--- FAIL: TestBad/ENV-021", "wanted   SOURCE=plugin", "remedy", "--- PASS: TestBad/LST-001"},
		"backend":            {"--- FAIL: TestBad/PLG-", "--- PASS: TestBad/PLG-001"},
		"no plugin":          {"build the plugin first"},
		"nil factory":        {"the factory is nil"},
		"nil target":         {`the target is nil; conformance.Target(t, "mock") returns one`},
		"no target":          {"known are mock"},
		"unknown":            {`there is no requirement "REG-999"`},
		"two configs":        {"one conformance.Config at most, not 2"},
		"unknown of plugins": {"REG-001 is a requirement of servers, which 'plugproof run' checks"},
		"nothing checked":    {"--- SKIP: TestBad/UPG-040", "no requirement was checked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			self, err := os.Executable()
			g.Expect(err).NotTo(HaveOccurred())
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestBad$", "-test.v")
			cmd.Env = append(os.Environ(), badVariable+"="+name)
			out, err := cmd.CombinedOutput()
			exit := new(exec.ExitError)
			g.Expect(errors.As(err, &exit)).To(BeTrue(), "%v\n%s", err, out)
			g.Expect(exit.ExitCode()).To(Equal(1), "%s", out)
			g.Expect(string(out)).NotTo(ContainSubstring("panic: runtime error"))
			for _, text := range want {
				g.Expect(string(out)).To(ContainSubstring(text))
			}
		})
	}
}

func TestWithoutATest(t *testing.T) {
	t.Parallel()
	NewWithT(t).Expect(func() { conformance.Test(nil, nil) }).To(PanicWith("conformance.Test: the test is nil"))
}
