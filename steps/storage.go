// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"fmt"
)

// wrote puts a value through the probe's or the passthrough's storage.
func (w *world) wrote(ctx context.Context, value, path string) error {
	body, err := json.Marshal(map[string]string{"value": value})
	if err != nil {
		return err
	}
	return w.must(ctx, "POST", path, string(body))
}

func (w *world) holds(ctx context.Context, path, value string) error {
	if err := w.asRoot(ctx, "GET", path, ""); err != nil {
		return err
	}
	got, found := w.answer.lookup("data.value")
	if w.answer.status != 200 || !found || render(got) != value {
		return mismatch(fmt.Sprintf("%q at %s", value, path), describeAnswer(w.answer))
	}
	return nil
}

// soonHolds is for what takes a moment: a crashed plugin, a mount on its way.
func (w *world) soonHolds(ctx context.Context, path, value string) error {
	return poll(ctx, soon, func(ctx context.Context) error { return w.holds(ctx, path, value) })
}

func (w *world) holdsNothing(ctx context.Context, path string) error {
	if err := w.asRoot(ctx, "GET", path, ""); err != nil {
		return err
	}
	if w.answer.status != 404 {
		return mismatch("status 404, nothing at "+path, describeAnswer(w.answer))
	}
	return nil
}

// hasTransactions ends the scenario as not checked where the probe finds no
// transactions: OpenBao's storages have them or not (file has none). A server that does
// not know the question has none of its plugins' transactions.
func (w *world) hasTransactions(ctx context.Context, mount string) error {
	if err := w.must(ctx, "GET", mount+"/transactional", ""); err != nil {
		return err
	}
	if has, _ := w.answer.lookup("data.transactional"); has != true {
		return &NotCheckedError{Reason: "the server's storage has no transactions, as OpenBao's file storage has none"}
	}
	return nil
}
