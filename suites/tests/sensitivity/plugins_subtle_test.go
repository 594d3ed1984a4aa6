// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

// wrongSubtleties are plugins whose defect shows only when something is done twice,
// nearly right, or beside something else.
func wrongSubtleties() []wrongPlugin {
	return []wrongPlugin{
		{name: "nanoseconds", fails: "PLG-307"},
		{name: "resetting-updates", fails: "PLG-308"},
		{name: "sharing-configuration", fails: "PLG-309"},
		{name: "deleting-by-prefix", fails: "PLG-310"},
		{name: "listing-the-deleted", fails: "PLG-311"},
		{name: "memory-configuration", fails: "PLG-031"},
		{name: "sharing-credentials", fails: "PLG-412"},
		{name: "renewal-without-data", fails: "PLG-413"},
		{name: "revoking-roles", fails: "PLG-414"},
		{name: "accepting-prefixes", auth: true, fails: "PLG-460"},
		{name: "accepting-strangers", auth: true, fails: "PLG-461", also: []string{"PLG-464"}},
		{name: "alias-of-each-login", auth: true, fails: "PLG-462"},
		{name: "choosing-policies", auth: true, fails: "PLG-463"},
		{name: "remembering-users", auth: true, fails: "PLG-464"},
		{name: "removing-from-time-on", fails: "PLG-514"},
	}
}
