// SPDX-License-Identifier: MPL-2.0

package vaultcli

import "slices"

// commands are all commands there are.
func commands() []command {
	return slices.Concat(
		dataCommands(),
		pathCommands(),
		statusCommands(),
		pluginCommands(),
		mountCommands(),
		tokenCommands(),
		policyCommands(),
		leaseCommands(),
		loginCommands(),
		kvCommands(),
	)
}
