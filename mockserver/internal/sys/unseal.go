// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
)

// UnsealRequest is what sys/unseal takes (http/sys_seal.go). Its name is in errors about
// values.
type UnsealRequest struct {
	Key     string
	Reset   bool
	Migrate bool
}

// The lengths of a key that is read as hex: a secret share of one byte more than a key
// (BarrierKeyLength of the AES-GCM barrier).
const minKey, maxKey = 16, 33

// unseal answers sys/unseal of a server that is unsealed: what can be read as a key leaves
// it so, right or wrong (handleSysUnseal in http/sys_seal.go).
func (s status) unseal(r *http.Request) (int, any, error) {
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		return http.StatusMethodNotAllowed, nil, nil
	}
	var asked UnsealRequest
	if err := s.decodeBody(r, &asked); err != nil && !errors.Is(err, io.EOF) {
		return http.StatusBadRequest, nil, err
	}
	switch {
	case asked.Reset:
		return http.StatusBadRequest, nil, errors.New("vault is unsealed")
	case asked.Key == "":
		return http.StatusBadRequest, nil, errors.New("'key' must be specified in request body as JSON, or 'reset' set to true")
	case !isKey(asked.Key):
		return http.StatusBadRequest, nil, errors.New("'key' must be a valid hex or base64 string")
	case asked.Migrate:
		return http.StatusInternalServerError, nil, errors.New("can't perform a seal migration, no migration seal found")
	}
	return http.StatusOK, s.sealStatus(), nil
}

// isKey reports whether a text is hex of a key's length, or base64.
func isKey(text string) bool {
	if key, err := hex.DecodeString(text); err == nil && len(key) >= minKey && len(key) <= maxKey {
		return true
	}
	_, err := base64.StdEncoding.DecodeString(text)
	return err == nil
}
