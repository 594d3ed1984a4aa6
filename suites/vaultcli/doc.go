// SPDX-License-Identifier: MPL-2.0

// Package vaultcli is the part of Vault's command line that the requirements, the
// recorded cases and the sessions of the README run, so that they need no vault or
// bao. `plugproof vault` and scenarios run it as [CommandLine]. It is not meant to
// grow: whoever needs another command or flag has the real vault or bao
// (`plugproof run --cli PATH`). A command comes in with the requirement, the case
// or the session that runs it.
//
// Flags, output and exit codes are those of Vault; each command names the file of
// github.com/hashicorp/vault/command that it follows, where several versions differ
// with the version. testdata/recorded.json holds what Vault 1.14.3 printed. As in
// Vault, dispatch and help are github.com/hashicorp/cli's, flags those of package
// flag, and requests go through github.com/hashicorp/vault/api.
//
// The exit codes differ from plugproof's: 0 is success, 1 wrong usage (and, for
// status, any failure), 2 an error of the server or the way to it (for status:
// sealed), 127 an unknown command.
package vaultcli
