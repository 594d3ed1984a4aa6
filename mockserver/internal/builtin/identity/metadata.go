// SPDX-License-Identifier: MPL-2.0

package identity

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// The limits of metadata (vault/identity/store_structs.go): how many pairs, and how many
// characters keys and values may have.
const (
	mostPairs       = 64
	longestKey      = 128
	longestValue    = 512
	reservedForKeys = "vault-"
)

var keyFormat = regexp.MustCompile(`^[a-zA-Z0-9=/+_-]+$`)

// checkMetadata returns the server's error for metadata of an entity, an alias or a group.
func checkMetadata(metadata map[string]string) error {
	if len(metadata) > mostPairs {
		return fmt.Errorf("metadata cannot contain more than %d key/value pairs", mostPairs)
	}
	for key, value := range metadata {
		if err := checkPair(key, value); err != nil {
			return fmt.Errorf("failed to load metadata pair (%q, %q): %w", key, value, err)
		}
	}
	return nil
}

func checkPair(key, value string) error {
	switch {
	case key == "":
		return errors.New("key cannot be blank")
	case !keyFormat.MatchString(key):
		return errors.New("key contains invalid characters")
	case len(key) > longestKey:
		return fmt.Errorf("key is too long (limit: %d characters)", longestKey)
	case strings.HasPrefix(key, reservedForKeys):
		return fmt.Errorf("key prefix %q is reserved for internal use", reservedForKeys)
	case len(value) > longestValue:
		return fmt.Errorf("value is too long (limit: %d characters)", longestValue)
	}
	return nil
}
