// SPDX-License-Identifier: MPL-2.0

package process_test

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/internal/process"
	"github.com/plugproof/plugproof/mockserver/trace"
)

// TestVersions: a registration that is equal in all that the plugin can see starts
// nothing, every other starts the plugin, and so does one that could not be asked.
func TestVersions(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	recorder, versions := trace.NewRecorder(0), process.NewVersions()
	pool := func(change func(*process.Host)) *process.Pool {
		return newPool(t, func(h *process.Host) {
			h.Versions, h.Trace = versions, trace.NewTracer(recorder)
			if change != nil {
				change(h)
			}
		})
	}
	p, known := pool(nil), entry(t, "single", "REPORT_VERSION=v1.2.3")
	renamed := known
	renamed.Name = "another name"
	without := known
	without.Env = known.Env[:1]
	argument := known
	argument.Args = []string{"-test.v"}
	for _, c := range []struct {
		what   string
		pool   *process.Pool
		entry  process.Entry
		want   string
		starts bool
	}{
		{"the first", p, known, "v1.2.3", true},
		{"the same again", p, known, "v1.2.3", false},
		{"the same of another server", pool(nil), known, "v1.2.3", false},
		{"another name in the catalog", p, renamed, "v1.2.3", false},
		{"another environment", p, without, "", true},
		{"another argument", p, argument, "v1.2.3", true},
		{"another environment of the server", pool(func(h *process.Host) { h.Environ = func() []string { return []string{"A=b"} } }), known, "v1.2.3", true},
		{"another version of the server", pool(func(h *process.Host) { h.Version = "1.3.0" }), known, "v1.2.3", true},
	} {
		before := len(recorder.Spans())
		got, err := c.pool.Version(t.Context(), c.entry)
		g.Expect(err).NotTo(HaveOccurred(), c.what)
		g.Expect(got).To(Equal(c.want), c.what)
		g.Expect(len(recorder.Spans()) > before).To(Equal(c.starts), c.what)
	}

	changed := known
	changed.SHA256 = make([]byte, len(known.SHA256))
	_, err := p.Version(t.Context(), changed)
	g.Expect(err).To(HaveOccurred(), "the digest is compared all the same")

	marker := filepath.Join(t.TempDir(), "fails")
	failing := script(t, "test -e "+marker+" && exit 1", "exec "+known.Command)
	failing.Env = known.Env
	_, err = p.Version(t.Context(), failing)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.WriteFile(marker, nil, 0o600)).To(Succeed())
	_, err = p.Version(t.Context(), failing)
	g.Expect(err).To(HaveOccurred(), "a script may run another program")
}
