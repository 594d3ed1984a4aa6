// SPDX-License-Identifier: MPL-2.0

package systemd

import (
	"slices"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// own adds the variables that systemd sets for a service by itself
// (systemd.exec(5), "Environment Variables Set or Propagated by the Service
// Manager"). They are weaker than what the unit sets.
func (c *collected) own(vars hostenv.Set, fragment hostenv.Place) {
	set := func(names ...string) {
		for _, name := range names {
			vars.Unknown(name, "systemd itself", hostenv.Place{File: fragment.File})
		}
	}
	has := func(setting string) bool { return c.others[setting] != "" }
	set("PATH", "INVOCATION_ID", "SYSTEMD_EXEC_PID")
	if has("User") || yes(c.others["DynamicUser"]) || has("PAMName") || yes(c.others["SetLoginEnvironment"]) {
		set("USER", "LOGNAME", "HOME", "SHELL")
	}
	output, errors := c.others["StandardOutput"], c.others["StandardError"]
	if output == "" || output == "inherit" || strings.HasPrefix(output, "journal") || strings.HasPrefix(errors, "journal") {
		set("JOURNAL_STREAM")
	}
	watchdog := has("WatchdogSec") && c.others["WatchdogSec"] != "0"
	kind, access := c.others["Type"], c.others["NotifyAccess"]
	if kind == "notify" || kind == "notify-reload" || access != "" && access != "none" || watchdog {
		set("NOTIFY_SOCKET")
	}
	if watchdog {
		set("WATCHDOG_PID", "WATCHDOG_USEC")
	}
	for setting, name := range map[string]string{
		"RuntimeDirectory": "RUNTIME_DIRECTORY", "StateDirectory": "STATE_DIRECTORY", "CacheDirectory": "CACHE_DIRECTORY",
		"LogsDirectory": "LOGS_DIRECTORY", "ConfigurationDirectory": "CONFIGURATION_DIRECTORY",
		"LoadCredential": "CREDENTIALS_DIRECTORY", "LoadCredentialEncrypted": "CREDENTIALS_DIRECTORY",
		"SetCredential": "CREDENTIALS_DIRECTORY", "SetCredentialEncrypted": "CREDENTIALS_DIRECTORY", "ImportCredential": "CREDENTIALS_DIRECTORY",
		"PIDFile": "PIDFILE", "Sockets": "LISTEN_FDS",
	} {
		if has(setting) {
			set(name)
		}
	}
	if strings.HasPrefix(c.others["StandardInput"], "tty") || has("TTYPath") {
		set("TERM")
	}
}

// yes reports whether a setting's value is true.
func yes(value string) bool {
	return slices.Contains([]string{"1", "yes", "y", "true", "t", "on"}, strings.ToLower(value))
}
