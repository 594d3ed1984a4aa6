// SPDX-License-Identifier: MPL-2.0

package live_test

import (
	"context"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestLive(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Live")
}

// kit is shared by the suites, which their labels tell apart.
var kit *Kit

var _ = BeforeSuite(func(ctx context.Context) { kit = Open(ctx) })
