// SPDX-License-Identifier: MPL-2.0

package process_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
	"github.com/plugproof/plugproof/mockserver/internal/process"
	"golang.org/x/sys/unix"
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
	slow, reloaded := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := read(t.Context(), b, "storage")
		slow <- err
	}()
	<-storage.asked
	go func() { reloaded <- b.Reload(t.Context()) }()
	// Processes of a process that is being reloaded are still listed: the
	// request in flight keeps it.
	if gone(old) {
		t.Fatal("the process was ended under a request")
	}
	close(storage.answer)
	if err := <-slow; err != nil {
		t.Errorf("request in flight: %v", err)
	}
	if err := <-reloaded; err != nil {
		t.Fatal(err)
	}
	if !gone(old) {
		t.Error("the old process is still there")
	}
	if pid(t, b) == old {
		t.Error("no new process")
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
	if err := b.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-slow; err == nil {
		t.Error("the request that went on for ever succeeded")
	}
	close(storage.answer)
	if pid(t, b) == old {
		t.Error("no new process")
	}
}

func TestReloadMovesEveryMountOfTheProcess(t *testing.T) {
	t.Parallel()
	for name, reload := range map[string]func(*process.Backend){
		"in place": func(b *process.Backend) {
			if err := b.Reload(t.Context()); err != nil {
				t.Error(err)
			}
		},
		"as the SDK does": func(b *process.Backend) {
			b.Cleanup(context.WithValue(t.Context(), sdkplugin.ContextKeyPluginReload, "reload"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPool(t, nil)
			e := entry(t, "multiplex")
			a, b := mount(t, p, "a", e), mount(t, p, "b", e)
			old := pid(t, b)
			reload(a)
			if !gone(old) {
				t.Fatal("the old process is still there")
			}
			if pid(t, b) == old || len(p.Processes()) != 1 {
				t.Fatalf("processes: %+v", p.Processes())
			}
		})
	}
}

func TestRequestsAndReloadsSideBySide(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	e := entry(t, "multiplex")
	mounts := []*process.Backend{mount(t, p, "a", e), mount(t, p, "b", e), mount(t, p, "c", e), mount(t, p, "d", e)}
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
				if _, err := read(context.Background(), mounts[i%len(mounts)], "pid"); err != nil {
					t.Errorf("request while others reload: %v", err)
					return
				}
				answered.Add(1)
			}
		})
	}
	for i := range 6 {
		if err := mounts[i%2].Reload(t.Context()); err != nil {
			t.Errorf("reload: %v", err)
		}
	}
	close(stop)
	wg.Wait()
	for _, b := range mounts {
		pid(t, b)
		b.Cleanup(t.Context())
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

func TestNothingOutlivesAKilledServer(t *testing.T) {
	t.Parallel()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(path)
	server.Env = append(os.Environ(), roleVariable+"=holder")
	server.Stderr = os.Stderr
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	plugin, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	wait := watchEnd(t, plugin)
	if err := server.Process.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err == nil {
		t.Fatal("the server was not killed")
	}
	wait()
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
	for _, role := range []string{"exit", "garbage"} {
		_, _ = p.Backend(t.Context(), fixed(entry(t, role)), config(""))
	}
	p.Close()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Fatalf("left: %v, %v", left, err)
	}
}
