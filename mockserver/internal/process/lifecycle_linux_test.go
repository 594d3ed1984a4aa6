// SPDX-License-Identifier: MPL-2.0

package process_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"
)

// watchEnd returns a function that waits for the end of a process that need not
// be a child of this one.
func watchEnd(t *testing.T, pid int) (wait func()) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatalf("watch process %d: %v", pid, err)
	}
	return func() {
		t.Helper()
		defer unix.Close(fd)
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(timeout/time.Millisecond))
		if err != nil || n == 0 {
			t.Fatalf("process %d is still there (%v)", pid, err)
		}
	}
}

func TestNothingOutlivesAKilledServer(t *testing.T) {
	t.Parallel()
	server := exec.Command(entry(t, "holder").Command)
	server.Env = append(os.Environ(), roleVariable+"=holder")
	server.Stderr = os.Stderr
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	plugin, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	wait := watchEnd(t, plugin)
	if err := server.Process.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err == nil {
		t.Fatal("the server was not killed")
	}
	wait()
}

// TestProcessHasTheNameOfItsFile: tools such as ps and pkill find plugins by it.
func TestProcessHasTheNameOfItsFile(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e := entry(t, "multiplex")
	b := mount(t, newPool(t, nil), "m", e)
	process := "/proc/" + strconv.Itoa(pid(t, b))
	name, err := os.ReadFile(process + "/comm")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(strings.TrimSpace(string(name))).To(Equal(filepath.Base(e.Command)[:min(15, len(filepath.Base(e.Command)))]))
	command, err := os.ReadFile(process + "/cmdline")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(command)).To(HavePrefix(e.Command + "\x00"))
	g.Expect(os.Readlink(process + "/exe")).To(Equal(e.Command))
}
