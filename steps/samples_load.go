// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/plugproof/plugproof/steps/host"
)

// samplesInParallel reads and writes the samples from many clients at once. Each
// write is what is there already, so that each read has to show it.
func (w *world) samplesInParallel(ctx context.Context, clients int, mount string) error {
	trials, err := w.readable()
	if err != nil {
		return err
	}
	data := make(map[string]string)
	for _, trial := range trials {
		body, err := json.Marshal(trial.sample.Data)
		if err != nil {
			return err
		}
		data[trial.sample.Path] = string(body)
		if err := w.forgetCounters(ctx, w.below(mount, trial.sample.Path), trial.sample.Path, string(body)); err != nil {
			return err
		}
	}
	paths := slices.Sorted(maps.Keys(w.kept))
	return sideBySide(clients, func(client int) error {
		for round := range 8 {
			path := paths[(client+round)%len(paths)]
			if err := w.oneOfMany(ctx, mount, path, data[path], client%2 == 0); err != nil {
				return err
			}
		}
		return nil
	})
}

// sideBySide lets clients do the same at the same time, and returns the failure of the
// first one that has any: it says what all of them are about.
func sideBySide(clients int, each func(client int) error) error {
	failures := make([]error, clients)
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() { failures[client] = each(client) })
	}
	wg.Wait()
	return cmp.Or(failures...)
}

// forgetCounters writes a sample once more, and forgets the fields that this changes:
// versions and times of writes.
func (w *world) forgetCounters(ctx context.Context, at, path, body string) error {
	if len(w.kept[path]) == 0 {
		return nil
	}
	if err := w.must(ctx, http.MethodPost, at, verbatim(body)); err != nil {
		return err
	}
	again, err := w.readSample(ctx, at)
	if err != nil {
		return err
	}
	fields := fieldsOf(again)
	maps.DeleteFunc(w.kept[path], func(name, value string) bool {
		now, shown := fields[name]
		return shown && now != value
	})
	return nil
}

// oneOfMany sends one request without the world's state, which several goroutines must
// not touch.
func (w *world) oneOfMany(ctx context.Context, mount, path, body string, writes bool) error {
	at, err := w.outgoing(w.below(mount, path))
	if err != nil {
		return err
	}
	r := request{method: http.MethodGet, path: at, token: w.server.Token()}
	if writes {
		r.method, r.body = http.MethodPost, body
	}
	got, err := w.ask(ctx, r)
	if err != nil {
		return err
	}
	if !got.ok() {
		return mismatch(fmt.Sprintf("%s %s to succeed beside others", r.method, path), describeAnswer(got))
	}
	if writes {
		return nil
	}
	fields := fieldsOf(got)
	for name, want := range w.kept[path] {
		if fields[name] != want {
			return mismatch(fmt.Sprintf("%s=%s at %s, beside others who write the same", name, want, path), describeAnswer(got))
		}
	}
	return nil
}

// How much a process may grow over some hundred requests: what a leak of one
// descriptor a request, or of a buffer, exceeds and a garbage collector does not.
const (
	grownDescriptors = 50
	grownMemory      = 64 << 20
)

// forgetExchanges keeps the last exchanges of many: a failure shows what was asked last.
func (w *world) forgetExchanges() { w.exchanges = w.exchanges[max(0, len(w.exchanges)-20):] }

// staysSmall sends requests and wants no more descriptors, memory and goroutines
// afterwards.
func (w *world) staysSmall(ctx context.Context, requests int, mount string) error {
	ask := func(n int) error {
		for range n {
			if err := w.asRoot(ctx, http.MethodGet, w.below(mount, "?help=1"), ""); err != nil {
				return err
			}
			for path := range w.kept {
				if _, err := w.readSample(ctx, w.below(mount, path)); err != nil {
					return err
				}
			}
		}
		w.forgetExchanges()
		return nil
	}
	if err := ask(50); err != nil { // caches and pools are filled by then
		return err
	}
	before, err := w.sizeOfSubject(ctx)
	if err != nil {
		return err
	}
	if err := ask(requests); err != nil {
		return err
	}
	after, err := w.sizeOfSubject(ctx)
	if err != nil {
		return err
	}
	var grown []string
	if after.Descriptors > before.Descriptors+grownDescriptors {
		grown = append(grown, fmt.Sprintf("from %d to %d descriptors", before.Descriptors, after.Descriptors))
	}
	if after.Memory > before.Memory+grownMemory {
		grown = append(grown, fmt.Sprintf("from %d to %d MB of memory", before.Memory>>20, after.Memory>>20))
	}
	goroutines, err := w.grownGoroutines(ctx, requests)
	if err != nil {
		return err
	}
	if goroutines != "" {
		grown = append(grown, goroutines)
	}
	if len(grown) > 0 {
		return mismatch(fmt.Sprintf("a process that stays as it is over %d requests", requests), "it grew "+strings.Join(grown, " and "))
	}
	return nil
}

// grownGoroutines ends the process and says where it has a goroutine for each of so many
// requests; empty for nowhere, and where the process or the target does not tell.
func (w *world) grownGoroutines(ctx context.Context, requests int) (string, error) {
	found, err := w.quitSubject(ctx)
	if unknown := new(NotCheckedError); errors.Is(err, ErrUnsupported) || errors.As(err, &unknown) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if place, number := most(everywhere(found)); number >= requests {
		return fmt.Sprintf("to %d goroutines at %s", number, place), nil
	}
	return "", nil
}

// sizeOfSubject returns the largest use of any of the plugin's processes.
func (w *world) sizeOfSubject(ctx context.Context) (host.Usage, error) {
	tree, err := w.servingTree(ctx, soon)
	if err != nil {
		return host.Usage{}, err
	}
	var size host.Usage
	for _, running := range append(tree.serving(ctx), tree.roots()...) {
		if usage, err := running.Usage(ctx); err == nil {
			size.Descriptors = max(size.Descriptors, usage.Descriptors)
			size.Memory = max(size.Memory, usage.Memory)
		}
	}
	return size, nil
}
