// SPDX-License-Identifier: MPL-2.0

// Package lease keeps what ends by itself: secrets that plugins lease out, and
// tokens. It stores leases, knows when the next one ends, and then has it
// revoked.
//
// Nothing is read at start: leases are found by ID when they are asked for, and
// those that end are found through an index by hour, of which only the hours
// that have come are in memory.
package lease

import (
	"errors"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// ErrNotFound is returned for leases that don't exist.
var ErrNotFound = errors.New("lease not found")

// Lease is a secret or a token that ends.
type Lease struct {
	// ID begins with Path.
	ID string `json:"lease_id"`
	// Path is the request that made it.
	Path string `json:"path"`
	// Holder is the key of the token that holds a secret, or of the token
	// itself; empty for secrets of orphan batch tokens.
	Holder string `json:"holder"`
	// HolderEnds is when the holder ends, if that is a batch token: such tokens
	// can't be revoked, so their secrets end with them at the latest.
	HolderEnds time.Time `json:"holder_ends,omitzero"`

	// Exactly one of Secret and Auth is set. Data is what was answered along
	// with the secret, which the plugin gets back. Auth has no client token.
	Data   map[string]any  `json:"data,omitempty"`
	Secret *logical.Secret `json:"secret,omitempty"`
	Auth   *logical.Auth   `json:"auth,omitempty"`

	Issued time.Time `json:"issue_time"`
	// Ends is zero for leases without end, which only root tokens have.
	Ends    time.Time `json:"expire_time,omitzero"`
	Renewed time.Time `json:"last_renewal_time,omitzero"`

	// Failure is why revocation was given up.
	Failure string `json:"failure,omitempty"`
}

// TTL is the time that remains at now, in whole seconds; zero without end.
func (l *Lease) TTL(now time.Time) int64 {
	if l.Ends.IsZero() {
		return 0
	}
	return int64(l.Ends.Sub(now.Round(time.Second)).Seconds())
}

// Over reports whether the lease's time is over at now.
func (l *Lease) Over(now time.Time) bool { return !l.Ends.IsZero() && l.Ends.Before(now) }

// CheckRenewable returns why a lease can't be renewed at now, in the server's words.
func (l *Lease) CheckRenewable(now time.Time) error {
	switch {
	case l.Failure != "":
		return errors.New("lease is expired and has failed previous revocation attempts")
	case l.Ends.IsZero():
		return errors.New("lease is not renewable")
	case l.Over(now):
		return errors.New("lease expired")
	case l.Secret != nil && !l.Secret.Renewable, l.Auth != nil && !l.Auth.Renewable:
		return errors.New("lease is not renewable")
	}
	return nil
}
