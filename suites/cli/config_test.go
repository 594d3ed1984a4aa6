// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/suites/conformance"
)

// TestPrecedence shows defaults < file < variables < flags, setting by setting.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "settings.yaml")
	g.Expect(os.WriteFile(file, []byte("target: of-file\ncli: of-file\nonly: [REG-001, REG-002]\nseed: 3\nrun: {tags: of-section}\ncheck: {target: of-another}\nplugin: {type: auth}\n"), 0o600)).To(Succeed())
	command, config := commandAndConfig()
	g.Expect(command.ParseFlags([]string{"--target", "of-flag"})).To(Succeed())
	err := configure(command, file, []string{
		"PLUGPROOF_TARGET=of-variable", "PLUGPROOF_CLI=of-variable", "PLUGPROOF_AREA=access,mounting",
		"PLUGPROOF_TEST_BINARY=not ours", "HOME=/",
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(config.Target).To(Equal("of-flag"))
	g.Expect(config.CLI).To(Equal("of-variable"))
	g.Expect(config.Area).To(Equal([]string{"access", "mounting"}))
	g.Expect(config.Only).To(Equal([]string{"REG-001", "REG-002"}))
	g.Expect(config.Tags).To(Equal("of-section"))
	g.Expect(config.Seed).To(Equal(int64(3)))
	g.Expect(config.Concurrency).To(BeNumerically(">=", 2), "the default")
}

// commandAndConfig returns the command run below a root that has check too, and
// the configuration that its flags set.
func commandAndConfig() (*cobra.Command, *conformance.Config) {
	config := &conformance.Config{}
	command := &cobra.Command{Use: "run", RunE: func(*cobra.Command, []string) error { return nil }}
	addRunFlags(command.Flags(), config)
	root := &cobra.Command{Use: "plugproof"}
	root.AddCommand(command, checkCommand())
	return command, config
}
