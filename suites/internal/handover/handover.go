// SPDX-License-Identifier: MPL-2.0

// Package handover lets `plugproof serve` become plugproof-serve, which is ready in a
// fraction of the time, when both are in one directory and of one build, as in an
// archive of a release. The process stays the same one. What plugproof alone knows, its
// configuration and its help, is left to it.
//
// It imports nothing that package os does not import too, so that it can act before
// other packages are initialised: with strings, two hundred would go first.
package handover

import (
	"os"
	"slices"
)

// The programs, and the command of the first that is all of the second.
const (
	giver   = "plugproof"
	taker   = "plugproof-serve"
	command = "serve"
)

// Give replaces the process with plugproof-serve, if args are those of `plugproof
// serve` and nothing that they need is only in plugproof. Otherwise it returns.
func Give(args []string) {
	if len(args) < 2 || args[1] != command || base(args[0]) == taker || needed(args[2:], os.Environ()) {
		return
	}
	own, err := os.Executable()
	if err != nil || base(own) != giver {
		return
	}
	if _, err := os.Lstat("plugproof.yaml"); err == nil {
		return
	}
	_ = replace(own[:len(own)-len(giver)]+taker, append([]string{own}, args[1:]...))
}

// needed reports whether arguments or variables of `plugproof serve` ask for what
// plugproof-serve has not: help and configuration of plugproof, and lines that are made
// harmless for GitHub's log.
func needed(args, environment []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		return arg == "-h" || begins(arg, "--help") || begins(arg, "--config")
	}) || slices.ContainsFunc(environment, func(variable string) bool {
		return begins(variable, "PLUGPROOF_") || begins(variable, "GITHUB_ACTIONS=")
	})
}

// Given returns whether args, those of this process, come from Give, and the arguments of
// the command.
func Given(args []string) (rest []string, ok bool) {
	if len(args) < 2 || args[1] != command || !begins(args[0], "/") || base(args[0]) != giver {
		return nil, false
	}
	return args[2:], true
}

// Return gives the process back to the plugproof that it comes from. It returns if that
// is gone.
func Return(args []string) { _ = replace(args[0], append([]string{taker}, args[1:]...)) }

// base returns the last element of a path, with slashes as where replace works.
func base(path string) string {
	for at := len(path) - 1; at >= 0; at-- {
		if path[at] == '/' {
			return path[at+1:]
		}
	}
	return path
}

// begins is strings.HasPrefix.
func begins(text, with string) bool { return len(text) >= len(with) && text[:len(with)] == with }
