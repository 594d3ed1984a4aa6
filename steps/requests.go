// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/cucumber/godog"
)

// send carries out a request as the feature writes it and keeps the answer.
func (w *world) send(ctx context.Context, r request) error {
	_, err := w.running(ctx)
	if err != nil {
		return err
	}
	if r.method == http.MethodPost || r.method == http.MethodPut {
		w.names.learn(r.path)
		w.names.learnMove(r.path, r.body)
	}
	written := r
	if written.path, err = w.expand(r.path); err != nil {
		return err
	}
	if written.body, err = w.expand(r.body); err != nil {
		return err
	}
	if r.path, err = w.outgoing(r.path); err != nil {
		return err
	}
	if r.body, err = w.outgoing(r.body); err != nil {
		return err
	}
	// LIST is a word of Vault's, and clients may write it as GET ?list=true; the
	// word itself is what the documentation uses, so it goes out as it stands.
	got, err := w.ask(ctx, r)
	if err != nil {
		w.exchanges = append(w.exchanges, w.mask(describeRequest(written)+"\n"+err.Error()))
		return fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	got = newAnswer(got.status, got.header, []byte(w.names.in(string(got.body))))
	w.learnSecrets(got.content)
	w.answer = got
	w.exchanges = append(w.exchanges, w.mask(describeRequest(written)+"\n"+describeAnswer(got)))
	return nil
}

// ask sends a request; one that may make something is answered or noted.
func (w *world) ask(ctx context.Context, r request) (*answer, error) {
	if !r.changes() || ctx.Err() != nil {
		return w.client.do(ctx, r)
	}
	making, cancel := w.making(ctx)
	defer cancel()
	got, err := w.client.do(making, r)
	if err != nil {
		w.noteUnanswered(r, err)
	}
	return got, err
}

// asRoot sends with the token that may do everything.
func (w *world) asRoot(ctx context.Context, method, path, body string) error {
	server, err := w.running(ctx)
	if err != nil {
		return err
	}
	return w.send(ctx, request{method: method, path: path, token: server.Token(), body: body})
}

// must sends with the root token for a Given sentence, which has to succeed.
func (w *world) must(ctx context.Context, method, path, body string) error {
	if err := w.asRoot(ctx, method, path, body); err != nil {
		return err
	}
	if !w.answer.ok() {
		return mismatch(fmt.Sprintf("%s %s to succeed, as the scenario builds on it", method, path), describeAnswer(w.answer))
	}
	return nil
}

// describeRequest shows a request the way HTTP is written. A token never is.
func describeRequest(r request) string {
	text := r.method + " /v1/" + r.path
	if r.token != "" {
		text += "\nX-Vault-Token: <token>"
	}
	for name, values := range r.header {
		text += "\n" + name + ": " + strings.Join(values, ", ")
	}
	if r.body != "" {
		text += "\n" + shorten(r.body)
	}
	return text
}

func describeAnswer(a *answer) string {
	text := fmt.Sprintf("%d %s", a.status, http.StatusText(a.status))
	if len(a.body) > 0 {
		text += "\n" + shorten(string(a.body))
	}
	return text
}

func (w *world) iSend(ctx context.Context, method, path string) error {
	return w.asRoot(ctx, method, path, "")
}

func (w *world) iSendJSON(ctx context.Context, method, path, body string) error {
	return w.asRoot(ctx, method, path, body)
}

func (w *world) iSendDocument(ctx context.Context, method, path string, body *godog.DocString) error {
	return w.asRoot(ctx, method, path, body.Content)
}

// tokenOf gives the token of nobody, a stranger, or one that was kept.
func (w *world) tokenOf(actor string) (string, error) {
	switch actor {
	case "nobody":
		return "", nil
	case "a stranger":
		return "not-a-token-of-this-server", nil
	}
	name := strings.Trim(actor, `"`)
	token, ok := w.saved[name]
	if !ok {
		return "", fmt.Errorf("no token was kept as %q", name)
	}
	return token, nil
}

func (w *world) actorSends(ctx context.Context, actor, method, path string) error {
	return w.actorSendsJSON(ctx, actor, method, path, "")
}

func (w *world) actorSendsJSON(ctx context.Context, actor, method, path, body string) error {
	token, err := w.tokenOf(actor)
	if err != nil {
		return err
	}
	return w.send(ctx, request{method: method, path: path, token: token, body: body})
}

func (w *world) iSendWrapped(ctx context.Context, method, path, ttl string) error {
	server, err := w.running(ctx)
	if err != nil {
		return err
	}
	header := http.Header{"X-Vault-Wrap-Ttl": {ttl}}
	return w.send(ctx, request{method: method, path: path, token: server.Token(), header: header})
}

func (w *world) iSendWithHeaders(ctx context.Context, method, path string, table *godog.Table) error {
	server, err := w.running(ctx)
	if err != nil {
		return err
	}
	return w.withHeaders(ctx, request{method: method, path: path, token: server.Token()}, table)
}

func (w *world) actorSendsWithHeaders(ctx context.Context, actor, method, path string, table *godog.Table) error {
	token, err := w.tokenOf(actor)
	if err != nil {
		return err
	}
	return w.withHeaders(ctx, request{method: method, path: path, token: token}, table)
}

// withHeaders adds rows of | name | value | to a request.
func (w *world) withHeaders(ctx context.Context, r request, table *godog.Table) error {
	r.header = make(http.Header)
	for _, row := range table.Rows {
		if len(row.Cells) != 2 {
			return fmt.Errorf("a row of headers has two cells, name and value")
		}
		value, err := w.expand(row.Cells[1].Value)
		if err != nil {
			return err
		}
		r.header.Add(row.Cells[0].Value, value)
	}
	return w.send(ctx, r)
}

// iKeep saves a value of the last answer under a name.
func (w *world) iKeep(path, name string) error {
	if w.answer == nil {
		return fmt.Errorf("there is no answer yet")
	}
	value, ok := w.answer.lookup(path)
	if !ok {
		return mismatch(fmt.Sprintf("%q in the answer", path), describeAnswer(w.answer))
	}
	w.saved[name] = render(value)
	return nil
}
