// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"context"
	"fmt"
	"net/http"
	"regexp"

	"github.com/plugproof/plugproof/steps"
)

// ownToken gives the session a token of its own on a server that somebody else
// started: cases revoke the token that they have, which must not be the user's. It
// is a child of the user's and has its policies, so that it goes with that at the
// latest (https://developer.hashicorp.com/vault/api-docs/auth/token#create-token).
func (s *session) ownToken(ctx context.Context) error {
	got, err := s.request(ctx, Step{HTTP: "POST auth/token/create", Body: []byte("{}")})
	if err != nil {
		return err
	}
	token, _ := part(got.Body, "auth.client_token").(string)
	if got.Status != http.StatusOK || token == "" {
		return fmt.Errorf("making a token for the case: POST auth/token/create: status %d, %v: use a token that may create others", got.Status, part(got.Body, "errors"))
	}
	s.token = token
	s.masks.literally(token, "root")
	return nil
}

// revokeToken revokes the session's own token and all that was made with it. That the
// case has done so itself is not a failure.
func (s *session) revokeToken(ctx context.Context) error {
	if _, err := s.request(ctx, Step{HTTP: "POST auth/token/revoke-self"}); err != nil {
		return fmt.Errorf("revoking the case's token: %w", err)
	}
	return nil
}

// revokesOthers finds requests that revoke what others have, too: all leases of the
// auth methods or of the server, or the server's seal.
var revokesOthers = regexp.MustCompile(`^[A-Z]+ /?(v1/)?sys/(((leases/)?revoke-(prefix|force)(/auth)?(/token)?/?|seal)$)`)

// spares returns steps.ErrUnsupported for a case that would log out whoever else uses
// the server, its harness among them.
func (c *Case) spares() error {
	for _, e := range c.Steps {
		if revokesOthers.MatchString(e.Step.HTTP) {
			return fmt.Errorf("%w: %s would log out whoever uses this server", steps.ErrUnsupported, e.Step.HTTP)
		}
	}
	return nil
}

// borrowed reports whether the target's server is somebody else's.
func (r *Runner) borrowed() bool { return r.Target.Unsupported(steps.OwnServer) != "" }
