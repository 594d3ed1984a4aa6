// SPDX-License-Identifier: MPL-2.0

// Package servertest gives Go tests the servers to run against: the mock in
// several dialects, side by side, and a real server where there is one.
//
// One variable names the real server's program for all tests of the project:
//
//	PLUGPROOF_TEST_BINARY=/usr/local/bin/bao go test ./...
//
// It is a `vault` or `bao` binary; tests start servers of it by themselves, and
// use it as command line where they need one. Without it those tests are
// skipped and say so. Tests that compare with recordings of OpenBao 2.5 run
// with a binary of that version only.
package servertest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Variable is the environment variable that names the program of a real server.
const Variable = "PLUGPROOF_TEST_BINARY"

// RealServer returns the path of a real server's program, and skips the test
// where none is named.
func RealServer(t testing.TB) string {
	t.Helper()
	path := os.Getenv(Variable)
	if path == "" {
		t.Skip(Variable + " names no vault or bao program")
	}
	return path
}

// ImageVariable is the environment variable that names the image of a real server,
// for tests that need no program of it on this machine.
const ImageVariable = "PLUGPROOF_TEST_IMAGE"

// RealTarget returns the target of the real server that Variable or ImageVariable
// names, and skips the test where neither does.
func RealTarget(t testing.TB) string {
	t.Helper()
	if image := os.Getenv(ImageVariable); image != "" {
		return "container:" + image
	}
	if path := os.Getenv(Variable); path != "" {
		return "binary:" + path
	}
	t.Skip("neither " + Variable + " names a vault or bao program nor " + ImageVariable + " an image")
	return ""
}

// OpenBao25 is RealServer for tests that hold answers of OpenBao 2.5 against
// the program's.
func OpenBao25(t testing.TB) string {
	t.Helper()
	path := RealServer(t)
	version, err := exec.CommandContext(t.Context(), path, "version").CombinedOutput()
	if err != nil {
		t.Fatalf("%s version, which %s names: %v\n%s", path, Variable, err, version)
	}
	// A build without a stamp says 2.0.0-HEAD whatever it is, as the recorded
	// one does.
	text := string(version)
	if !strings.HasPrefix(text, "OpenBao v2.5.") && !strings.HasPrefix(text, "OpenBao v2.0.0-HEAD") {
		t.Skipf("%s names %s, and this test is about OpenBao 2.5", Variable, strings.TrimSpace(text))
	}
	return path
}
