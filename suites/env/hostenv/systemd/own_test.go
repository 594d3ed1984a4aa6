// SPDX-License-Identifier: MPL-2.0

package systemd_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv/systemd"
)

// ownSettings are settings for which systemd sets variables itself (systemd.exec(5),
// "Environment Variables Set or Propagated by the Service Manager"), and some for
// which it sets none. The values are of the machine, so only names are recorded.
func ownSettings() map[string]string {
	services := make(map[string]string)
	for _, setting := range []string{
		"RuntimeDirectory=plugproof", "SetCredential=a:b", "LoadCredential=a:/etc/hostname", "WatchdogSec=5", "WatchdogSec=0",
		"NotifyAccess=main", "PIDFile=/run/plugproof.pid", "StandardInput=null", "TTYPath=/dev/null", "DynamicUser=no",
		"StandardOutput=null", "PrivateTmp=yes", "User=root", "RootDirectory=/",
	} {
		services["machine: "+setting] = "[Service]\n" + setting + "\n"
	}
	return services
}

func TestVariablesOfSystemdItself(t *testing.T) {
	t.Parallel()
	want := recorded(t, "own.json")
	for name, text := range ownSettings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			g.Expect(want).To(HaveKey(name))
			e, err := systemd.Text("vault.service", text, systemd.Options{})
			g.Expect(err).NotTo(HaveOccurred())
			set := make(map[string]bool)
			for _, v := range e.Variables {
				// Each service has these, so they are not in the recording, and those of the
				// user whose systemd was recorded.
				switch v.Name {
				case "PATH", "INVOCATION_ID", "SYSTEMD_EXEC_PID", "JOURNAL_STREAM", "HOME":
				default:
					set[v.Name] = true
				}
			}
			for variable := range want[name] {
				g.Expect(set).To(HaveKey(variable))
				delete(set, variable)
			}
			g.Expect(set).To(BeEmpty())
		})
	}
}

func TestSystemdSetsItsOwnVariablesAsRecorded(t *testing.T) {
	t.Parallel()
	set := runServices(t, ownSettings())
	record(t, "own.json", set)
	for name, want := range recorded(t, "own.json") {
		for variable := range want {
			NewWithT(t).Expect(set[name]).To(HaveKey(variable), name)
		}
	}
}
