// SPDX-License-Identifier: MPL-2.0

package callback

import (
	"errors"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// TestLateCallOfATransaction: what a plugin still sends when its transactions were rolled
// back is not written without them.
func TestLateCallOfATransaction(t *testing.T) {
	t.Parallel()
	s := &openBaoStorage{impl: &logical.InmemStorage{}}
	s.stop()
	if _, err := s.in("a transaction"); !errors.Is(err, errStopped) {
		t.Errorf("got %v", err)
	}
	if _, err := s.in(""); err != nil {
		t.Error(err)
	}
}
