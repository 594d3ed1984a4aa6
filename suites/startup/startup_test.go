// SPDX-License-Identifier: MPL-2.0

package startup_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/internal/build"
	"github.com/plugproof/plugproof/suites/startup"
)

// TestMain looks at the process before End, which tests need.
func TestMain(m *testing.M) {
	path, hidden := os.LookupEnv("PATH")
	hidden = hidden && path == ""
	startup.End()
	if !hidden || os.Getenv("PATH") == "" || slices.ContainsFunc(os.Environ(), func(variable string) bool { return variable == "HOST_PROC="+os.DevNull }) {
		panic("before End PATH must be hidden, and after it everything as it was: " + path)
	}
	os.Exit(m.Run())
}

// TestBeforeLibraries holds the program to the order on which this package relies, and
// looks at what the go command of PATH is asked for.
func TestBeforeLibraries(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	program, err := build.Program(t.Context(), ".", "")
	g.Expect(err).NotTo(HaveOccurred())
	bin := t.TempDir()
	called := filepath.Join(bin, "called")
	g.Expect(os.WriteFile(filepath.Join(bin, "go"), []byte("#!/bin/sh\necho \"$@\" >>'"+called+"'\n"), 0o755)).To(Succeed()) //nolint:gosec // it is a program

	out := output(t.Context(), g, []string{"PATH=" + bin, "GODEBUG=inittrace=1"}, program, "version")
	var order []string
	for _, line := range regexp.MustCompile(`(?m)^init (\S+) @`).FindAllStringSubmatch(out, -1) {
		order = append(order, line[1])
	}
	own := slices.Index(order, "github.com/plugproof/plugproof/suites/startup")
	g.Expect(own).To(BeNumerically(">", 0), out)
	for _, library := range []string{"github.com/cucumber/godog/internal/builder", "github.com/testcontainers/testcontainers-go/internal/core/bootstrap"} {
		g.Expect(slices.Index(order, library)).To(BeNumerically(">", own), "%s is initialised later", library)
	}
	g.Expect(called).NotTo(BeAnExistingFile(), "the go command is not run")
}

// output runs a program with variables of its own and returns what it wrote.
func output(ctx context.Context, g *WithT, environment []string, program string, args ...string) string {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = environment
	out, err := cmd.CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), strings.TrimSpace(string(out)))
	return string(out)
}
