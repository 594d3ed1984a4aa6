// SPDX-License-Identifier: MPL-2.0

// Package steps carries out the sentences of the features.
//
// A Suite holds what all scenarios of a run share: the target, the plugin
// binaries, the command line. Every scenario has a world of its own: its server,
// the values that it kept, what it has to remove.
//
// All sentences are listed in bindings.go and bindings_….go, in groups. The steps of a group are in
// the files that begin with its name: the group answers in answers.go, the group
// plugins in plugins.go and plugins_files.go. The other files are what the steps
// are built on: the world (world.go, cleanup.go, unanswered.go, names.go,
// text.go), HTTP (client.go), and the reading of features (requirements.go,
// requirement.go, tags.go, applies.go).
//
// A scenario sees a server only over HTTP, through a vault command line and
// through Server, so the same sentences run against the mock, a real server and a
// server that somebody else runs. target.go declares what a target has to do,
// abilities.go what only some targets can do.
package steps
