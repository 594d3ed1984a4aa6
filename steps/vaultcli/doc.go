// SPDX-License-Identifier: MPL-2.0

// Package vaultcli is a small command line that a Vault user can't tell from
// `vault`: the subset of its commands that managing plugins needs, with the same
// flags, the same words on stdout and stderr and the same exit codes. It follows
// the newest Vault whose sources were read (2.x for what changed last, see the
// comments at each command) and talks to servers with the public client
// github.com/hashicorp/vault/api.
//
// Scenarios call [Run] in-process; `plugproof vault …` is [Command]. Run takes
// everything from its arguments: the process's environment is not looked at, so
// many runs with different addresses and tokens may go on side by side.
//
// Vault's exit codes differ from plugproof's: 0 is success, 1 wrong usage (and,
// for status, any failure), 2 an error of the server or the way to it (for
// status: sealed), 127 an unknown command.
package vaultcli
