// SPDX-License-Identifier: MPL-2.0

//go:build unix

package inspect

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// inspectMode looks at permissions, owner and the file system.
func inspectMode(path string, info fs.FileInfo) []Finding {
	var findings []Finding
	mode := info.Mode().Perm()
	switch {
	case mode&0o111 == 0:
		findings = append(findings, Finding{
			Kind: NotExecutable, Fatal: true, Cause: fmt.Sprintf("%s is not executable (mode %s)", path, mode), Remedy: "chmod +x " + path,
		})
	case unix.Access(path, unix.X_OK) != nil:
		findings = append(findings, noAccess(path, mode))
	}
	if mode&0o022 != 0 {
		findings = append(findings, Finding{
			Kind: OthersCanWrite, Cause: fmt.Sprintf("others than its owner can write %s (mode %s); servers with VAULT_ENABLE_FILE_PERMISSIONS_CHECK refuse it", path, mode),
			Remedy: "chmod go-w " + path,
		})
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Getuid() {
		findings = append(findings, Finding{
			Kind: ForeignOwner, Cause: fmt.Sprintf("%s belongs to user %d, not to this one (%d); servers with VAULT_ENABLE_FILE_PERMISSIONS_CHECK refuse it", path, stat.Uid, os.Getuid()),
			Remedy: "chown it to the user that the server runs as",
		})
	}
	return findings
}

// noAccess: the mode has an x that does not count here.
func noAccess(path string, mode fs.FileMode) Finding {
	if noexec(path) {
		return Finding{
			Kind: NoExecMount, Fatal: true, Cause: fmt.Sprintf("%s lies on a file system that is mounted noexec", path),
			Remedy: "put it elsewhere, or mount that file system with exec",
		}
	}
	return Finding{
		Kind: NotExecutable, Fatal: true, Cause: fmt.Sprintf("this user may not execute %s (mode %s)", path, mode), Remedy: "chmod a+x " + path,
	}
}
