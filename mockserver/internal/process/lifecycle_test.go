// SPDX-License-Identifier: MPL-2.0

package process_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
	"github.com/plugproof/plugproof/mockserver/internal/process"
)

// slowStorage answers Get when it is told to.
type slowStorage struct {
	logical.InmemStorage
	asked, answer chan struct{}
}

func newSlowStorage() *slowStorage {
	return &slowStorage{asked: make(chan struct{}), answer: make(chan struct{})}
}

func (s *slowStorage) Get(context.Context, string) (*logical.StorageEntry, error) {
	close(s.asked)
	<-s.answer
	return nil, nil
}

func TestReloadLetsRequestsInFlightEnd(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	storage := newSlowStorage()
	conf := config("a")
	conf.StorageView = storage
	b, err := p.Backend(t.Context(), fixed(entry(t, "multiplex")), conf)
	if err != nil {
		t.Fatal(err)
	}
	old := pid(t, b)
	slow, reloaded := make(chan error, 1), make(chan struct{})
	go func() {
		_, err := read(t.Context(), b, "storage")
		slow <- err
	}()
	<-storage.asked
	go func() { b.Cleanup(reloading(t)); close(reloaded) }()
	// From here on the reload is under way: new requests are turned away.
	for {
		if _, err := read(t.Context(), b, "pid"); errors.Is(err, sdkplugin.ErrPluginShutdown) {
			break
		}
	}
	if gone(old) {
		t.Fatal("the process was ended under a request")
	}
	close(storage.answer)
	if err := <-slow; err != nil {
		t.Errorf("request in flight: %v", err)
	}
	<-reloaded
	if !gone(old) {
		t.Error("the old process is still there")
	}
}

func TestReloadWaitsForNobodyForEver(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	storage := newSlowStorage()
	conf := config("a")
	conf.StorageView = storage
	b, err := p.Backend(t.Context(), fixed(entry(t, "multiplex")), conf)
	if err != nil {
		t.Fatal(err)
	}
	old := pid(t, b)
	slow := make(chan error, 1)
	go func() {
		_, err := read(t.Context(), b, "storage")
		slow <- err
	}()
	<-storage.asked
	b.Cleanup(reloading(t))
	if err := <-slow; err == nil {
		t.Error("the request that went on for ever succeeded")
	}
	if !gone(old) {
		t.Error("the old process is still there")
	}
	close(storage.answer)
}

// reloading is the context that tells Cleanup of a reload.
func reloading(t *testing.T) context.Context {
	return context.WithValue(t.Context(), sdkplugin.ContextKeyPluginReload, "reload")
}

func TestReloadMovesEveryMountOfTheProcess(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	e := entry(t, "multiplex")
	a, b := mount(t, p, "a", e), mount(t, p, "b", e)
	old := pid(t, b)
	a.Cleanup(reloading(t))
	if !gone(old) {
		t.Fatal("the old process is still there")
	}
	a = mount(t, p, "a", e)
	if now := pid(t, b); now == old || now != pid(t, a) {
		t.Fatalf("processes: %+v", p.Processes())
	}
}

// TestReopenedMountIsNotInItsProcess: servers go on asking the process that a mount was
// released from, as long as another mount keeps it; measured on OpenBao 2.6.2.
func TestReopenedMountIsNotInItsProcess(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	e := entry(t, "multiplex")
	a, b := mount(t, p, "a", e), mount(t, p, "b", e)
	shared := pid(t, b)
	a.Cleanup(t.Context())
	a.Reopen()
	for range 2 {
		if _, err := read(t.Context(), a, "pid"); err == nil || err.Error() != "rpc error: code = Unknown desc = no backend instance found" {
			t.Fatalf("while the process goes on: %v", err)
		}
	}
	b.Cleanup(t.Context())
	if now := pid(t, a); now == shared {
		t.Errorf("process %d again", now)
	}
}

func TestRequestsAndReloadsSideBySide(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	e := entry(t, "multiplex")
	var mounts [4]atomic.Pointer[process.Backend]
	for i := range mounts {
		mounts[i].Store(mount(t, p, "", e))
	}
	var answered atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				// A backend that is being replaced says so; nothing else may
				// go wrong, for its neighbours least of all.
				_, err := read(context.Background(), mounts[i%4].Load(), "pid")
				if err != nil && (i%4 > 1 || !errors.Is(err, sdkplugin.ErrPluginShutdown)) {
					t.Errorf("request of mount %d while others reload: %v", i%4, err)
					return
				}
				answered.Add(1)
			}
		})
	}
	for i := range 6 {
		reloaded := &mounts[i%2]
		reloaded.Load().Cleanup(reloading(t))
		reloaded.Store(mount(t, p, "", e))
	}
	close(stop)
	wg.Wait()
	for i := range mounts {
		pid(t, mounts[i].Load())
		mounts[i].Load().Cleanup(t.Context())
	}
	if infos := p.Processes(); len(infos) != 0 || answered.Load() == 0 {
		t.Fatalf("%d answers, left running: %+v", answered.Load(), infos)
	}
}

func TestCrashUnderLoad(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	b := mount(t, p, "a", entry(t, "multiplex"))
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			for range 20 {
				path := "pid"
				if i == 0 {
					path = "crash"
				}
				// Errors are right here, hanging and panicking are not.
				_, _ = read(context.Background(), b, path)
			}
		})
	}
	wg.Wait()
	pid(t, b)
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	first := pid(t, mount(t, p, "a", entry(t, "multiplex")))
	second := pid(t, mount(t, p, "b", entry(t, "single")))
	hung := make(chan error, 1)
	go func() {
		_, err := p.Backend(context.Background(), fixed(entry(t, "hang")), config(""))
		hung <- err
	}()
	p.Close()
	if err := <-hung; err == nil {
		t.Error("a start under way succeeded")
	}
	if !gone(first) || !gone(second) {
		t.Error("plugins outlive Close")
	}
	if _, err := p.Backend(t.Context(), fixed(entry(t, "multiplex")), config("")); err == nil {
		t.Error("a closed pool starts plugins")
	}
}

func TestNoFilesAreLeft(t *testing.T) {
	dir, err := os.MkdirTemp("", "left") // short: names of sockets have 108 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	t.Setenv("TMPDIR", dir)
	p := newPool(t, func(h *process.Host) { h.Environ = func() []string { return []string{"TMPDIR=" + dir} } })
	b := mount(t, p, "a", entry(t, "multiplex"))
	_, _ = read(t.Context(), b, "crash")
	pid(t, b)
	mount(t, p, "b", entry(t, "single"))
	for _, role := range []string{"exit", "garbage", "old"} {
		_, _ = p.Backend(t.Context(), fixed(entry(t, role)), config(""))
	}
	p.Close()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Fatalf("left: %v, %v", left, err)
	}
}
