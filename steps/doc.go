// SPDX-License-Identifier: MPL-2.0

// Package steps gives the sentences of the features their meaning.
//
// A Suite holds what all scenarios of a run share: the target, the plugin
// binaries, the command line. Every scenario has a World of its own: its
// server, what it saved, what it made. The list of all sentences is in
// bindings.go; the files beside it are named after the vocabulary they hold.
//
// A scenario sees a server only over HTTP, through a vault command line and
// through Server, so the same sentences run against the mock, a real server
// and a server that somebody else runs.
package steps
