// SPDX-License-Identifier: MPL-2.0

package core_test

import (
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/fault"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// TestDeletionOfANamespaceMayFail: a deletion that could not begin can be asked for again.
func TestDeletionOfANamespaceMayFail(t *testing.T) {
	t.Parallel()
	faults := fault.New(1)
	physical := storage.NewFaulty(storage.NewTransactor(storage.NewMemory()), faults)
	c := newCore(t, &engine{kind: logical.TypeLogical}, physical, clock.New())
	if _, err := c.CreateNamespace(t.Context(), "team/", nil); err != nil {
		t.Fatal(err)
	}
	faults.Begin(func(fault.Faults) {})
	if err := faults.Set("storage-full=true"); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteNamespace(t.Context(), "team/"); err == nil {
		t.Fatal("deleted on a full storage")
	}
	if err := faults.Set("storage-full=false"); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteNamespace(t.Context(), "team/"); err != nil {
		t.Fatal(err)
	}
	NewWithT(t).Eventually(func() error {
		_, err := c.Namespaces().At("team/")
		return err
	}).Should(MatchError(namespace.ErrNotFound))
}
