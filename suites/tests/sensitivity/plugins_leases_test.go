// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import "time"

func wrongLeases() []wrongPlugin {
	return []wrongPlugin{
		{name: "unleased", fails: "PLG-400"},
		{name: "failing-revocation", fails: "PLG-401"},
		{name: "no-revocation", fails: "PLG-401"},
		{name: "unregistered-type", fails: "PLG-402"},
		{name: "revocation-stops-when-unmounted", fails: "PLG-403"},
		{name: "revocation-reads-role", fails: "PLG-404"},
		{name: "swallowing-revocation-errors", fails: "PLG-405"},
		{name: "forgetting-before-revoking", fails: "PLG-406"},
		{name: "revoking-once", fails: "PLG-407"},
		{name: "swallowing-write-errors", fails: "PLG-395"},
		{name: "taking-failed-reads-for-nothing", fails: "PLG-396"},
		{name: "keeping-write-errors", fails: "PLG-397"},
		{name: "failing-renewal", fails: "PLG-408"},
		{name: "renewable-without-renewal", fails: "PLG-408"},
		{name: "empty-renewal", fails: "PLG-408"},
		{name: "endless-lease", fails: "PLG-409", also: []string{"PLG-421", "PLG-426"}}, // which are must
		{name: "lease-without-ttl", fails: "PLG-410"},
	}
}

func wrongLogins() []wrongPlugin {
	wrong := []wrongPlugin{
		{name: "refusing-login", fails: "PLG-450"},
		{name: "forgetting-policies", fails: "PLG-451"},
		{name: "more-policies", fails: "PLG-451"},
		{name: "accepting-login", fails: "PLG-452"},
		{name: "failing-wrong-login", fails: "PLG-453", also: []string{"PLG-212"}},
		{name: "root-policy", fails: "PLG-454"},
		{name: "token-renewal-without-method", fails: "PLG-455"},
		{name: "failing-token-renewal", fails: "PLG-455"},
		{name: "aliasless", fails: "PLG-456"},
		{name: "renewing-the-deleted", fails: "PLG-457"},
		{name: "accepting-nothing", fails: "PLG-458"},
		{name: "token-without-ttl", fails: "PLG-459"},
	}
	for n := range wrong {
		wrong[n].auth = true
	}
	return wrong
}

func wrongTimes() []wrongPlugin {
	return []wrongPlugin{
		{name: "keeping-the-expired", fails: "PLG-500"},
		{name: "endless-renewals", fails: "PLG-502"},
		{name: "endless-token-renewals", auth: true, fails: "PLG-503"},
		{name: "panicking-periodic", fails: "PLG-510"},
		{name: "failing-periodic", fails: "PLG-511"},
		{name: "unconfigured-periodic", fails: "PLG-512"},
		{name: "hanging-periodic", fails: "PLG-513", also: []string{"PLG-314"}, timeout: 3 * time.Second},
	}
}
