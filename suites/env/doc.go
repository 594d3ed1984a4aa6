// SPDX-License-Identifier: MPL-2.0

// Package env answers, for operators and authors of plugins, which value of a
// variable a plugin sees: measured on servers, explained from the rule, checked
// in advance, and guarded against changes.
package env
