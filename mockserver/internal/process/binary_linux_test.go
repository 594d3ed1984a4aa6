// SPDX-License-Identifier: MPL-2.0

package process

import (
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/hashicorp/go-plugin"
	. "github.com/onsi/gomega"
)

// place copies a program to a path and returns its digest.
func place(t *testing.T, program, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(program)
	if err != nil {
		t.Skip(err)
	}
	_ = os.Remove(path)
	// A process forked meanwhile would have the file open: text file busy.
	syscall.ForkLock.RLock()
	err = os.WriteFile(path, raw, 0o700) //nolint:gosec // a program
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	return sum[:]
}

// TestWhatWasHashedIsExecuted replaces a binary between the comparison and exec.
func TestWhatWasHashedIsExecuted(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "mine")
	sum := place(t, "/bin/true", path)
	file, err := NewDigests().open(path, sum)
	g.Expect(err).NotTo(HaveOccurred())
	defer file.close()
	place(t, "/bin/false", path)
	cmd := exec.Command(path)
	g.Expect(cmd.Run()).NotTo(Succeed(), "the path has the other one now")
	cmd = exec.Command(path)
	cmd.Path = file.executable(t.TempDir())
	g.Expect(filepath.Base(cmd.Path)).To(Equal("mine"), "it names the process")
	g.Expect(cmd.Run()).To(Succeed())
	g.Expect(file.verify()).To(Succeed(), "its content is the same")
}

// TestWrittenBinaryIsNoticed writes to a binary between the comparison and exec.
func TestWrittenBinaryIsNoticed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "mine")
	sum := place(t, "/bin/true", path)
	file, err := NewDigests().open(path, sum)
	g.Expect(err).NotTo(HaveOccurred())
	defer file.close()
	g.Expect(file.verify()).To(Succeed())
	writer, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = writer.WriteString("more")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(writer.Close()).To(Succeed())
	g.Expect(file.verify()).To(MatchError(plugin.ErrChecksumsDoNotMatch))
}

// TestScriptsKeepTheirPath: their interpreter opens them by it.
func TestScriptsKeepTheirPath(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "script")
	script := []byte("#!/bin/sh\nexit 0\n")
	g.Expect(os.WriteFile(path, script, 0o700)).To(Succeed()) //nolint:gosec // a program
	sum := sha256.Sum256(script)
	file, err := NewDigests().open(path, sum[:])
	g.Expect(err).NotTo(HaveOccurred())
	defer file.close()
	g.Expect(file.executable(t.TempDir())).To(Equal(path))
}
