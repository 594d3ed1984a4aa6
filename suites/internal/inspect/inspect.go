// SPDX-License-Identifier: MPL-2.0

// Package inspect looks at a plugin's file before anything runs: whether it is
// there, may be executed, and is a program for the platform of the server. It
// needs no server and starts nothing.
package inspect

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Kind names a finding, for programs.
type Kind string

// The kinds of findings.
const (
	Missing        Kind = "missing"
	DeadLink       Kind = "dead-link"
	LinkOutside    Kind = "link-outside"
	NotAFile       Kind = "not-a-file"
	Unreadable     Kind = "unreadable"
	NotExecutable  Kind = "not-executable"
	NoExecMount    Kind = "noexec"
	ForeignOwner   Kind = "foreign-owner"
	OthersCanWrite Kind = "others-can-write"
	Empty          Kind = "empty"
	Truncated      Kind = "truncated"
	WrongOS        Kind = "wrong-os"
	WrongArch      Kind = "wrong-arch"
	NotAProgram    Kind = "not-a-program"
	NoLoader       Kind = "no-loader"
	NoInterpreter  Kind = "no-interpreter"
	Unknown        Kind = "unknown-format"
)

// Finding is something that keeps a server from running the file, or is likely
// to.
type Finding struct {
	Kind Kind
	// Fatal findings keep the file from running here; the others may elsewhere.
	Fatal bool
	// Cause says what is wrong, Remedy what to do about it.
	Cause, Remedy string
}

func (f Finding) String() string { return f.Cause + ": " + f.Remedy }

// Inspect returns what is wrong with the file at path for a server that runs on
// goos and goarch, named as Go names them. What depends on the machine, such as
// permissions and loaders, is judged for this user on this machine. No findings
// means that the kernel will execute the file.
func Inspect(path, goos, goarch string) []Finding {
	var findings []Finding
	linked, stop := inspectLink(path)
	findings = append(findings, linked...)
	if stop {
		return findings
	}
	info, err := os.Stat(path)
	if err != nil {
		return append(findings, notThere(path, err))
	}
	if !info.Mode().IsRegular() {
		return append(findings, Finding{
			Kind: NotAFile, Fatal: true, Cause: fmt.Sprintf("%s is a %s", path, fileType(info)), Remedy: "name the plugin's binary",
		})
	}
	findings = append(findings, inspectMode(path, info)...)
	file, err := os.Open(path)
	if err != nil {
		return append(findings, Finding{
			Kind: Unreadable, Fatal: true, Cause: fmt.Sprintf("%s can't be read, and servers compare its checksum", path),
			Remedy: "chmod u+r " + path,
		})
	}
	defer file.Close()
	return append(findings, inspectContent(file, info.Size(), goos, goarch)...)
}

func notThere(path string, err error) Finding {
	if errors.Is(err, fs.ErrPermission) {
		return Finding{
			Kind: Unreadable, Fatal: true, Cause: fmt.Sprintf("%s can't be reached: a directory above it denies access", path),
			Remedy: "give this user the x permission on every directory of the path",
		}
	}
	return Finding{Kind: Missing, Fatal: true, Cause: fmt.Sprintf("%s does not exist", path), Remedy: "build the plugin, or correct the path"}
}

// inspectLink looks at a symbolic link. stop reports that there is no file to
// look at.
func inspectLink(path string) (findings []Finding, stop bool) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != fs.ModeSymlink {
		return nil, false
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		next, _ := os.Readlink(path) // empty where it can't be read
		return []Finding{{
			Kind: DeadLink, Fatal: true, Cause: fmt.Sprintf("%s is a link to %s, which does not exist", path, next),
			Remedy: "build the plugin, or point the link at it",
		}}, true
	}
	directory, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil || filepath.Dir(target) == directory {
		return nil, false
	}
	return []Finding{{
		Kind: LinkOutside, Cause: fmt.Sprintf("%s is a link out of its directory, to %s; servers refuse such files in their plugin directory", path, target),
		Remedy: "copy the binary there instead",
	}}, false
}

func fileType(info fs.FileInfo) string {
	switch {
	case info.IsDir():
		return "directory"
	case info.Mode()&fs.ModeSocket != 0:
		return "socket"
	case info.Mode()&fs.ModeNamedPipe != 0:
		return "pipe"
	}
	return "device"
}

// inspectContent looks at the first bytes for what the kernel makes of them.
func inspectContent(file *os.File, size int64, goos, goarch string) []Finding {
	path := file.Name()
	if size == 0 {
		return []Finding{{Kind: Empty, Fatal: true, Cause: path + " is empty", Remedy: "build or copy it again"}}
	}
	head := make([]byte, 512)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return []Finding{{Kind: Unreadable, Fatal: true, Cause: fmt.Sprintf("%s can't be read: %v", path, err), Remedy: "copy it again"}}
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("#!")):
		return inspectScript(path, head, goos)
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return inspectELF(file, size, goos, goarch)
	case isMachO(head):
		return inspectMachO(file, goos, goarch)
	case bytes.HasPrefix(head, []byte("MZ")):
		return inspectPE(file, goos, goarch)
	case goos != "windows" && isText(head):
		return []Finding{{
			Kind: NotAProgram, Fatal: true, Cause: path + " is a text without a #! line, which no kernel executes",
			Remedy: "begin it with a line such as #!/bin/sh",
		}}
	}
	return []Finding{{
		Kind: Unknown, Fatal: true, Cause: fmt.Sprintf("%s is not a program for %s: its format is unknown", path, goos),
		Remedy: fmt.Sprintf("build the plugin with GOOS=%s GOARCH=%s", goos, goarch),
	}}
}

// isText reports whether the beginning of a file is text. Its last character may
// be cut off.
func isText(head []byte) bool {
	for len(head) > 0 && utf8.FullRune(head) {
		r, size := utf8.DecodeRune(head)
		if r < ' ' && !strings.ContainsRune("\n\t\r", r) || r == utf8.RuneError {
			return false
		}
		head = head[size:]
	}
	return true
}

// inspectScript looks for the interpreter that the first line names.
func inspectScript(path string, head []byte, goos string) []Finding {
	if goos == "windows" {
		return []Finding{{Kind: WrongOS, Fatal: true, Cause: path + " is a script, which Windows does not execute", Remedy: "build a program"}}
	}
	line, _ := bufio.NewReader(bytes.NewReader(head)).ReadString('\n')
	if strings.HasSuffix(line, "\r\n") {
		return []Finding{{
			Kind: NoInterpreter, Fatal: true, Cause: fmt.Sprintf("%s ends its lines as Windows does, so that its interpreter is looked up with a carriage return", path),
			Remedy: "write it with Unix line endings",
		}}
	}
	fields := strings.Fields(strings.TrimPrefix(line, "#!"))
	if len(fields) == 0 {
		return []Finding{{Kind: NoInterpreter, Fatal: true, Cause: path + " names no interpreter after #!", Remedy: "name one, such as #!/bin/sh"}}
	}
	if info, err := os.Stat(fields[0]); err != nil || info.IsDir() {
		return []Finding{{
			Kind: NoInterpreter, Fatal: true, Cause: fmt.Sprintf("%s is a script for %s, which does not exist", path, fields[0]),
			Remedy: "install it, or correct the first line",
		}}
	}
	if filepath.Base(fields[0]) == "env" && len(fields) == 2 && !onPath(fields[1]) {
		return []Finding{{
			Kind: NoInterpreter, Fatal: true, Cause: fmt.Sprintf("%s is a script for %s, which is not in PATH", path, fields[1]),
			Remedy: "install it, or name its full path in the first line",
		}}
	}
	return nil
}

func onPath(name string) bool {
	for _, directory := range filepath.SplitList(os.Getenv("PATH")) {
		if info, err := os.Stat(filepath.Join(directory, name)); err == nil && !info.IsDir() {
			return true
		}
	}
	return false
}
