// SPDX-License-Identifier: MPL-2.0

package inspect_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/suites/internal/inspect"
)

// write makes a file.
func write(t *testing.T, name string, content []byte, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return path
}

// expect holds the findings for linux/amd64 to one of a kind, or to none.
func expect(t *testing.T, path string, kind inspect.Kind, says string) {
	t.Helper()
	findings := inspect.Inspect(path, "linux", "amd64")
	if kind == "" {
		if len(findings) != 0 {
			t.Errorf("got %v, want none", findings)
		}
		return
	}
	if len(findings) != 1 || findings[0].Kind != kind || !strings.Contains(findings[0].String(), says) {
		t.Errorf("got %v, want one %s with %q", findings, kind, says)
	}
}

// program is the header of an ELF program, with a loader if it is named.
func program(machine elf.Machine, kind elf.Type, loader string) []byte {
	const headers = 64 + 56
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(kind), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Ehsize: 64, Phentsize: 56, Phoff: 64, Entry: 0x400000,
		Shentsize: 64,
	}
	var b bytes.Buffer
	write := func(part any) { _ = binary.Write(&b, binary.LittleEndian, part) } // a buffer takes all
	if loader == "" {
		write(header)
		return append(b.Bytes(), make([]byte, 1000)...)
	}
	header.Phnum = 1
	write(header)
	write(elf.Prog64{Type: uint32(elf.PT_INTERP), Off: headers, Filesz: uint64(len(loader) + 1)})
	return append(append(b.Bytes(), loader...), make([]byte, 1000)...)
}

func TestFiles(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("modes and loaders are those of Linux")
	}
	good := program(elf.EM_X86_64, elf.ET_EXEC, "")
	for name, c := range map[string]struct {
		content []byte
		mode    os.FileMode
		kind    inspect.Kind
		says    string
	}{
		"a static program":      {good, 0o755, "", ""},
		"a mode without x":      {good, 0o644, inspect.NotExecutable, "chmod +x"},
		"others can write":      {good, 0o777, inspect.OthersCanWrite, "chmod go-w"},
		"empty":                 {nil, 0o755, inspect.Empty, ""},
		"cut in its header":     {good[:20], 0o755, inspect.Truncated, "build or copy"},
		"for arm64":             {program(elf.EM_AARCH64, elf.ET_EXEC, ""), 0o755, inspect.WrongArch, "is built for arm64, this is amd64: build it with GOOS=linux GOARCH=amd64"},
		"for an odd machine":    {program(elf.EM_SPARC, elf.ET_EXEC, ""), 0o755, inspect.WrongArch, "EM_SPARC"},
		"an object file":        {program(elf.EM_X86_64, elf.ET_REL, ""), 0o755, inspect.NotAProgram, "c-archive"},
		"with a loader":         {program(elf.EM_X86_64, elf.ET_EXEC, "/bin/sh"), 0o755, "", ""},
		"with a dead loader":    {program(elf.EM_X86_64, elf.ET_DYN, "/lib/ld-musl-none.so.1"), 0o755, inspect.NoLoader, "/lib/ld-musl-none.so.1 does not exist"},
		"a script":              {[]byte("#!/bin/sh\nexec x\n"), 0o755, "", ""},
		"a script through env":  {[]byte("#!/usr/bin/env sh\n"), 0o755, "", ""},
		"env without program":   {[]byte("#!/usr/bin/env no-such-interpreter\n"), 0o755, inspect.NoInterpreter, "not in PATH"},
		"no interpreter":        {[]byte("#!/no/such/sh\n"), 0o755, inspect.NoInterpreter, "/no/such/sh, which does not exist"},
		"no name of one":        {[]byte("#!\n"), 0o755, inspect.NoInterpreter, "names no interpreter"},
		"Windows line endings":  {[]byte("#!/bin/sh\r\n"), 0o755, inspect.NoInterpreter, "line endings"},
		"a script without #!":   {[]byte("echo 'früh'\n"), 0o755, inspect.NotAProgram, "#!/bin/sh"},
		"a program for Windows": {[]byte("MZ\x90\x00"), 0o755, inspect.WrongOS, "Windows"},
		"a program for macOS":   {[]byte("\xcf\xfa\xed\xfe\x07\x00\x00\x01"), 0o755, inspect.WrongOS, "macOS"},
		"an archive":            {[]byte("PK\x03\x04\x00\x01\x02\xff"), 0o755, inspect.Unknown, "GOOS=linux GOARCH=amd64"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, write(t, "plugin", c.content, c.mode), c.kind, c.says)
		})
	}
}

// TestCut: a copy that was broken off has its header but not all of its parts.
func TestCut(t *testing.T) {
	t.Parallel()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	if findings := inspect.Inspect(write(t, "whole", content, 0o755), runtime.GOOS, runtime.GOARCH); len(findings) != 0 {
		t.Errorf("this test's own binary: %v", findings)
	}
	if runtime.GOOS != "linux" {
		t.Skip("the parts of a file are only looked at in ELF")
	}
	findings := inspect.Inspect(write(t, "cut", content[:len(content)/3], 0o755), runtime.GOOS, runtime.GOARCH)
	if len(findings) != 1 || findings[0].Kind != inspect.Truncated {
		t.Errorf("a third of it: %v", findings)
	}
}

func TestWhatIsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	expect(t, filepath.Join(dir, "none"), inspect.Missing, "does not exist")
	expect(t, dir, inspect.NotAFile, "directory")
	link := func(name, target string) string {
		path := filepath.Join(dir, name)
		if err := os.Symlink(target, path); err != nil {
			t.Skip(err)
		}
		return path
	}
	expect(t, link("dead", "none"), inspect.DeadLink, "a link to none")
	elsewhere := write(t, "plugin", program(elf.EM_X86_64, elf.ET_EXEC, ""), 0o755)
	expect(t, link("out", elsewhere), inspect.LinkOutside, elsewhere)
	expect(t, link("loop", "loop"), inspect.DeadLink, "loop")
	within := filepath.Join(dir, "within")
	if err := os.WriteFile(within, program(elf.EM_X86_64, elf.ET_EXEC, ""), 0o755); err != nil {
		t.Fatal(err)
	}
	expect(t, link("in", "within"), "", "")
}

// TestCrossBuilt: what Go builds for other platforms is named as Go names them.
func TestCrossBuilt(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command")
	}
	if testing.Short() {
		t.Skip("builds programs for other platforms")
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	// Without the runtime of the standard library's packages a build takes seconds.
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for platform, kind := range map[string]inspect.Kind{
		"linux/amd64": "", "linux/arm64": inspect.WrongArch, "darwin/arm64": inspect.WrongOS, "windows/amd64": inspect.WrongOS,
	} {
		goos, goarch, _ := strings.Cut(platform, "/")
		out := filepath.Join(dir, goos+"-"+goarch)
		build := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", out, source)
		build.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0", "GOFLAGS=")
		if output, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build for %s: %v\n%s", platform, err, output)
		}
		expect(t, out, kind, "")
		if findings := inspect.Inspect(out, goos, goarch); len(findings) != 0 {
			t.Errorf("%s on its own platform: %v", platform, findings)
		}
	}
}

// TestNoExec mounts a file system without exec, which only root may.
func TestNoExec(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("mounting needs root on Linux")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "noexec,size=1m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("can't mount here: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("unmount: %s", out)
		}
	})
	path := filepath.Join(dir, "plugin")
	if err := os.WriteFile(path, program(elf.EM_X86_64, elf.ET_EXEC, ""), 0o755); err != nil {
		t.Fatal(err)
	}
	expect(t, path, inspect.NoExecMount, "noexec")
}

func TestForeignOwner(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can give a file away")
	}
	path := write(t, "plugin", program(elf.EM_X86_64, elf.ET_EXEC, ""), 0o755)
	if err := os.Chown(path, 12345, 12345); err != nil {
		t.Skip(err)
	}
	expect(t, path, inspect.ForeignOwner, "user 12345")
}

// FuzzInspect: no file may be too much for it.
func FuzzInspect(f *testing.F) {
	f.Add(program(elf.EM_X86_64, elf.ET_EXEC, "/bin/sh"))
	f.Add([]byte("#!/bin/sh\n"))
	f.Add([]byte("MZ"))
	f.Add([]byte("\xca\xfe\xba\xbe\x00\x00\x00\x01"))
	path := filepath.Join(f.TempDir(), "plugin")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, goos := range []string{"linux", "darwin", "windows"} {
			for _, finding := range inspect.Inspect(path, goos, "amd64") {
				if finding.Cause == "" || finding.Remedy == "" {
					t.Errorf("%+v", finding)
				}
			}
		}
	})
}
