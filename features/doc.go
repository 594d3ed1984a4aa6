// SPDX-License-Identifier: MPL-2.0

// Package features holds what a server and a plugin must do, in Gherkin: the
// directory server for servers, the directory plugin for plugins, one file for each
// area. A scenario is a requirement; everything that tools need to know about it
// is in the file. CONTRACT.md states the rules that the requirements check.
//
// # Tags
//
//	@REG-003            identifier: three letters for the area and a number. It
//	                    never changes and is never given to something else.
//	@must @should @may  level, as in RFC 2119
//	@contract-2         the section of CONTRACT.md that states it
//	@needs-restart      capability without which it can't be checked: the
//	                    scenario is UNSUPPORTED on a target that lacks it. The
//	                    capabilities are listed in steps/target.go, and what a
//	                    sentence needs in SENTENCES.md; it is an error to leave
//	                    the tag out.
//	@type-auth          type of the plugins that it is about, in features/plugin
//	@builds-on-PLG-302  requirement without which it fails too, or says nothing:
//	                    where that one failed, a failure of this one is not
//	                    reported, and it counts as not checked
//	@own-server         shares no server with other scenarios
//	@vault>=1.16        product, and version if it matters: >= > < <= = with two
//	                    or three numbers. Several of one product must all hold.
//	                    Without such a tag a scenario is about every server; with
//	                    one it is about the named products only and a SKIP on all
//	                    others. The server itself is asked which one it is.
//
// Tags stand at a feature, a rule, a scenario or at the examples of an outline,
// where they choose between expectations for different products.
//
// # Lines in descriptions
//
//	Source: URL         a document that states the requirement
//	Remedy: text        what to do if it fails; the scenario's goes before the
//	                    rule's and the feature's
//
// # Sentences
//
// They are listed in SENTENCES.md, which is made from steps/bindings.go. {name}
// in a text stands for a value that was kept before: {sha256 of probe} for a
// binary's sum, {reader} for a token, {eu.example.com} for a proxy's address.
// Tables of answers have a path and an expectation: a text, (any), (missing),
// contains X, lacks X, /pattern/.
//
// # Statuses and texts
//
// Statuses and fields are @must. The wording of an error message differs between
// versions, so it is a requirement of its own, @should, or none: the recorded
// cases of suites/replay hold what each version says. Only what the
// documentation prints is @must word for word.
//
// The binaries are probe (a plugin that can be anything; its registered
// PROBE_… variables choose; with PROBE_SERVE=transactions it has paths of its own, for
// OpenBao's storage of plugins), probe-v4 (the same built with an SDK from before
// AutoMTLS), passthrough, jwt and the database plugin memdb.
package features

import (
	"embed"
	"io/fs"
)

//go:embed server/*.feature plugin/*.feature
var files embed.FS

// Server returns the features that a server must satisfy: every *.feature file
// of the directory server, at the top.
func Server() fs.FS { return directory("server") }

// Plugin returns the features that a plugin binary must satisfy, for
// 'plugproof check': every *.feature file of the directory plugin, at the top.
func Plugin() fs.FS { return directory("plugin") }

func directory(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // only for a malformed name
	}
	return sub
}
