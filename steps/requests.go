// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/cucumber/godog"
)

// send sends a request as the feature writes it and keeps the answer.
func (w *world) send(ctx context.Context, r request) error {
	_, err := w.ensureServer(ctx)
	if err != nil {
		return err
	}
	if r.method == http.MethodPost || r.method == http.MethodPut {
		w.names.learn(plain(r.path))
		w.names.learnMove(r.path, r.body)
	}
	written := r
	if written.path, err = outside(r.path, w.expand); err != nil {
		return err
	}
	if written.body, err = outside(r.body, w.expand); err != nil {
		return err
	}
	written.path, written.body = w.names.in(written.path), w.names.in(written.body)
	if r.path, err = w.outgoing(r.path); err != nil {
		return err
	}
	if r.body, err = w.outgoing(r.body); err != nil {
		return err
	}
	// LIST is a word of Vault's, and clients may write it as GET ?list=true; the
	// word itself is what the documentation uses, so it is sent unchanged.
	got, err := w.sendTracked(ctx, r)
	if err == nil && w.brokenOff(ctx, got) {
		got, err = w.sendTracked(ctx, r)
	}
	if err != nil {
		w.exchanges = append(w.exchanges, w.mask(describeRequest(written)+"\n"+err.Error()))
		return fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	sent := got.body
	got = newAnswer(got.status, got.header, []byte(w.names.in(string(sent))))
	got.sent = sent
	w.learnSecrets(got.content)
	w.answer = got
	w.exchanges = append(w.exchanges, w.mask(describeRequest(written)+"\n"+describeAnswer(got)))
	return nil
}

// sendTracked sends a request. One that may create something is waited for, or
// noted if it was not answered.
func (w *world) sendTracked(ctx context.Context, r request) (*answer, error) {
	if !r.changes() || ctx.Err() != nil {
		return w.ask(ctx, r)
	}
	answering, cancel := w.untilAnswered(ctx)
	defer cancel()
	got, err := w.ask(answering, r)
	if err != nil {
		w.noteUnanswered(r, err)
	}
	return got, err
}

// asRoot sends with the token that may do everything.
func (w *world) asRoot(ctx context.Context, method, path, body string) error {
	server, err := w.ensureServer(ctx)
	if err != nil {
		return err
	}
	return w.send(ctx, request{method: method, path: path, token: server.Token(), body: body})
}

// must sends a request with the root token, which has to succeed.
func (w *world) must(ctx context.Context, method, path, body string) error {
	if err := w.asRoot(ctx, method, path, body); err != nil {
		return err
	}
	if !w.answer.ok() {
		return mismatch(fmt.Sprintf("%s %s to succeed, as the scenario builds on it", method, path), describeAnswer(w.answer))
	}
	return nil
}

// write sends data to a path with the root token.
func (w *world) write(ctx context.Context, path string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return w.asRoot(ctx, http.MethodPost, path, verbatim(string(body)))
}

// mustWrite sends data to a path with the root token, which has to succeed.
func (w *world) mustWrite(ctx context.Context, path string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return w.must(ctx, http.MethodPost, path, verbatim(string(body)))
}

// requests returns the requests for a path of the profile: the write of its data, if it
// has such, and a read.
func (w Write) requests() ([]request, error) {
	read := request{method: http.MethodGet, path: w.Path}
	if w.Data == nil {
		return []request{read}, nil
	}
	body, err := json.Marshal(w.Data)
	if err != nil {
		return nil, err
	}
	return []request{{method: http.MethodPost, path: w.Path, body: verbatim(string(body))}, read}, nil
}

// makeTokenWith makes a token that has the capabilities at a path as servers have it, by
// a policy of that name; the answer is the token's.
func (w *world) makeTokenWith(ctx context.Context, name, path string, capabilities ...string) error {
	list, err := json.Marshal(capabilities)
	if err != nil {
		return err
	}
	policy, err := json.Marshal(map[string]string{"policy": fmt.Sprintf("path %q { capabilities = %s }", path, list)})
	if err != nil {
		return err
	}
	if err := w.must(ctx, http.MethodPut, "sys/policies/acl/"+name, verbatim(string(policy))); err != nil {
		return err
	}
	return w.must(ctx, http.MethodPost, "auth/token/create", fmt.Sprintf(`{"policies": [%q], "ttl": "1h"}`, name))
}

// describeRequest writes a request as HTTP does, without its token.
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

// tokenOf returns no token, an invalid one, or one that was kept under a name.
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
	server, err := w.ensureServer(ctx)
	if err != nil {
		return err
	}
	header := http.Header{"X-Vault-Wrap-Ttl": {ttl}}
	return w.send(ctx, request{method: method, path: path, token: server.Token(), header: header})
}

func (w *world) iSendWithHeaders(ctx context.Context, method, path string, table *godog.Table) error {
	server, err := w.ensureServer(ctx)
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
