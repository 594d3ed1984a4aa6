// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"syscall"
)

// fileSum is the sha256 of a file in hex.
func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("plugin binary: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("plugin binary: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// copyExecutable copies an executable and gives its sha256 in hex.
//
// While a file is open for writing, a process that is started then inherits it
// for a moment, and the system refuses to execute the file ("text file busy").
// The fork lock keeps this process from starting others meanwhile.
func copyExecutable(to, from string) (string, error) {
	data, err := os.ReadFile(from)
	if err != nil {
		return "", fmt.Errorf("plugin binary: %w", err)
	}
	syscall.ForkLock.RLock()
	err = os.WriteFile(to, data, 0o755)
	syscall.ForkLock.RUnlock()
	if err != nil {
		return "", fmt.Errorf("plugin binary: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
