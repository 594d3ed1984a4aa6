// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/spf13/cobra"
)

// completions asks for what a shell would offer for the last of args.
func completions(t *testing.T, args ...string) (offered []string, directive string) {
	t.Helper()
	out, code, stderr := command(t, append([]string{"__complete"}, args...)...)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for _, line := range lines[:len(lines)-1] {
		value, _, _ := strings.Cut(line, "\t")
		offered = append(offered, value)
	}
	return offered, lines[len(lines)-1]
}

func TestCompletionOfValues(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		has  []string
		not  []string
	}{
		"targets":              {args: []string{"run", "--target", ""}, has: []string{"mock", "mock:vault-1.16", "mock-process:openbao-2.5", "binary:", "container:hashicorp/vault:1.20", "addr:https://"}},
		"dialects of mocks":    {args: []string{"check", "--target", "mock:open"}, has: []string{"mock:openbao-2.6"}, not: []string{"mock:vault-1.16", "mock"}},
		"a further target":     {args: []string{"env", "--target", "mock:vault-1.15,mock:vault-1.1"}, has: []string{"mock:vault-1.15,mock:vault-1.16"}, not: []string{"mock:vault-1.15,mock:vault-1.15"}},
		"dialects":             {args: []string{"serve", "--dialect", "vault-1"}, has: []string{"vault-1.14"}, not: []string{"openbao-2.5"}},
		"named dialects":       {args: []string{"dialects", ""}, has: []string{"vault-1.14", "openbao-2.5"}},
		"areas of servers":     {args: []string{"run", "--area", ""}, has: []string{"registration", "upgrades"}, not: []string{"leases"}},
		"areas of plugins":     {args: []string{"check", "--area", ""}, has: []string{"start", "leases"}, not: []string{"registration"}},
		"areas of cases":       {args: []string{"record", "--area", "env,"}, has: []string{"env,wrapping"}, not: []string{"env,env"}},
		"identifiers":          {args: []string{"run", "--only", "REG-001,REG-00"}, has: []string{"REG-001,REG-002"}, not: []string{"REG-001,REG-001"}},
		"plugins' identifiers": {args: []string{"check", "--only", ""}, has: []string{"PLG-001"}, not: []string{"REG-001"}},
		"cases":                {args: []string{"diff", "--case", "env-"}, has: []string{"env-proxy"}},
		"levels":               {args: []string{"requirements", "--level", ""}, has: []string{"must", "should", "may"}},
		"sets":                 {args: []string{"run", "--set", ""}, has: []string{"core"}},
		"formats":              {args: []string{"env", "lint", "--format", ""}, has: []string{"text", "sarif"}},
		"report forms":         {args: []string{"run", "--report", ""}, has: []string{"junit=", "html="}},
		"recordings":           {args: []string{"replay", "--file", ""}, has: []string{"vault-1.14.3.json"}},
		"sides":                {args: []string{"diff", "mock:vault-1.15", ""}, has: []string{"vault-1.14.3.json", "mock:vault-1.16"}},
		"no third side":        {args: []string{"diff", "mock", "mock", ""}, not: []string{"mock"}},
		"log levels":           {args: []string{"serve", "--log-level", ""}, has: []string{"debug"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			offered, _ := completions(t, test.args...)
			g.Expect(offered).To(ContainElements(test.has))
			for _, value := range test.not {
				g.Expect(offered).NotTo(ContainElement(value))
			}
		})
	}
}

// TestCompletionOfFiles: shells complete paths themselves where there is nothing
// but a path, and nothing where a path makes no sense.
func TestCompletionOfFiles(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for args, want := range map[string]cobra.ShellCompDirective{
		"check ":                        cobra.ShellCompDirectiveDefault,
		"run --deviations ":             cobra.ShellCompDirectiveDefault,
		"run --config ":                 cobra.ShellCompDirectiveDefault,
		"run --report junit=result":     cobra.ShellCompDirectiveDefault,
		"report merge shard-1.json ":    cobra.ShellCompDirectiveDefault,
		"env explain HTTP_PROXY ":       cobra.ShellCompDirectiveDefault,
		"serve --tls-key ":              cobra.ShellCompDirectiveDefault,
		"run --plugins ":                cobra.ShellCompDirectiveFilterDirs,
		"man ":                          cobra.ShellCompDirectiveFilterDirs,
		"run ":                          cobra.ShellCompDirectiveNoFileComp,
		"env explain ":                  cobra.ShellCompDirectiveNoFileComp,
		"run --timeout ":                cobra.ShellCompDirectiveNoFileComp,
		"check --request-timeout ":      cobra.ShellCompDirectiveNoFileComp,
		"run --report jun":              cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace,
		"run --target bin":              cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace,
		"run --target mock:vault-1.16":  cobra.ShellCompDirectiveNoFileComp,
		"replay --file nothing-of-that": cobra.ShellCompDirectiveDefault,
	} {
		_, directive := completions(t, strings.Split(args, " ")...)
		g.Expect(directive).To(Equal(fmt.Sprintf(":%d", want)), args)
	}

	directory := t.TempDir()
	g.Expect(os.Mkdir(filepath.Join(directory, "builds"), 0o755)).To(Succeed())
	g.Expect(os.WriteFile(filepath.Join(directory, "bao"), nil, 0o755)).To(Succeed())
	offered, _ := completions(t, "run", "--target", "binary:"+directory+"/b")
	g.Expect(offered).To(ConsistOf("binary:"+directory+"/bao", "binary:"+directory+"/builds/"))
	offered, _ = completions(t, "run", "--target", "binary:"+directory+"/none/b")
	g.Expect(offered).To(BeEmpty())
}

func TestManualPages(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	directory := filepath.Join(t.TempDir(), "man")
	_, code, stderr := command(t, "man", directory)
	g.Expect(code).To(Equal(0), stderr)
	text, err := os.ReadFile(filepath.Join(directory, "plugproof-run.1"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).To(And(ContainSubstring(".TH"), ContainSubstring(`\fB--expect-dialect\fP`), ContainSubstring("plugproof run --only REG-003")))
	for _, page := range []string{"plugproof.1", "plugproof-env-lint.1", "plugproof-serve.1", "plugproof-report-merge.1"} {
		g.Expect(filepath.Join(directory, page)).To(BeARegularFile())
	}
	_, code, stderr = command(t, "man", filepath.Join(directory, "plugproof.1"))
	g.Expect(code).To(Equal(2), stderr)
}
