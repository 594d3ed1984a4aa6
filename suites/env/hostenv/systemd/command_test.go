// SPDX-License-Identifier: MPL-2.0

package systemd_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv/systemd"
)

func TestWhatElseSetsVariables(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		want   map[string]string
		remark string
	}{
		"env(1)":                           {"[Service]\nEnvironment=A=1 B=1\nExecStart=/usr/bin/env A=2 \"C=x y\" /usr/bin/vault server D=3\n", map[string]string{"A": "2", "B": "1", "C": "x y"}, ""},
		"env(1), unset":                    {"[Service]\nEnvironment=A=1 B=1\nExecStart=-/usr/bin/env -u A /usr/bin/vault server\n", map[string]string{"B": "1"}, ""},
		"env(1), ignored":                  {"[Service]\nEnvironment=A=1\nExecStart=/usr/bin/env -i B=1 /usr/bin/vault server\n", map[string]string{"B": "1"}, ""},
		"another command":                  {"[Service]\nEnvironment=A=1\nExecStart=/usr/bin/vault server -config=/etc/vault.d\n", map[string]string{"A": "1"}, ""},
		"a shell that exports":             {"[Service]\nEnvironment=A=1\nExecStart=/bin/sh -c 'export B=1; exec vault server'\n", map[string]string{"A": "1"}, "systemd-shell"},
		"a shell that reads a file":        {"[Service]\nEnvironment=A=1\nExecStart=/bin/bash -c '. /etc/vault.env; exec vault server'\n", map[string]string{"A": "1"}, "systemd-shell"},
		"a shell that sets nothing":        {"[Service]\nEnvironment=A=1\nExecStart=/bin/sh -c 'exec vault server -log-level=info -config=/etc'\n", map[string]string{"A": "1"}, ""},
		"PAM":                              {"[Service]\nEnvironment=A=1\nPAMName=login\n", map[string]string{"A": "1"}, "systemd-pam"},
		"a container of Podman's":          {"[Container]\nImage=x\nEnvironment=A=1\n[Service]\nRestart=always\n", map[string]string{}, "systemd-quadlet"},
		"a container of Podman's, without": {"[Container]\nImage=x\nEnvironment=A=1\n", map[string]string{}, "systemd-quadlet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e, err := systemd.Text("standard input", c.text, systemd.Options{})
			g.Expect(err).NotTo(HaveOccurred())
			agree(t, e, c.want)
			g.Expect(e.Complete()).To(Equal(c.remark == ""))
			if c.remark != "" {
				g.Expect(e.Remarks).To(ContainElement(HaveField("Rule", c.remark)))
			}
		})
	}
}
