// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

// TestAPluginGivesNoCommandsToTheWorkflow: what a plugin prints is shown, but GitHub's
// runner takes no line of it for a command.
func TestAPluginGivesNoCommandsToTheWorkflow(t *testing.T) {
	t.Setenv("GITHUB_ACTIONS", "true")
	t.Setenv("GITHUB_STEP_SUMMARY", "")
	g := NewWithT(t)
	plugin := filepath.Join(t.TempDir(), "plugin")
	script := "#!/bin/sh\nprintf '::stop-commands::a\\n  ::error::b\\nc\\r::add-mask::d\\ne ##[error]f\\n' >&2\nexit 3\n"
	g.Expect(os.WriteFile(plugin, []byte(script), 0o755)).To(Succeed()) //nolint:gosec // a program
	for _, args := range [][]string{{"check", plugin}, {"check", "--verbose", plugin}, {"check", "--report", "markdown=-", plugin}, {"check", "--report", "junit=-", plugin}} {
		stdout, code, stderr := execute(t.Context(), t, args...)
		g.Expect(code).To(Equal(1), stderr)
		g.Expect(stdout).To(ContainSubstring("::stop-commands::a"))
		both := stdout + "\n" + stderr
		g.Expect(both).NotTo(MatchRegexp(`(?m)(^|\r)\s*::(stop-commands|add-mask|error::)`), "%v", args)
		g.Expect(stdout).NotTo(ContainSubstring("##["), "%v", args)
		g.Expect(stderr).To(ContainSubstring("::error title=plugproof%3A Does not conform::"), "%v", args)
	}
}
