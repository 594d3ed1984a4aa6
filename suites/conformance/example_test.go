// SPDX-License-Identifier: MPL-2.0

package conformance_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/plugproof/plugproof/plugins/passthrough"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
)

func ExampleTest() {
	var t *testing.T // of TestServer(t *testing.T)
	conformance.Test(t, conformance.Target(t, "binary:/usr/local/bin/vault"), conformance.Config{
		Area: []string{"registration", "mounting"},
	})
}

func ExampleCheckPlugin() {
	var t *testing.T // of TestPlugin(t *testing.T)
	conformance.CheckPlugin(t, passthrough.Factory, steps.Profile{
		Samples: []steps.Sample{{Path: "a", Data: map[string]any{"value": "b"}}},
	})
}

func ExampleRun() {
	result, err := conformance.Run(context.Background(), conformance.Config{Target: "mock:vault-1.16", Only: []string{"LST-001"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, verdict := range result.Verdicts() {
		fmt.Println(verdict.Status, verdict.Requirement.ID)
	}
	// Output: PASS LST-001
}
