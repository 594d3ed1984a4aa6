// SPDX-License-Identifier: MPL-2.0

package features

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"io/fs"
	"strings"
)

//go:embed CONTRACT.md
var contract string

// ContractSection returns the section of the contract with that number as a path
// that can be opened, features/CONTRACT.md#2-registration, and whether there is
// one.
func ContractSection(number string) (path string, ok bool) {
	for line := range strings.Lines(contract) {
		title, isSection := strings.CutPrefix(strings.TrimSpace(line), "## "+number+". ")
		if isSection {
			return "features/CONTRACT.md#" + number + "-" + strings.ReplaceAll(strings.ToLower(title), " ", "-"), true
		}
	}
	return "", false
}

// Digest returns the digest of the files that match a pattern, sha256:HEX: results
// with the same digest of features are of the same requirements.
func Digest(files fs.FS, pattern string) (string, error) {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return "", err
		}
		sum.Write([]byte(name + "\x00"))
		sum.Write(text)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}
