// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"time"
)

func wrongStarts() []wrongPlugin {
	return []wrongPlugin{
		{name: "talking", fails: "PLG-001"},
		{name: "versionless", fails: "PLG-002"},
		{name: "single", fails: "PLG-004"},
		{name: "forgetting-environment", fails: "PLG-005"},
		{name: "failing-setup", fails: "PLG-006"},
		{name: "no-existence-check", fails: "PLG-007"},
		{name: "broken-pattern", fails: "PLG-007"},
		{name: "auth-as-engine", auth: true, fails: "PLG-008"},
		{name: "leaving-files", fails: "PLG-009"},
		{name: "slow-start", fails: "PLG-014"},
		{name: "mounted-once", fails: "PLG-015"},
		{name: "fixed-port", fails: "PLG-016", also: []string{"PLG-003"}},
	}
}

func wrongPaths() []wrongPlugin {
	return []wrongPlugin{
		{name: "helpless", fails: "PLG-010"},
		{name: "failing-at-unknown-paths", fails: "PLG-011", also: []string{"PLG-211"}},
		{name: "open", fails: "PLG-012"},
		{name: "path-without-help", fails: "PLG-100"},
		{name: "operation-without-help", fails: "PLG-101"},
		{name: "undocumented", fails: "PLG-102"},
		{name: "inexpressible-pattern", fails: "PLG-102"},
		{name: "special-path-with-slash", fails: "PLG-103"},
		{name: "special-path-with-typo", fails: "PLG-103"},
		{name: "open-role", fails: "PLG-104"},
		{name: "closed-login", auth: true, fails: "PLG-105"},
		{name: "hiding-path", fails: "PLG-107"},
		{name: "list-without-slash", fails: "PLG-108"},
		{name: "sealing-a-typo", fails: "PLG-109"},
	}
}

func wrongData() []wrongPlugin {
	return []wrongPlugin{
		{name: "process-state", fails: "PLG-020", also: []string{"PLG-031", "PLG-300", "PLG-301", "PLG-304", "PLG-305"}},
		{name: "mount-state", fails: "PLG-031", also: []string{"PLG-328"}},
		{name: "outside-state", fails: "PLG-021", also: []string{"PLG-302"}},
		{name: "failing-existence-check", fails: "PLG-022"},
		{name: "deadlock", fails: "PLG-022", timeout: 3 * time.Second},
	}
}

func wrongProcesses() []wrongPlugin {
	return []wrongPlugin{
		{name: "lingering-child", fails: "PLG-033"},
		{name: "panicking-cleanup", fails: "PLG-608"},
		{name: "leaking-goroutines", fails: "PLG-601"},
		{name: "staying-when-cancelled", fails: "PLG-604"},
		{name: "leaving-goroutines-when-cancelled", auth: true, fails: "PLG-604"},
		{name: "writing-after-cleanup", fails: "PLG-605"},
	}
}

func wrongRobustness() []wrongPlugin {
	return []wrongPlugin{
		{name: "panic-on-empty-body", fails: "PLG-200"},
		{name: "panic-on-unknown", fails: "PLG-201"},
		{name: "panic-on-null", fails: "PLG-202"},
		{name: "panic-on-wrong-type", fails: "PLG-203"},
		{name: "panic-on-long", fails: "PLG-204"},
		{name: "panic-on-odd-name", fails: "PLG-205"},
		{name: "panic-unconfigured", fails: "PLG-206"},
		{name: "panic-on-odd-value", fails: "PLG-208"},
		{name: "panic-on-existing-name", fails: "PLG-200"},
		{name: "panic-without-configuration", fails: "PLG-206"},
		{name: "panic-on-missing-patch", fails: "PLG-206"},
		{name: "failing-on-odd-value", fails: "PLG-210"},
		{name: "failing-on-number", fails: "PLG-211"},
		{name: "hanging-on-wrong-type", fails: "PLG-207", timeout: 3 * time.Second},
		{name: "failing-on-wrong-type", fails: "PLG-210"},
		{name: "failing-on-odd-name", fails: "PLG-211"},
		{name: "failing-unconfigured", fails: "PLG-212"},
	}
}

func wrongChanges() []wrongPlugin {
	return []wrongPlugin{
		{name: "ignoring-updates", fails: "PLG-300"},
		{name: "ignoring-deletes", fails: "PLG-301"},
		{name: "listing-paths", fails: "PLG-302"},
		{name: "always-existing", fails: "PLG-303"},
		{name: "never-existing", fails: "PLG-303"},
		{name: "writing-at-the-end", fails: "PLG-304", also: []string{"PLG-303", "PLG-305"}},
		{name: "other-keys", fails: "PLG-306"},
		{name: "enormous-list", fails: "PLG-312"},
		{name: "renaming-secrets", fails: "PLG-411"},
		{name: "racing", fails: "PLG-600"},
		{name: "leaking-files", fails: "PLG-601"},
	}
}
