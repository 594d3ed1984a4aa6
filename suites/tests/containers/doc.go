// SPDX-License-Identifier: MPL-2.0

// Package containers holds the tests of plugins in containers on the mock server. They
// need a container engine, and are skipped without one.
package containers
