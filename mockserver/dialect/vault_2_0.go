// SPDX-License-Identifier: MPL-2.0

package dialect

// vault20 is Vault 2.0.0, as far as it is documented: its sources could not be
// read.
func vault20() *Dialect {
	return vault121().derive(release{
		name: "vault-2.0", version: "2.0.0", provisional: true,
		ground: "documentation; the sources could not be read, and no change of the plugin API is documented",
		changes: []edit{
			{"plugins may register rotation jobs and learn when they rotate, which community servers refuse", "vault/sdk 0.24.0 beside 0.23.0, in time between 1.21 and 2.0", Inferred,
				calls("RegisterRotationJobWithResponse")},
			{"the database engine writes the v of a pinned version once where it refuses plugin_version", "selectPluginVersion of community servers in builtin/logical/database, read without its version", Inferred,
				func(d *Dialect) { d.Database.PinnedOnce = true }},
			{"configuration: listeners have max_token_header_size", "internalshared/configutil/listener.go, read without its version; release notes of 2.0, second hand", Inferred,
				knowsListener("max_token_header_size")},
			{"a token in a header of more than 8 KiB is a bad request before all else; the text is not established", "http's tests of token headers, read without their version; release notes of 2.0, second hand", Inferred,
				func(d *Dialect) { d.Requests.TokenHeaderLimit = 8 << 10 }},
			{"sys/generate-root and sys/rekey need a token", "release notes, second hand", Inferred,
				func(d *Dialect) { d.State.KeysNeedToken = true }},
		},
		gaps: []Gap{
			{What: "builtin plugins and their versions, and whether secret ad is still among them", Source: "deprecation notices of the 2.x documentation list ad as removed",
				Why: "not established: the mock keeps the list of 1.21.0"},
			{What: "request paths that are not canonical (//) are refused", Source: "release notes, second hand",
				Why: "no part of plugin management, and the answers are not established"},
			{What: "Enterprise mounts agent-registry/ by default (2.0.1 or 2.0.3)", Source: "documentation",
				Why: "whether community servers do is not established"},
			{What: "whether the lists of names contain plugins that have only versions", Source: "hashicorp/vault#28936, open at 1.18",
				Why: "not established: the mock leaves them out, as the sources of 1.21.0 do"},
		},
	})
}
