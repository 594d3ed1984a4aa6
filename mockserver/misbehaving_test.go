// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/mockserver/clock"
)

// behaving is a backend whose read of "do" is what a test wants.
func behaving(do framework.OperationFunc, change func(*framework.Backend)) logical.Factory {
	return func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		b := &framework.Backend{
			BackendType: logical.TypeLogical,
			Paths: []*framework.Path{
				{Pattern: "do", Operations: map[logical.Operation]framework.OperationHandler{
					logical.ReadOperation: &framework.PathOperation{Callback: do},
				}},
				{Pattern: "ok", Operations: map[logical.Operation]framework.OperationHandler{
					logical.ReadOperation: &framework.PathOperation{Callback: func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
						return &logical.Response{Data: map[string]any{"ok": true}}, nil
					}},
				}},
			},
		}
		if change != nil {
			change(b)
		}
		return b, b.Setup(ctx, conf)
	}
}

// serving starts a server with one backend at m/ and returns its address.
func serving(t *testing.T, factory logical.Factory, opts ...mockserver.Option) string {
	t.Helper()
	s, client, _ := start(t, append(opts, mockserver.WithRootToken("root"), mockserver.WithBackend("mine", "secret", factory))...)
	mount(t, client, "m", "mine")
	return s.Address()
}

// TestMisbehavingBackend: whatever a backend does, its request fails with 500 and
// the next one is served.
func TestMisbehavingBackend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   framework.OperationFunc
		says string
	}{
		"panic": {
			func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
				var roles map[string]int
				roles["a"] = 1 //nolint:staticcheck // the panic is the test
				return nil, nil
			}, `backend \"mine\" panicked: assignment to entry in nil map at misbehaving_test.go:`,
		},
		"nil entry": {
			func(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
				return nil, req.Storage.Put(ctx, nil)
			}, "cannot write nil entry",
		},
		"status that is none": {
			func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
				return nil, logical.CodedError(7, "odd")
			}, "odd",
		},
		"raw status that is none": {
			func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
				return &logical.Response{Data: map[string]any{logical.HTTPStatusCode: 7, logical.HTTPContentType: "a/b"}}, nil
			}, "",
		},
		"auth on a secrets engine": {
			func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
				return &logical.Response{Auth: &logical.Auth{}}, nil
			}, "internal error",
		},
		"lease of less than nothing": {
			func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
				return &logical.Response{Secret: &logical.Secret{LeaseOptions: logical.LeaseOptions{TTL: -1 << 62}}}, nil
			}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := serving(t, behaving(c.do, nil))
			status, body := send(t, address, "GET", "m/do", "")
			if status != http.StatusInternalServerError && name != "lease of less than nothing" || !strings.Contains(body, c.says) {
				t.Errorf("%d %s, want 500 with %q", status, body, c.says)
			}
			if status, body := send(t, address, "GET", "m/ok", ""); status != http.StatusOK {
				t.Errorf("the next request got %d %s", status, body)
			}
		})
	}
}

// TestPanicTakesTheMemoryOfABackend: as the crash of a process does, and the new
// backend is initialized.
func TestPanicTakesTheMemoryOfABackend(t *testing.T) {
	t.Parallel()
	var made, initialized atomic.Int32
	address := serving(t, func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		made.Add(1)
		return behaving(func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
			panic("told to")
		}, func(b *framework.Backend) {
			b.InitializeFunc = func(context.Context, *logical.InitializationRequest) error {
				initialized.Add(1)
				return nil
			}
		})(ctx, conf)
	})
	send(t, address, "GET", "m/do", "")
	if made.Load() != 1 {
		t.Fatalf("%d backends before the next request", made.Load())
	}
	send(t, address, "GET", "m/ok", "")
	send(t, address, "GET", "m/ok", "")
	if made.Load() != 2 || initialized.Load() != 2 {
		t.Fatalf("%d backends, %d of them initialized; want 2 each", made.Load(), initialized.Load())
	}
}

// TestRefusedMounts: the texts are those of Vault and OpenBao.
func TestRefusedMounts(t *testing.T) {
	t.Parallel()
	open := func(path string) logical.Factory {
		return behaving(nil, func(b *framework.Backend) {
			b.Paths = nil
			b.PathsSpecial = &logical.Paths{Unauthenticated: []string{"fine", "fine/*", "fine/+/x", path}, Root: []string{"odd/+*"}}
		})
	}
	for name, c := range map[string]struct {
		factory logical.Factory
		says    string
	}{
		"a panic in the factory": {
			func(context.Context, *logical.BackendConfig) (logical.Backend, error) { panic("told to") },
			`backend \"mine\" panicked: told to at misbehaving_test.go:`,
		},
		"no backend": {
			func(context.Context, *logical.BackendConfig) (logical.Backend, error) { return nil, nil },
			`nil backend of type \"mine\" returned from factory`,
		},
		"a write during setup": {
			func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
				return nil, conf.StorageView.Put(ctx, &logical.StorageEntry{Key: "k", Value: []byte("v")})
			}, "cannot write to storage during setup",
		},
		"a deletion during setup": {
			func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
				return nil, conf.StorageView.Delete(ctx, "k")
			}, "cannot write to storage during setup",
		},
		"+*":    {open("kv/+*"), `path \"kv/+*\": invalid use of wildcards ('+*' is forbidden)`},
		"*/x":   {open("kv/*/x"), `path \"kv/*/x\": invalid use of wildcards ('*' is only allowed at the end of a path)`},
		"**":    {open("kv/**"), `path \"kv/**\": invalid use of wildcards (multiple '*' is forbidden)`},
		"a+":    {open("kv/a+"), `path \"kv/a+\": invalid use of wildcards ('+' is not allowed next to a non-slash)`},
		"no */": {open("*/"), `path \"*/\": invalid use of wildcards ('*' is only allowed at the end of a path)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, _ := start(t, mockserver.WithRootToken("root"), mockserver.WithBackend("mine", "secret", c.factory))
			status, body := send(t, s.Address(), "POST", "sys/mounts/m", `{"type":"mine"}`)
			if status != http.StatusBadRequest || !strings.Contains(body, c.says) {
				t.Errorf("%d %s, want 400 with %q", status, body, c.says)
			}
			if status, body := send(t, s.Address(), "GET", "m/x", ""); status != http.StatusNotFound {
				t.Errorf("a refused mount answers %d %s", status, body)
			}
		})
	}
}

// TestStorageByPhase: Initialize and a reload's setup may write; what a backend
// left running may not after its mount is gone.
func TestStorageByPhase(t *testing.T) {
	t.Parallel()
	var view atomic.Value
	var setups atomic.Int32
	write := func(ctx context.Context, s logical.Storage) error {
		return s.Put(ctx, &logical.StorageEntry{Key: "k", Value: []byte("v")})
	}
	factory := func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		view.Store(&conf.StorageView)
		if setups.Add(1) > 1 {
			if err := write(ctx, conf.StorageView); err != nil {
				return nil, err
			}
		}
		return behaving(nil, func(b *framework.Backend) {
			b.Paths = nil
			b.InitializeFunc = func(ctx context.Context, req *logical.InitializationRequest) error { return write(ctx, req.Storage) }
		})(ctx, conf)
	}
	address := serving(t, factory)
	if status, body := send(t, address, "PUT", "sys/plugins/reload/backend", `{"mounts":["m/"]}`); status >= 300 {
		t.Fatalf("reload: %d %s", status, body)
	}
	if status, body := send(t, address, "DELETE", "sys/mounts/m", ""); status != http.StatusNoContent {
		t.Fatalf("unmount: %d %s", status, body)
	}
	s := *view.Load().(*logical.Storage)
	if err := write(t.Context(), s); err == nil {
		t.Error("a backend whose mount is gone can store")
	}
	if keys, err := s.List(t.Context(), ""); err != nil || len(keys) != 0 {
		t.Errorf("the storage of a mount that is gone has %q (%v)", keys, err)
	}
}

// TestPeriodicFunctions: every minute, on a clock that a test moves; once more
// before the mount goes, and a failure of it is not a reason to stay.
func TestPeriodicFunctions(t *testing.T) {
	t.Parallel()
	c := clock.NewStopped(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	var calls atomic.Int32
	address := serving(t, behaving(nil, func(b *framework.Backend) {
		b.Paths = nil
		b.PeriodicFunc = func(ctx context.Context, req *logical.Request) error {
			calls.Add(1)
			if err := req.Storage.Put(ctx, &logical.StorageEntry{Key: "last", Value: []byte(c.Now().String())}); err != nil {
				return err
			}
			return errors.New("told to fail")
		}
	}), mockserver.WithClock(c))
	c.Advance(59 * time.Second)
	if got := calls.Load(); got != 0 {
		t.Fatalf("called %d times within the first minute", got)
	}
	c.Advance(time.Second)
	if got := calls.Load(); got != 1 {
		t.Fatalf("called %d times in a minute", got)
	}
	c.Advance(10 * time.Minute)
	if got := calls.Load(); got != 11 {
		t.Fatalf("called %d times in eleven minutes", got)
	}
	if status, body := send(t, address, "DELETE", "sys/mounts/m", ""); status != http.StatusNoContent {
		t.Fatalf("unmount: %d %s", status, body)
	}
	if got := calls.Load(); got != 12 {
		t.Fatalf("called %d times, want once more before the mount goes", got)
	}
	c.Advance(time.Hour)
	if got := calls.Load(); got != 12 {
		t.Fatalf("called %d times after the mount is gone", got)
	}
}
