// SPDX-License-Identifier: MPL-2.0

package httpapi

import (
	"testing"

	"github.com/hashicorp/go-uuid"
)

func TestIDsAreUUIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		id := newID()
		raw, err := uuid.ParseUUID(id)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := uuid.FormatUUID(raw); err != nil || again != id {
			t.Errorf("%q in its usual form is %q (%v)", id, again, err)
		}
		if seen[id] {
			t.Errorf("%q twice", id)
		}
		seen[id] = true
	}
}
