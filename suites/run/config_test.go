// SPDX-License-Identifier: MPL-2.0

package run

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/spf13/pflag"
)

// TestPrecedence shows defaults < file < variables < flags, setting by setting.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "settings.yaml")
	g.Expect(os.WriteFile(file, []byte("target: of-file\ncli: of-file\nonly: [REG-001, REG-002]\nseed: 3\n"), 0o600)).To(Succeed())
	var config Config
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	config.addFlags(flags)
	g.Expect(flags.Parse([]string{"--target", "of-flag"})).To(Succeed())
	err := settle(flags, file, []string{
		"PLUGPROOF_TARGET=of-variable", "PLUGPROOF_CLI=of-variable", "PLUGPROOF_AREA=access,mounting",
		"PLUGPROOF_TEST_BINARY=not ours", "HOME=/",
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(config.Target).To(Equal("of-flag"))
	g.Expect(config.CLI).To(Equal("of-variable"))
	g.Expect(config.Area).To(Equal([]string{"access", "mounting"}))
	g.Expect(config.Only).To(Equal([]string{"REG-001", "REG-002"}))
	g.Expect(config.Seed).To(Equal(int64(3)))
	g.Expect(config.Concurrency).To(BeNumerically(">=", 2), "the default")
}

func TestSettingsThatDoNotExist(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file    string
		environ []string
		want    string
	}{
		"key":      {"taget: mock\n", nil, `"taget"`},
		"variable": {"", []string{"PLUGPROOF_TAGET=mock"}, "PLUGPROOF_TAGET"},
		"value":    {"concurrency: many\n", nil, "concurrency"},
		"tree":     {"target: {name: mock}\n", nil, "a text or a list"},
		"no YAML":  {"\t- :\n", nil, "yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			file := filepath.Join(t.TempDir(), "settings.yaml")
			g.Expect(os.WriteFile(file, []byte(test.file), 0o600)).To(Succeed())
			var config Config
			flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
			config.addFlags(flags)
			g.Expect(settle(flags, file, test.environ)).To(MatchError(ContainSubstring(test.want)))
		})
	}
}
