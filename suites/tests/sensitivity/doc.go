// SPDX-License-Identifier: MPL-2.0

// Package sensitivity proves that the requirements can fail. Its tests keep
// servers and plugins that are wrong on purpose, each in one thing, and hold
// that the requirement about that thing fails and no unrelated one does.
//
// The mock has no switches for being wrong. A wrong server is the mock broken
// from outside: a handler before it that alters requests or answers, other data
// for its dialect, or another environment than the one that was asked for.
package sensitivity
