// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import "time"

// wrongAnswers are plugins that refuse what their profile names, or never answer it.
func wrongAnswers() []wrongPlugin {
	hangs := func(name string, auth bool) wrongPlugin {
		return wrongPlugin{name: name, auth: auth, fails: "PLG-314", timeout: 3 * time.Second}
	}
	return []wrongPlugin{
		{name: "refusing-setup", fails: "PLG-006"},
		{name: "refusing-sample", fails: "PLG-022"},
		{name: "demanding-updates", fails: "PLG-313"},
		hangs("hanging-credentials", false),
		hangs("hanging-revocation", false),
		hangs("hanging-login", true),
	}
}
