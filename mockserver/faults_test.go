// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver"
)

// storing is an engine that stores at a.
func storing(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
	b := &framework.Backend{
		BackendType: logical.TypeLogical,
		Paths: []*framework.Path{{Pattern: "a$", Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{Callback: func(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
				return nil, req.Storage.Put(ctx, &logical.StorageEntry{Key: "a", Value: []byte("1")})
			}},
		}}},
	}
	return b, b.Setup(ctx, conf)
}

func TestWritesCanBeMadeToFail(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s, client, _ := start(t, mockserver.WithBackend("storing", "secret", storing))
	mount(t, client, "x", "storing")
	write := func() int {
		status, _ := send(t, s.Address(), "POST", "x/a", "{}")
		return status
	}
	g.Expect(write()).To(Equal(http.StatusNoContent))
	before, err := s.FailWrites("x/", true)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(write()).To(Equal(http.StatusInternalServerError))
	after, err := s.FailWrites("x/", false)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(after).To(Equal(before + 1))
	g.Expect(write()).To(Equal(http.StatusNoContent))

	_, err = s.FailWrites("y/", true)
	g.Expect(err).To(HaveOccurred(), "there is no such mount")
}

func TestStorageCanBeThatOfAStandby(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s, client, _ := start(t, mockserver.WithBackend("storing", "secret", storing))
	mount(t, client, "x", "storing")
	before, err := s.SetReadOnly("x/", true)
	g.Expect(err).NotTo(HaveOccurred())
	status, body := send(t, s.Address(), "POST", "x/a", "{}")
	g.Expect(status).To(Equal(http.StatusInternalServerError))
	g.Expect(body).To(ContainSubstring(logical.ErrReadOnly.Error()))
	g.Expect(s.SetReadOnly("x/", false)).To(Equal(before + 1))
	status, _ = send(t, s.Address(), "POST", "x/a", "{}")
	g.Expect(status).To(Equal(http.StatusNoContent))
	_, err = s.SetReadOnly("y/", true)
	g.Expect(err).To(HaveOccurred(), "there is no such mount")
}

func TestARevocationCanBeForgotten(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var revoked atomic.Int32
	var age atomic.Int64
	s, client, _ := start(t, mockserver.WithBackend("accounts", "secret", accounts(0, &revoked, &age)))
	mount(t, client, "a", "accounts")
	issued, err := client.Logical().ReadWithContext(t.Context(), "a/account")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.RevokeUnnoted(t.Context(), issued.LeaseID)).To(Succeed())
	g.Expect(revoked.Load()).To(Equal(int32(1)))
	g.Expect(client.Sys().RevokeWithContext(t.Context(), issued.LeaseID)).To(Succeed())
	g.Expect(revoked.Load()).To(Equal(int32(2)))
	g.Expect(s.RevokeUnnoted(t.Context(), issued.LeaseID)).NotTo(Succeed(), "the lease is gone")
}

// remembering is an engine that keeps in memory what it has read of its storage, until it
// is told of a change, and rolls back entries of its write-ahead log.
func remembering(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
	var known sync.Map
	operations := func(callback framework.OperationFunc) map[logical.Operation]framework.OperationHandler {
		return map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{Callback: callback}, logical.UpdateOperation: &framework.PathOperation{Callback: callback},
		}
	}
	b := &framework.Backend{
		BackendType: logical.TypeLogical,
		Invalidate:  func(_ context.Context, key string) { known.Delete(key) },
		WALRollback: func(_ context.Context, _ *logical.Request, kind string, _ any) error {
			if kind != "begun" {
				return fmt.Errorf("unknown entry %q", kind)
			}
			return nil
		},
		Paths: []*framework.Path{
			{Pattern: "folder/key$", Operations: operations(func(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
				if req.Operation == logical.UpdateOperation {
					return nil, req.Storage.Put(ctx, &logical.StorageEntry{Key: req.Path, Value: []byte(fmt.Sprint(req.Data["value"]))})
				}
				if value, ok := known.Load(req.Path); ok {
					return &logical.Response{Data: map[string]any{"value": value}}, nil
				}
				entry, err := req.Storage.Get(ctx, req.Path)
				if err != nil || entry == nil {
					return nil, err
				}
				known.Store(req.Path, string(entry.Value))
				return &logical.Response{Data: map[string]any{"value": string(entry.Value)}}, nil
			})},
			{Pattern: "begin$", Operations: operations(func(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
				_, err := framework.PutWAL(ctx, req.Storage, fmt.Sprint(req.Data["kind"]), nil)
				return nil, err
			})},
		},
	}
	return b, b.Setup(ctx, conf)
}

// remembered mounts that engine at x and writes a value.
func remembered(t *testing.T, value string) (*mockserver.Server, *api.Client) {
	t.Helper()
	s, client, _ := start(t, mockserver.WithBackend("remembering", "secret", remembering))
	mount(t, client, "x", "remembering")
	rememberedWrite(t, client, "folder/key", map[string]any{"value": value})
	return s, client
}

func rememberedWrite(t *testing.T, client *api.Client, path string, data map[string]any) {
	t.Helper()
	if _, err := client.Logical().WriteWithContext(t.Context(), "x/"+path, data); err != nil {
		t.Fatal(err)
	}
}

func TestStorageKeysAreWholeAndOfTheirFolder(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s, client := remembered(t, "1")
	keys, err := s.StorageKeys(t.Context(), "x/", "")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(keys).To(Equal([]string{"folder/key"}))
	rememberedWrite(t, client, "begin", map[string]any{"kind": "begun"})
	rememberedWrite(t, client, "begin", map[string]any{"kind": "begun"})
	keys, err = s.StorageKeys(t.Context(), "x/", "wal/")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(keys).To(HaveLen(2))
	g.Expect(keys).To(HaveEach(HavePrefix("wal/")))
	g.Expect(slices.IsSorted(keys)).To(BeTrue())
	_, err = s.StorageKeys(t.Context(), "y/", "")
	g.Expect(err).To(HaveOccurred(), "there is no such mount")
}

func TestRollBackNowTakesYoungEntries(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s, client := remembered(t, "1")
	left := func() []string {
		keys, err := s.StorageKeys(t.Context(), "x/", "wal/")
		g.Expect(err).NotTo(HaveOccurred())
		return keys
	}
	rememberedWrite(t, client, "begin", map[string]any{"kind": "begun"})
	g.Expect(left()).To(HaveLen(1))
	g.Expect(s.RollBackNow(t.Context(), "x/")).To(Succeed())
	g.Expect(left()).To(BeEmpty())

	rememberedWrite(t, client, "begin", map[string]any{"kind": "other"})
	g.Expect(s.RollBackNow(t.Context(), "x/")).To(MatchError(ContainSubstring(`unknown entry "other"`)))
	g.Expect(left()).To(HaveLen(1))
	g.Expect(s.RollBackNow(t.Context(), "y/")).NotTo(Succeed(), "there is no such mount")
}

func TestThePluginIsToldOfReplacedStorage(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s, client := remembered(t, "1")
	read := func() any {
		answer, err := client.Logical().ReadWithContext(t.Context(), "x/folder/key")
		g.Expect(err).NotTo(HaveOccurred())
		if answer == nil {
			return nil
		}
		return answer.Data["value"]
	}
	first, err := s.StorageEntries(t.Context(), "x/")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(first).To(Equal(map[string][]byte{"folder/key": []byte("1")}))
	g.Expect(read()).To(Equal("1"))
	rememberedWrite(t, client, "folder/key", map[string]any{"value": "2"})
	g.Expect(read()).To(Equal("1"), "it remembers")

	g.Expect(s.ReplaceStorage(t.Context(), "x/", map[string][]byte{"folder/key": []byte("3"), "other": []byte("4")})).To(Succeed())
	g.Expect(read()).To(Equal("3"))
	g.Expect(s.StorageKeys(t.Context(), "x/", "")).To(Equal([]string{"folder/key", "other"}))
	g.Expect(s.ReplaceStorage(t.Context(), "x/", map[string][]byte{"other": []byte("4")})).To(Succeed())
	g.Expect(read()).To(BeNil())
	g.Expect(s.ReplaceStorage(t.Context(), "y/", nil)).NotTo(Succeed(), "there is no such mount")
}
