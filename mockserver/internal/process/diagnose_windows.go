// SPDX-License-Identifier: MPL-2.0

package process

import (
	"errors"
	"io/fs"
	"os"

	"github.com/plugproof/plugproof/mockserver/failure"
)

func diagnosticNotes(string) string { return "" }

// execCause returns why the system did not execute the file at path.
func execCause(_ string, err error) (failure.Cause, string) {
	if errors.Is(err, fs.ErrPermission) {
		return failure.PermissionDenied, ""
	}
	return failure.ExecFailed, err.Error()
}

// exitSignal: there are no signals; a process that was killed exits with code 1.
func exitSignal(state *os.ProcessState) (name string, killed bool) {
	return "", state.ExitCode() == 1
}
