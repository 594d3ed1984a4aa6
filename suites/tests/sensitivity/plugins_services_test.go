// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

// wrongWithServices are plugins whose defect shows when the service that they call fails.
func wrongWithServices() []wrongPlugin {
	return []wrongPlugin{
		{name: "issuing-what-was-refused", fails: "PLG-418"},
		{name: "swallowing-refused-revocations", fails: "PLG-419"},
		{name: "failing-open", auth: true, fails: "PLG-467"},
		{name: "service-error-with-password", fails: "PLG-707"},
		{name: "logging-client-of-service", fails: "PLG-707"},
		{name: "service-error-with-encoded-password", fails: "PLG-707"},
		{name: "showing-encoded-secret", fails: "PLG-700"},
		{name: "leaving-write-ahead-log", fails: "PLG-424"},
		{name: "failing-rollback", fails: "PLG-425"},
		{name: "ending-accounts-from-time-on", fails: "PLG-515"},
		{name: "leaking-child-processes", fails: "PLG-607"},
		{name: "leaking-goroutines-of-logins", auth: true, fails: "PLG-607"},
		{name: "waiting-for-service-for-ever", fails: "PLG-606"},
	}
}

// wrongSamples are plugins whose defect shows when something is written twice, taken back,
// refused or not there.
func wrongSamples() []wrongPlugin {
	return []wrongPlugin{
		{name: "losing-the-password", fails: "PLG-319"},
		{name: "keeping-what-was", fails: "PLG-320"},
		{name: "adding-to-lists", fails: "PLG-321"},
		{name: "finding-everything", fails: "PLG-322"},
		{name: "dropping-units", fails: "PLG-323"},
		{name: "replacing-patches", fails: "PLG-324"},
		{name: "storing-the-refused", fails: "PLG-325"},
		{name: "folding-writes", fails: "PLG-326"},
		{name: "remembering-lists", fails: "PLG-327"},
		{name: "deleting-elsewhere", fails: "PLG-301"},
		{name: "swallowing-deletes", fails: "PLG-398"},
	}
}

// wrongDocuments are plugins that do something else than they document.
func wrongDocuments() []wrongPlugin {
	return []wrongPlugin{
		{name: "dropping-defaults", fails: "PLG-342"},
		{name: "tidying-what-is-in-use", fails: "PLG-343"},
		{name: "pages-from-the-name", fails: "PLG-344"},
		{name: "ignoring-versions", fails: "PLG-345"},
		{name: "ignoring-the-configured-limit", fails: "PLG-433"},
		{name: "ignoring-the-configured-limit", auth: true, fails: "PLG-480"},
		{name: "logging-in-from-anywhere", auth: true, fails: "PLG-479"},
	}
}

// wrongOrigins are plugins whose defect shows when what credentials and logins are made
// from is changed, deleted, or was never there.
func wrongOrigins() []wrongPlugin {
	return []wrongPlugin{
		{name: "keeping-deleted-configuration", fails: "PLG-318"},
		{name: "keeping-deleted-client", fails: "PLG-318"},
		{name: "serving-nobody", fails: "PLG-420"},
		{name: "remembering-roles", fails: "PLG-421"},
		{name: "panicking-renewal-without-role", fails: "PLG-422"},
		{name: "revoking-nothing-unconfigured", fails: "PLG-423"},
		{name: "remembering-users-ttl", auth: true, fails: "PLG-468"},
		{name: "panicking-token-renewal-without-user", auth: true, fails: "PLG-469"},
		{name: "ignoring-bound-cidrs", auth: true, fails: "PLG-470"},
		{name: "unbound-tokens", auth: true, fails: "PLG-470"},
		{name: "alias-as-typed", auth: true, fails: "PLG-471"},
	}
}
