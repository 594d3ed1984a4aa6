// SPDX-License-Identifier: MPL-2.0

// Command memdb serves the memdb database as a plugin of Vault's database engine. It
// is started by the server, not from a shell.
package main

import (
	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"

	"github.com/plugproof/plugproof/plugins/memdb"
)

func main() {
	dbplugin.ServeMultiplex(memdb.New())
}
