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
func (w *world) startsSlow(ctx context.Context) error      { return w.setFault(ctx, SlowStarts) }
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

// sleepRequest returns a request that the probe behind a mount, at its name on the
// server, answers later than the scenario ends, and what waits until the probe has it.
func (w *world) sleepRequest(at, mount string, server Server) (sent request, begun func(context.Context) error, err error) {
	note, err := newSuffix()
	if err != nil {
		return request{}, nil, err
	}
	body := fmt.Sprintf(`{"for": "1h", "note": %q}`, note)
	return request{method: http.MethodPost, path: at + "/sleep", token: server.Token(), body: body},
		func(ctx context.Context) error { return w.soonHolds(ctx, mount+"/kv/"+note, "asleep") }, nil
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
	sent, begun, err := w.sleepRequest(at, mount, server)
	if err != nil {
		return err
	}
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
	if err := begun(ctx); err != nil {
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

// seenDuringReload reloads a mount while clients read from it, each until an answer to
// a request that it sent after the reload.
func (w *world) seenDuringReload(ctx context.Context, clients int, path, value, mount string) error {
	server, err := w.ensureServer(ctx)
	if err != nil {
		return err
	}
	at, err := w.outgoing(path)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	read := request{method: http.MethodGet, path: at, token: server.Token()}
	reloaded, done := make(chan struct{}), make(chan error, clients)
	for range clients {
		go func() { done <- w.seenUntil(ctx, reloaded, read, value) }()
	}
	err = w.asRoot(ctx, http.MethodPut, "sys/plugins/reload/backend", fmt.Sprintf(`{"mounts": [%q]}`, mount+"/"))
	close(reloaded)
	if err == nil && !w.answer.ok() {
		err = mismatch("the reload to succeed", describeAnswer(w.answer))
	}
	for range clients {
		if failure := <-done; err == nil {
			err = failure
		}
	}
	return err
}

// seenUntil sends a request over and over, at last after the channel is closed, and
// wants a value in each answer.
func (w *world) seenUntil(ctx context.Context, last <-chan struct{}, read request, value string) error {
	for ended := false; !ended; {
		select {
		case <-last:
			ended = true
		default:
		}
		got, err := w.client.do(ctx, read)
		if err != nil {
			return err
		}
		if found, ok := got.lookup("data.value"); !ok || render(found) != value {
			return mismatch(fmt.Sprintf("%q at %s, during the reload and after it", value, read.path), describeAnswer(got))
		}
	}
	return nil
}
