// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

// wrongWithServices are plugins whose defect shows when the service that they call fails.
func wrongWithServices() []wrongPlugin {
	return []wrongPlugin{
		{name: "issuing-what-was-refused", fails: "PLG-418"},
		{name: "swallowing-refused-revocations", fails: "PLG-419"},
		{name: "failing-open", auth: true, fails: "PLG-467"},
		{name: "service-error-with-password", fails: "PLG-707"},
		{name: "logging-client-of-service", fails: "PLG-701"},
		{name: "service-error-with-encoded-password", fails: "PLG-707"},
		{name: "showing-encoded-secret", fails: "PLG-700"},
		{name: "waiting-for-service-for-ever", fails: "PLG-606"},
	}
}
