// SPDX-License-Identifier: MPL-2.0

package dialect

// vault21 is Vault 2.1.0, as far as its tests and clients tell.
func vault21() *Dialect {
	return vault20().derive(release{
		name: "vault-2.1", version: "2.1.0", provisional: true,
		ground: "a test of the server, and a client that follows it; the sources could not be read",
		changes: []edit{
			{"reading a plugin without version finds the only version there is, with a warning; several are an error that names them", "the server's own test of 2.1; salt-extensions/saltext-vault#183", Established,
				func(d *Dialect) { d.Catalog.ReadResolvesVersion = true }},
		},
		gaps: []Gap{
			{What: "the exact texts of that warning and error", Source: "the test looks for the versions, and for -version in the error",
				Why: "not established: the mock's are its own, and that the error is a 400 is inferred"},
			{What: "what reading without version finds when a builtin has the name", Source: "none",
				Why: "not established: the mock finds the builtin, as before"},
		},
	})
}
