// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

func (w *world) storageFails(ctx context.Context) error    { return w.setFault(ctx, StorageFails) }
func (w *world) storageReadOnly(ctx context.Context) error { return w.setFault(ctx, StorageReadOnly) }
func (w *world) storageFull(ctx context.Context) error     { return w.setFault(ctx, StorageFull) }
func (w *world) overLimit(ctx context.Context) error       { return w.setFault(ctx, OverLimit) }
func (w *world) faultEnds(ctx context.Context) error       { return w.setFault(ctx, NoFault) }

// setFault makes something go wrong with the scenario's own server.
func (w *world) setFault(ctx context.Context, fault Fault) error {
	server, err := w.ownServer(ctx)
	if err != nil {
		return err
	}
	return SetFault(ctx, server, fault)
}

func (w *world) sealed(ctx context.Context) error   { return w.seal(ctx, true) }
func (w *world) unsealed(ctx context.Context) error { return w.seal(ctx, false) }

func (w *world) seal(ctx context.Context, sealed bool) error {
	server, err := w.ownServer(ctx)
	if err != nil {
		return err
	}
	if err := SealServer(ctx, server, sealed); err != nil {
		return fmt.Errorf("seal or unseal the server: %w", err)
	}
	return nil
}

// ownServer returns the scenario's server, which no other scenario may use: it is
// about to fail.
func (w *world) ownServer(ctx context.Context) (Server, error) {
	if !w.spec.Fresh && !w.spec.State {
		return nil, errors.New("other scenarios use this server: tag the scenario with @own-server and @needs-own-server, or begin with 'the server keeps its state'")
	}
	return w.ensureServer(ctx)
}

// killDuring kills a process while the probe behind a mount answers a request. The
// probe notes that it has the request and then waits for longer than the scenario
// takes; a server that sends the request again to the next process is answered by it at
// once. Either way there has to be an answer.
func (w *world) killDuring(ctx context.Context, name, mount string) error {
	at, err := w.outgoing(mount)
	if err != nil {
		return err
	}
	server, err := w.ensureServer(ctx)
	if err != nil {
		return err
	}
	note, err := newSuffix()
	if err != nil {
		return err
	}
	sent := request{method: http.MethodPost, path: at + "/sleep", token: server.Token(), body: fmt.Sprintf(`{"for": "1h", "note": %q}`, note)}
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		*answer
		error
	}
	done := make(chan result, 1)
	go func() {
		got, err := w.client.do(running, sent)
		done <- result{got, err}
	}()
	if err := w.soonHolds(ctx, mount+"/kv/"+note, "asleep"); err != nil {
		return err
	}
	if err := w.killProcess(ctx, name); err != nil {
		return err
	}
	got := <-done
	if got.error != nil {
		return mismatch("an answer to the request during which the plugin was killed", got.Error())
	}
	w.answer = got.answer
	w.exchanges = append(w.exchanges, w.mask(describeRequest(sent)+"\n"+describeAnswer(got.answer)))
	return nil
}
