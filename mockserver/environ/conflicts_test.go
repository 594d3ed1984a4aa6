// SPDX-License-Identifier: MPL-2.0

package environ_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/environ"
)

func TestConflictsAreNamesOnBothSidesWhateverTheirValues(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	host := []string{"Z=1", "EQUAL=same", "http_proxy=x", "BARE=1"}
	registered := []string{"Z=2", "Z=3", "EQUAL=same", "HTTP_PROXY=x", "BARE", "OTHER=1"}
	g.Expect(environ.Conflicts(registered, host)).To(Equal([]string{"BARE", "EQUAL", "Z"}))
	g.Expect(environ.Conflicts(nil, host)).To(BeEmpty())
}

func TestNoticesComeOnlyWithTheOptOut(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plugins := []environ.Plugin{{Type: "secret", Name: "mine", Version: "v1.0.0", Env: []string{"A=1", "B=1"}}}
	g.Expect(environ.Notices(environ.PluginWins, []string{"A=2"}, plugins)).To(BeEmpty())
	g.Expect(environ.Notices(environ.HostWins, []string{"A=2", environ.OptOut + "=true"}, plugins)).To(BeEmpty())

	notices := environ.Notices(environ.PluginWins, []string{"A=2", environ.OptOut + "=true"}, plugins)
	g.Expect(notices).To(HaveLen(2))
	g.Expect(notices[0].Warn).To(BeTrue())
	g.Expect(notices[0].Message).To(Equal("conflict between system and plugin environment variable"))
	g.Expect(notices[0].Fields).To(Equal([]any{"type", "secret", "name", "mine", "version", "v1.0.0", "variable", "A"}))
	g.Expect(notices[1].Fields).To(Equal([]any{environ.OptOut, "true"}))

	none := environ.Notices(environ.PluginWins, []string{"C=2", environ.OptOut + "=true"}, plugins)
	g.Expect(none).To(HaveLen(1))
	g.Expect(none[0].Warn).To(BeFalse())
}
