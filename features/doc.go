// SPDX-License-Identifier: MPL-2.0

// Package features holds what a server and a plugin must do, in Gherkin, one
// file an area. A scenario is a requirement; everything that tools need to know
// about it stands in the file.
//
// # Tags
//
//	@REG-003            identifier: three letters for the area and a number. It
//	                    never changes and is never given to something else.
//	@must @should @may  level, as in RFC 2119
//	@contract-2         the section of the contract that states it
//	@needs-restart      capability without which it can't be checked: the
//	                    scenario is UNSUPPORTED on a target that lacks it. The
//	                    capabilities are listed in steps/target.go, and what a
//	                    sentence needs in steps/bindings.go; it is an error to
//	                    leave the tag out.
//	@own-server         shares no server with other scenarios
//	@vault>=1.16        product, and version if it matters: >= > < <= = with two
//	                    or three numbers. Several of one product must all hold.
//	                    Without such a tag a scenario is about every server; with
//	                    one it is about the named products only and a SKIP on all
//	                    others. What the server is, it is asked itself.
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
// They are listed in steps/bindings.go. {name} in a text stands for a value
// that was kept before: {sha256 of probe} for a binary's sum, {reader} for a
// token, {eu.example.com} for a proxy's address. Tables of answers have a path
// and an expectation: a text, (any), (missing), contains X, lacks X, /pattern/.
//
// The binaries are probe (a plugin that can be anything; its registered
// PROBE_… variables choose), probe-v4 (the same built with an SDK from before
// AutoMTLS), passthrough and jwt.
package features

import "embed"

// FS holds every *.feature file at its top.
//
//go:embed *.feature
var FS embed.FS

// Plugin holds the features about a single plugin binary, for 'plugproof check'.
//
//go:embed plugin/*.feature
var Plugin embed.FS
