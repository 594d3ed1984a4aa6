// SPDX-License-Identifier: MPL-2.0

package targets

import "strings"

// ReleasedImage returns the name under which the maker of the server that a dialect
// reproduces publishes it: hashicorp/vault:1.20 for vault-1.20. Images of Vault
// Enterprise, here for vault-2.0+ent, need a license.
func ReleasedImage(dialect string) string {
	product, version, _ := strings.Cut(dialect, "-")
	if product != "vault" {
		return product + "/" + product + ":" + version
	}
	if number, ok := strings.CutSuffix(version, "+ent"); ok {
		return "hashicorp/vault-enterprise:" + number + "-ent"
	}
	return "hashicorp/vault:" + version
}
