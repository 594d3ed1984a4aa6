// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

// wrongKeys are plugins whose defect shows when something is taken back, changed or over.
func wrongKeys() []wrongPlugin {
	return []wrongPlugin{
		{name: "verifying-nothing", fails: "PLG-332"},
		{name: "signing-by-process", fails: "PLG-333"},
		{name: "forgetting-versions", fails: "PLG-334"},
		{name: "verifying-anything", fails: "PLG-335"},
		{name: "keeping-policies", auth: true, fails: "PLG-336"},
		{name: "forgetting-rotation", fails: "PLG-337"},
		{name: "showing-issued", fails: "PLG-708"},
		{name: "leaking-while-signing", fails: "PLG-611"},
		{name: "revoking-nothing-without-role", fails: "PLG-427"},
		{name: "revoking-nothing-when-expired", fails: "PLG-516"},
		{name: "open-when-unreadable", auth: true, fails: "PLG-474"},
		{name: "random-display-name", auth: true, fails: "PLG-475"},
	}
}
