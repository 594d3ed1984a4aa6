// SPDX-License-Identifier: MPL-2.0

package live_test

import (
	"context"
	"strings"

	"github.com/hashicorp/go-version"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
)

// pluginWins reports whether registered variables win over the server's own
// environment on this target, by what the server says it is.
func pluginWins() bool {
	return kit.Identity.Product == steps.Vault &&
		kit.Identity.Version.GreaterThanOrEqual(version.Must(version.NewVersion("1.16")))
}

// who wins: want is the value under either rule, nil for unset.
type want struct{ hostWins, pluginWins any }

func always(value any) want { return want{value, value} }

var _ = Describe("the environment of a plugin process", Label("environment"), func() {
	long := strings.Repeat("x", 100_000)
	DescribeTable("holds for each variable the value of the layer that wins",
		func(ctx context.Context, host, registered []string, name string, expected want) {
			kit.Needs(steps.HostEnvironment, steps.PluginDirectory)
			s := kit.Server(ctx, steps.Spec{Env: append([]string{"PLUGPROOF_HOST=1"}, host...)})
			Expect(s.Register(ctx, "probe", registered...)).To(Succeed())
			Expect(s.Mount(ctx, "p", "probe")).To(Succeed())
			got, err := s.Env(ctx, "p", name)
			Expect(err).NotTo(HaveOccurred())
			value := expected.hostWins
			if pluginWins() {
				value = expected.pluginWins
			}
			if value == nil {
				Expect(got).To(BeNil())
			} else {
				Expect(got).To(Equal(value))
			}
		},
		Entry("only on the host", []string{"A=host"}, nil, "A", always("host")),
		Entry("only registered", nil, []string{"A=registered"}, "A", always("registered")),
		Entry("on both", []string{"A=host"}, []string{"A=registered"}, "A", want{"host", "registered"}),
		Entry("nowhere", nil, nil, "A", always(nil)),
		Entry("registered twice, the last counts", nil, []string{"A=1", "A=2"}, "A", always("2")),
		Entry("registered empty", nil, []string{"A="}, "A", always("")),
		Entry("registered empty, set on the host", []string{"A=host"}, []string{"A="}, "A", want{"host", ""}),
		Entry("registered, empty on the host", []string{"A="}, []string{"A=registered"}, "A", want{"", "registered"}),
		Entry("a value with =", nil, []string{"A=x=y"}, "A", always("x=y")),
		Entry("an entry without =", []string{"A=host"}, []string{"A"}, "A", always("host")),
		Entry("Unicode", nil, []string{"A=Grüße, 世界"}, "A", always("Grüße, 世界")),
		Entry("a line break", nil, []string{"A=one\ntwo"}, "A", always("one\ntwo")),
		Entry("a very long value", nil, []string{"A=" + long}, "A", always(long)),
		Entry("a proxy, registered", []string{"HTTP_PROXY=http://host:1"}, []string{"HTTP_PROXY=http://plugin:2"}, "HTTP_PROXY", want{"http://host:1", "http://plugin:2"}),
		Entry("a proxy, upper case registered, lower asked", []string{"http_proxy=http://host:1"}, []string{"HTTP_PROXY=http://plugin:2"}, "http_proxy", always("http://host:1")),
		Entry("NO_PROXY, which is not merged", []string{"NO_PROXY=host.test"}, []string{"NO_PROXY=plugin.test"}, "NO_PROXY", want{"host.test", "plugin.test"}),
		Entry("a secret of the host, which every plugin sees", []string{"AWS_SECRET_ACCESS_KEY=s3cret"}, nil, "AWS_SECRET_ACCESS_KEY", always("s3cret")),
		Entry("the handshake's variable registered", nil, []string{"VAULT_BACKEND_PLUGIN=mine"}, "VAULT_BACKEND_PLUGIN", always("6669da05-b1c8-4f49-97d9-c8e5bed98e20")),
		Entry("a port range registered", nil, []string{"PLUGIN_MIN_PORT=1"}, "PLUGIN_MIN_PORT", always("10000")),
		Entry("metadata mode registered", nil, []string{"VAULT_PLUGIN_METADATA_MODE=banana"}, "VAULT_PLUGIN_METADATA_MODE", always("false")),
	)

	DescribeTable("is layered as before Vault 1.16 only where the server's own environment says so",
		func(ctx context.Context, host, registered []string, optedOut bool) {
			kit.Needs(steps.HostEnvironment, steps.PluginDirectory)
			if !pluginWins() {
				Skip("the opt-out is of Vault 1.16 and later")
			}
			s := kit.Server(ctx, steps.Spec{Env: append([]string{"A=host"}, host...)})
			Expect(s.Register(ctx, "probe", append([]string{"A=registered"}, registered...)...)).To(Succeed())
			Expect(s.Mount(ctx, "p", "probe")).To(Succeed())
			expected := "registered"
			if optedOut {
				expected = "host"
			}
			Expect(s.Env(ctx, "p", "A")).To(Equal(expected))
		},
		Entry("true", optOut("true"), nil, true),
		Entry("1", optOut("1"), nil, true),
		Entry("T", optOut("T"), nil, true),
		Entry("false", optOut("false"), nil, false),
		Entry("yes", optOut("yes"), nil, false),
		Entry("on", optOut("on"), nil, false),
		Entry("empty", optOut(""), nil, false),
		Entry("registered with the plugin", nil, optOut("true"), false),
	)
})

func optOut(value string) []string { return []string{"VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING=" + value} }
