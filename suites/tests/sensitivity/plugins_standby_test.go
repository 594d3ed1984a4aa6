// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

// wrongBeside are plugins whose defect shows beside another server or another mount of the
// same process, or with values that nobody thought of.
func wrongBeside() []wrongPlugin {
	return []wrongPlugin{
		{name: "no-invalidate", fails: "PLG-328"},
		{name: "no-invalidate-of-client", fails: "PLG-329"},
		{name: "sharing-client", fails: "PLG-330"},
		{name: "sharing-client-of-logins", auth: true, fails: "PLG-330"},
		{name: "hiding-read-only", fails: "PLG-399"},
		{name: "sharing-roles", fails: "PLG-426"},
		{name: "sharing-users", auth: true, fails: "PLG-472"},
		{name: "trimming-passwords", auth: true, fails: "PLG-473"},
		{name: "decoding-passwords", auth: true, fails: "PLG-473"},
		{name: "failing-on-contradictions", fails: "PLG-213"},
		{name: "leaving-temporary-files", fails: "PLG-609"},
	}
}
