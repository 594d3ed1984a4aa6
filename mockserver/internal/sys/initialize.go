// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// oldName is what all servers, OpenBao too, call themselves in the oldest texts.
const oldName = "Vault"

// InitRequest is what sys/init takes (http/sys_init.go). Its name is in errors about values.
type InitRequest struct {
	SecretShares      int      `json:"secret_shares"`
	SecretThreshold   int      `json:"secret_threshold"`
	PGPKeys           []string `json:"pgp_keys"`
	RecoveryShares    int      `json:"recovery_shares"`
	RecoveryThreshold int      `json:"recovery_threshold"`
	RecoveryPGPKeys   []string `json:"recovery_pgp_keys"`
	RootTokenPGPKey   string   `json:"root_token_pgp_key"`
}

// initialize answers sys/init. The server is initialized already, which real
// servers say only of parameters that make sense (vault/init.go).
func (s status) initialize(r *http.Request) (int, any, error) {
	switch r.Method {
	case http.MethodGet:
		return http.StatusOK, map[string]bool{"initialized": true}, nil
	case http.MethodPost, http.MethodPut:
		var asked InitRequest
		err := s.decodeBody(r, &asked)
		if err == nil {
			err = asked.refusal()
		}
		return http.StatusBadRequest, nil, err
	}
	return http.StatusMethodNotAllowed, nil, nil
}

// decodeBody reads the parameters of a request without token. An empty body is an error of servers
// that do not tell the reasons of broken JSON.
func (s status) decodeBody(r *http.Request, asked any) error {
	reasons := s.core.Dialect().Requests.JSONReasons
	err := json.NewDecoder(r.Body).Decode(asked)
	switch {
	case errors.Is(err, io.EOF) && reasons:
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return err
	case reasons:
		return fmt.Errorf("failed to decode JSON input: %w", err)
	}
	return fmt.Errorf("failed to parse JSON input: %w", err)
}

// refusal returns why the server can't be initialized.
func (i InitRequest) refusal() error {
	var recovery []string
	for _, field := range []struct {
		name  string
		given bool
	}{
		{"recovery_shares", i.RecoveryShares != 0}, {"recovery_threshold", i.RecoveryThreshold != 0},
		{"recovery_pgp_keys", len(i.RecoveryPGPKeys) > 0},
	} {
		if field.given {
			recovery = append(recovery, field.name)
		}
	}
	switch {
	case len(recovery) > 0:
		return fmt.Errorf("parameters %s not applicable to seal type shamir", strings.Join(recovery, ","))
	case i.SecretShares < 1:
		return errors.New("invalid seal configuration: shares must be at least one")
	case i.SecretThreshold < 1:
		return errors.New("invalid seal configuration: threshold must be at least one")
	case i.SecretShares > 1 && i.SecretThreshold == 1:
		return errors.New("invalid seal configuration: threshold must be greater than one for multiple shares")
	case i.SecretShares > 255:
		return errors.New("invalid seal configuration: shares must be less than 256")
	case i.SecretThreshold > 255:
		return errors.New("invalid seal configuration: threshold must be less than 256")
	case i.SecretThreshold > i.SecretShares:
		return errors.New("invalid seal configuration: threshold cannot be larger than shares")
	case len(i.PGPKeys) > 0 && len(i.PGPKeys) != i.SecretShares:
		return errors.New("invalid seal configuration: count mismatch between number of provided PGP keys and number of shares")
	}
	return fmt.Errorf("%s is already initialized", oldName)
}
