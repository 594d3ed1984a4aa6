// SPDX-License-Identifier: MPL-2.0

//go:build !windows

package process

import (
	"bufio"
	"debug/elf"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/plugproof/plugproof/mockserver/failure"
)

// execCause returns why the kernel did not execute the file at path.
func execCause(path string, err error) (failure.Cause, string) {
	switch {
	case errors.Is(err, syscall.ENOENT):
		if _, statErr := os.Stat(path); statErr != nil {
			return failure.FileMissing, ""
		}
		return failure.LoaderMissing, loader(path)
	case errors.Is(err, syscall.ENOEXEC):
		return failure.WrongFormat, ""
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return failure.PermissionDenied, ""
	}
	return failure.ExecFailed, err.Error()
}

// loader returns the dynamic loader of an ELF file or the interpreter of a
// script; empty if the file names none.
func loader(path string) string {
	if file, err := elf.Open(path); err == nil {
		defer file.Close()
		for _, program := range file.Progs {
			if program.Type != elf.PT_INTERP || program.Filesz > 4096 {
				continue
			}
			if raw, err := io.ReadAll(program.Open()); err == nil {
				return strings.TrimRight(string(raw), "\x00")
			}
		}
		return ""
	}
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	line, _ := bufio.NewReaderSize(file, 256).ReadSlice('\n')
	interpreter, ok := strings.CutPrefix(string(line), "#!")
	if fields := strings.Fields(interpreter); ok && len(fields) > 0 {
		return fields[0]
	}
	return ""
}

// exitSignal returns the name of the signal that ended a process, empty for
// none, and whether it was SIGKILL.
func exitSignal(state *os.ProcessState) (name string, killed bool) {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return "", false
	}
	return status.Signal().String(), status.Signal() == syscall.SIGKILL
}
