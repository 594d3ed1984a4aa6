// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxAnswer limits what is read of an answer, in bytes.
const maxAnswer = 32 << 20

// requestTimeout limits one request. It is longer than a plugin may take to
// start, which is a minute, so that the server's own error is seen.
const requestTimeout = 90 * time.Second

// request is one HTTP request below /v1/.
type request struct {
	method, path string
	// token goes into X-Vault-Token; empty sends none.
	token  string
	body   string
	header http.Header
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	// sent is the body as the server sent it, with the names that it has there.
	sent []byte
	// content is the decoded body; nil if it is not JSON.
	content any
}

// client sends requests to one server.
type client struct {
	server Server
	http   *http.Client
	// parent goes into the header traceparent; empty sends none.
	parent string
}

func newClient(server Server) *client {
	return &client{server: server, http: HTTPClient(server)}
}

// do sends a request. An error means that there was no answer at all.
func (c *client) do(ctx context.Context, r request) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	address := c.server.Address() + "/v1/" + strings.TrimPrefix(r.path, "/")
	sent, err := http.NewRequestWithContext(ctx, r.method, address, strings.NewReader(r.body))
	if err != nil {
		return nil, fmt.Errorf("create the request: %w", err)
	}
	if r.header != nil {
		sent.Header = r.header.Clone()
	}
	if c.parent != "" {
		sent.Header.Set("Traceparent", c.parent)
	}
	if r.token != "" {
		sent.Header.Set("X-Vault-Token", r.token)
	}
	if r.body != "" && sent.Header.Get("Content-Type") == "" {
		sent.Header.Set("Content-Type", "application/json")
		if r.method == http.MethodPatch {
			sent.Header.Set("Content-Type", "application/merge-patch+json")
		}
	}
	got, err := c.http.Do(sent)
	if err != nil {
		return nil, fmt.Errorf("the server did not answer: %w", err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(io.LimitReader(got.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("the server's answer was cut off: %w", err)
	}
	return newAnswer(got.StatusCode, got.Header, body), nil
}

// Post writes to a path below /v1/ of the server, with the server's token,
// and returns the status. If the server refuses, refusal is its reason, else it is
// empty. An error means that there was no answer at all.
func Post(ctx context.Context, server Server, path, body string) (status int, refusal string, err error) {
	got, err := newClient(server).do(ctx, request{method: http.MethodPost, path: path, token: server.Token(), body: body})
	if err != nil {
		return 0, "", err
	}
	if got.ok() {
		return got.status, "", nil
	}
	reasons, _ := got.lookup("errors")
	return got.status, cmp.Or(strings.Join(asTexts(reasons), "\n"), fmt.Sprintf("%d %s", got.status, http.StatusText(got.status))), nil
}

// newAnswer reads the body as JSON where it is JSON.
func newAnswer(status int, header http.Header, body []byte) *answer {
	a := &answer{status: status, header: header, body: body}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	// A body that is not JSON is an answer too: raw HTTP answers are.
	if err := decoder.Decode(&a.content); err != nil {
		a.content = nil
	}
	return a
}

// ok reports whether the answer is a success.
func (a *answer) ok() bool { return a.status >= 200 && a.status < 300 }

// failed reports whether the server failed; without an answer it did not.
func (a *answer) failed() bool { return a != nil && a.status >= http.StatusInternalServerError }

// lookup finds a value by its dotted path: data.keys.0, and in a list of objects
// data.detailed.[name=probe version=v1.0.0].type. Where a key of an object holds
// dots itself, the longest key that fits is taken.
func (a *answer) lookup(path string) (any, bool) { return lookup(a.content, path) }

func lookup(content any, path string) (any, bool) {
	if path == "" {
		return content, true
	}
	switch in := content.(type) {
	case map[string]any:
		if value, ok := in[path]; ok {
			return value, true
		}
		for end := strings.LastIndex(path, "."); end > 0; end = strings.LastIndex(path[:end], ".") {
			if value, ok := in[path[:end]]; ok {
				return lookup(value, path[end+1:])
			}
		}
	case []any:
		if strings.HasPrefix(path, "[") {
			return lookupElement(in, path)
		}
		first, rest, _ := strings.Cut(path, ".")
		index, err := strconv.Atoi(first)
		if err == nil && index >= 0 && index < len(in) {
			return lookup(in[index], rest)
		}
	}
	return nil, false
}

// lookupElement looks up the rest of a path in the first object of a list that has
// all the values of the path's first part.
func lookupElement(list []any, path string) (any, bool) {
	first, rest, _ := strings.Cut(path[1:], "]")
	for _, element := range list {
		object, ok := element.(map[string]any)
		for _, pair := range strings.Fields(first) {
			key, want, _ := strings.Cut(pair, "=")
			ok = ok && object[key] != nil && render(object[key]) == want
		}
		if ok {
			return lookup(object, strings.TrimPrefix(rest, "."))
		}
	}
	return nil, false
}

// render writes a value as a feature would: strings as they are, everything
// else as JSON.
func render(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
