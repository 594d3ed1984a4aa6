// SPDX-License-Identifier: MPL-2.0

// Package specs is conformance.Test for Ginkgo. It is apart so that only suites of
// Ginkgo depend on it.
package specs

import (
	"context"
	"fmt"

	"github.com/onsi/ginkgo/v2"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/targets"
)

// Describe registers the requirements of servers as specs of a container, which
// holds the target of that name to them, as 'plugproof run --target' has it. A
// spec's text begins with the identifier, its labels are the area and the level:
//
//	var _ = specs.Describe("my server", "binary:/usr/local/bin/vault")
//
// The container is ordered, so that one target serves all, and goes on after a
// failure. There is one config at most.
func Describe(text, target string, configs ...conformance.Config) bool {
	ginkgo.GinkgoHelper()
	return ginkgo.Describe(text, ginkgo.Ordered, ginkgo.ContinueOnFailure, func() {
		var config conformance.Config
		if len(configs) > 0 {
			config = configs[0]
		}
		all, err := conformance.Chosen(config)
		if len(configs) > 1 {
			err = fmt.Errorf("specs.Describe: there is one Config at most, not %d", len(configs))
		}
		if err != nil {
			ginkgo.It("can be held to the contract", func() { ginkgo.Fail(err.Error()) })
			return
		}
		var server steps.Target
		ginkgo.BeforeAll(func(ctx ginkgo.SpecContext) {
			if server, err = targets.Parse(target, targets.Options{PluginDir: config.PluginDir, ThisServer: config.YesThisServer, StartOnce: true}); err != nil {
				ginkgo.Fail(err.Error())
			}
			ginkgo.DeferCleanup(func(ctx context.Context) error { return server.Close(ctx) })
			if config, err = config.WithPlugins(ctx, server); err != nil {
				ginkgo.Fail(err.Error())
			}
		})
		for _, requirement := range all {
			labels := ginkgo.Label(requirement.Area, string(requirement.Level))
			ginkgo.It(requirement.ID+" "+requirement.Title, labels, func(ctx ginkgo.SpecContext) {
				hold(ctx, config, server, requirement.ID)
			})
		}
	})
}

// hold checks one requirement.
func hold(ctx context.Context, config conformance.Config, target steps.Target, id string) {
	ginkgo.GinkgoHelper()
	config.Only = []string{id}
	result, err := conformance.Against(ctx, config, target)
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	for _, verdict := range result.Verdicts() {
		conformance.Conclude(ginkgo.GinkgoT(), verdict)
	}
}
