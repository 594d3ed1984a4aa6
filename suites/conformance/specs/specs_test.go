// SPDX-License-Identifier: MPL-2.0

package specs_test

import (
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/conformance/specs"
)

var _ = specs.Describe("the mock", "mock:vault-1.20", conformance.Config{Area: []string{"listing"}})

func TestSpecs(t *testing.T) {
	gomega.RegisterFailHandler(ginkgo.Fail)
	ginkgo.RunSpecs(t, "the contract")
}
