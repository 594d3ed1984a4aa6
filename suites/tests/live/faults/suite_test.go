// SPDX-License-Identifier: MPL-2.0

package faults_test

import (
	"context"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/tests/live"
)

func TestFaults(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Faults")
}

var kit *live.Kit

var _ = BeforeSuite(func(ctx context.Context) { kit = live.Open(ctx) })
