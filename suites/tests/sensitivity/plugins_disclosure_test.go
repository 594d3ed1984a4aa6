// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

func wrongDisclosures() []wrongPlugin {
	return []wrongPlugin{
		{name: "showing-secret", fails: "PLG-700"},
		{name: "logging-requests", fails: "PLG-701"},
		{name: "logging-requests", auth: true, fails: "PLG-701"},
		{name: "printing-secret", fails: "PLG-701"},
		{name: "tracing-requests", fails: "PLG-701"},
		{name: "logging-most-of-the-secret", fails: "PLG-701"},
		{name: "logging-secrets-in-an-address", fails: "PLG-701"},
		{name: "showing-most-of-the-secret", fails: "PLG-700"},
		{name: "secret-in-error", fails: "PLG-702"},
		{name: "echoing-login", auth: true, fails: "PLG-702"},
		{name: "logging-credentials", fails: "PLG-703"},
		{name: "secret-not-marked", fails: "PLG-704"},
		{name: "logging-token", fails: "PLG-705"},
		{name: "showing-token", fails: "PLG-705"},
		{name: "logging-accessor", fails: "PLG-706"},
		{name: "logging-accessor", auth: true, fails: "PLG-706"},
	}
}

func wrongVariables() []wrongPlugin {
	return []wrongPlugin{
		{name: "ignoring-proxies", fails: "PLG-800"},
		{name: "ignoring-proxies", auth: true, fails: "PLG-800"},
		{name: "mangling-environment", fails: "PLG-801"},
		{name: "proxying-everything", fails: "PLG-802"},
	}
}
