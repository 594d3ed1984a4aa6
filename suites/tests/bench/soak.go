// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plugproof/plugproof/mockserver"
)

// drainLimit is how long what a soak used may take to end.
const drainLimit = 3 * time.Second

// holdings are what a process holds.
type holdings struct {
	heap, descriptors, goroutines float64 // heap in MB
}

// held returns what this process holds after a collection.
func held() holdings {
	runtime.GC()
	runtime.GC() // what had a finalizer or was in a pool
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	descriptors, _ := os.ReadDir("/proc/self/fd") // Linux's; elsewhere there are none to count
	return holdings{float64(memory.HeapAlloc) / (1 << 20), float64(len(descriptors)), float64(runtime.NumGoroutine())}
}

// measureSoak lets several clients use a mock in this process for a while, where
// goroutines can be counted, and sets what the process holds afterwards beside what
// it held after a tenth of that. At both times nothing is mounted.
func measureSoak(ctx context.Context, set settings, p *subject, t *table) error {
	mock, err := mockserver.Start(ctx, mockserver.WithPluginDir(p.dir), mockserver.WithRootToken(rootToken))
	if err != nil {
		return err
	}
	defer mock.Close()
	connections := &http.Transport{MaxIdleConnsPerHost: set.soakers}
	s := &soak{
		server: server{addr: strings.TrimPrefix(mock.Address(), "http://"), http: &http.Client{Transport: connections}},
		mock:   mock, plugin: p,
	}
	var before, after holdings
	for _, part := range []struct {
		long time.Duration
		held *holdings
	}{{set.soak / 10, &before}, {set.soak, &after}} {
		s.requests.Store(0)
		if err := s.run(ctx, set.soakers, part.long); err != nil {
			return err
		}
		connections.CloseIdleConnections()
		*part.held = held()
		for end := time.Now().Add(drainLimit); time.Now().Before(end) && len(mock.Processes()) == 0; time.Sleep(drainLimit / 10) {
			now := held()
			*part.held = holdings{min(part.held.heap, now.heap), min(part.held.descriptors, now.descriptors), min(part.held.goroutines, now.goroutines)}
		}
	}
	what := fmt.Sprintf("after %s of %d mixed requests, ", set.soak, s.requests.Load())
	t.memory(row{what: what + "memory", aim: "<= 1.1 x", below: before.heap}, after.heap, unitMemory)
	t.count(row{what: "  descriptors", aim: "<= 1 x"}, after.descriptors, before.descriptors)
	t.count(row{what: "  goroutines", aim: "<= 1 x"}, after.goroutines, before.goroutines)
	return nil
}

// soak is a mock that is used by several clients.
type soak struct {
	server

	mock     *mockserver.Server
	plugin   *subject
	requests atomic.Int64
}

// run lets clients use the server for a while, and each at least once.
func (s *soak) run(ctx context.Context, clients int, long time.Duration) error {
	var wg sync.WaitGroup
	errs := make([]error, clients)
	deadline := time.Now().Add(long)
	for i := range clients {
		wg.Go(func() {
			for errs[i] == nil {
				if errs[i] = s.lifecycle(ctx, fmt.Sprintf("soak%d", i)); !time.Now().Before(deadline) {
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// lifecycle is the life of a plugin of that name, from its registration to its removal,
// with its end by force on the way.
func (s *soak) lifecycle(ctx context.Context, name string) error {
	call := func(method, path string, body any) error {
		s.requests.Add(1)
		return s.call(ctx, method, path, body)
	}
	use := func() error {
		for i := range 50 {
			at := fmt.Sprintf("%s/key%d", name, i%10)
			if err := errors.Join(call("PUT", at, map[string]any{"value": strings.Repeat("x", i)}), call("GET", at, nil), call("LIST", name, nil)); err != nil {
				return err
			}
		}
		return errors.Join(call("GET", "sys/mounts", nil), call("GET", "sys/internal/ui/mounts/"+name, nil),
			call("POST", "auth/token/create", map[string]any{"ttl": "1s"}))
	}
	reload := func() error {
		return call("PUT", "sys/plugins/reload/backend", map[string]any{"mounts": []string{name}})
	}
	kill := func() error {
		for _, process := range s.mock.Processes() {
			if process.Name != name {
				continue
			}
			if found, err := os.FindProcess(process.PID); err == nil {
				_ = found.Kill() // it may have ended
			}
		}
		for range 10 { // until the server knows
			if call("GET", name+"/"+requestPath, nil) == nil {
				return nil
			}
		}
		return fmt.Errorf("%s does not answer after its plugin was killed", name)
	}
	for _, step := range []func() error{
		func() error {
			return call("PUT", "sys/plugins/catalog/secret/"+name, map[string]any{"command": filepath.Base(s.plugin.path), "sha256": s.plugin.sha256})
		},
		func() error { return call("POST", "sys/mounts/"+name, map[string]any{"type": name}) },
		use, reload, use, kill, use,
		func() error { return call("DELETE", "sys/mounts/"+name, nil) },
		func() error { return call("DELETE", "sys/plugins/catalog/secret/"+name, nil) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
