// SPDX-License-Identifier: MPL-2.0

package vaultcli

// mountKind is what differs between `secrets` and `auth`, whose commands are
// otherwise alike.
type mountKind struct {
	// word is the first word of the commands.
	word string
	// one is one of them in messages.
	one  string
	auth bool
}

func secrets() mountKind { return mountKind{word: "secrets", one: "secrets engine"} }
func auth() mountKind    { return mountKind{word: "auth", one: "auth method", auth: true} }
