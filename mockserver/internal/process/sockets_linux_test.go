// SPDX-License-Identifier: MPL-2.0

package process_test

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/plugproof/plugproof/mockserver/failure"
	"github.com/plugproof/plugproof/mockserver/internal/process"
)

// withTemporary makes a directory the temporary one of plugins.
func withTemporary(dir string) func(*process.Host) {
	return func(h *process.Host) { h.Environ = func() []string { return []string{"TMPDIR=" + dir} } }
}

// namesIn returns the names in a directory.
func namesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestSilentPluginLeavesNoSocket: a plugin that is killed before its handshake has
// told nobody where its socket is. Sockets that are in use, or not such, stay.
func TestSilentPluginLeavesNoSocket(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	dir := t.TempDir()
	p := newPool(t, func(h *process.Host) {
		withTemporary(dir)(h)
		h.StartTimeout = 2 * time.Second
	})
	for _, name := range []string{"plugin7", "pluginless"} {
		used, err := net.Listen("unix", filepath.Join(dir, name))
		g.Expect(err).NotTo(HaveOccurred())
		defer used.Close()
	}
	_, err := p.Backend(t.Context(), fixed(entry(t, "silent")), config("m"))
	g.Expect(err).To(HaveOccurred())
	g.Eventually(func() []string { return namesIn(t, dir) }).WithTimeout(timeout).Should(ConsistOf("plugin7", "pluginless"))
}

// TestLongTemporaryDirectory: the path of a Unix socket has 107 bytes at most.
func TestLongTemporaryDirectory(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	dir := t.TempDir()
	dir = filepath.Join(dir, strings.Repeat("d", max(1, 118-len(dir)-1)))
	g.Expect(os.Mkdir(dir, 0o700)).To(Succeed())
	var failed failure.Failure
	p := newPool(t, func(h *process.Host) {
		withTemporary(dir)(h)
		h.OnFailure = func(f failure.Failure) { failed = f }
	})
	b := mount(t, p, "m", entry(t, "multiplex"))
	g.Expect(pid(t, b)).NotTo(BeZero())
	g.Expect(environment(t, b)).To(ContainElement("TMPDIR=" + dir))

	_, err := p.Backend(t.Context(), fixed(entry(t, "too-long")), config("n"))
	g.Expect(err).To(HaveOccurred())
	g.Expect(failed.Cause).To(Equal(failure.SocketPathTooLong))
	g.Expect(failed.String()).To(ContainSubstring("may have 107"))
}

// TestServerWithALongTemporaryDirectory runs the server itself, which makes sockets
// too, in such a directory.
func TestServerWithALongTemporaryDirectory(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 100))
	g.Expect(os.Mkdir(dir, 0o700)).To(Succeed())
	server, line := startHolder(t, dir)
	g.Expect(line).To(MatchRegexp(`^[0-9]+\n$`))
	g.Expect(server.Process.Kill()).To(Succeed())
}

// startHolder starts a server in a process of its own and returns its first line.
func startHolder(t *testing.T, temporary string) (server *exec.Cmd, line string) {
	t.Helper()
	server = exec.Command(entry(t, "holder").Command)
	server.Env = append(os.Environ(), roleVariable+"=holder", "TMPDIR="+temporary)
	server.Stderr = os.Stderr
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	line, _ = bufio.NewReader(out).ReadString('\n')
	return server, line
}

// TestKilledServerIsClearedUpAfter: the next server removes what one left that was
// killed, and nothing of one that runs.
func TestKilledServerIsClearedUpAfter(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	dir, err := os.MkdirTemp("/tmp", "ipc") // with a short path
	g.Expect(err).NotTo(HaveOccurred())
	defer os.RemoveAll(dir)
	running, _ := startHolder(t, dir)
	before := namesIn(t, dir)
	g.Expect(before).To(ConsistOf(HavePrefix("plugin"), HavePrefix("plugproof-ipc-")))

	killed, line := startHolder(t, dir)
	g.Expect(killed.Process.Kill()).To(Succeed())
	_ = killed.Wait()
	plugin := strings.TrimSpace(line)
	g.Eventually(func() error { return unix.Access("/proc/"+plugin+"/exe", unix.F_OK) }).WithTimeout(timeout).ShouldNot(Succeed())
	g.Expect(namesIn(t, dir)).To(HaveLen(4))

	startHolder(t, dir)
	g.Expect(namesIn(t, dir)).To(And(HaveLen(4), ContainElements(before)), "one pair of each that runs")
	g.Expect(running.Process.Kill()).To(Succeed())
}
