// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
)

// resetDuring resets the connection of a request to the probe behind a mount while the
// probe answers it: it notes that it has the request, and then waits for longer than
// the scenario takes.
func (w *world) resetDuring(ctx context.Context, mount string) error {
	at, err := w.outgoing(mount)
	if err != nil {
		return err
	}
	server, err := w.ownServer(ctx)
	if err != nil {
		return err
	}
	sent, begun, err := w.sleepRequest(at, mount, server)
	if err != nil {
		return err
	}
	var used connection
	done := make(chan error, 1)
	go func() {
		_, err := w.client.do(used.watch(ctx), sent)
		done <- err
	}()
	arrived := begun(ctx)
	used.reset()
	if err := <-done; err == nil && arrived == nil {
		return mismatch("a request that lasts", "an answer before its connection was reset")
	}
	w.exchanges = append(w.exchanges, w.mask(describeRequest(sent)+"\n(its connection was reset before the answer)"))
	return arrived
}

// resetBefore resets the connection of a request before all of its body was sent.
func (w *world) resetBefore(ctx context.Context, path, body string) error {
	at, err := w.outgoing(path)
	if err != nil {
		return err
	}
	server, err := w.ownServer(ctx)
	if err != nil {
		return err
	}
	var used connection
	sent := request{method: http.MethodPost, path: at, token: server.Token(), body: body}
	// The whole of the JSON is sent, and then one byte less than was announced.
	rest := &resettingBody{Reader: strings.NewReader(body), reset: used.reset}
	r, err := http.NewRequestWithContext(used.watch(ctx), sent.method, server.Address()+"/v1/"+at, rest)
	if err != nil {
		return fmt.Errorf("create the request: %w", err)
	}
	r.ContentLength = int64(len(body)) + 1
	r.Header.Set("X-Vault-Token", sent.token)
	r.Header.Set("Content-Type", "application/json")
	// The server says so when it begins to read the body, or would know of no request:
	// what it has not read yet goes with the connection.
	r.Header.Set("Expect", "100-continue")
	if got, err := w.client.http.Do(r); err == nil {
		defer got.Body.Close()
		return mismatch("no answer to a request that was cut off", got.Status)
	}
	w.exchanges = append(w.exchanges, w.mask(describeRequest(sent)+"\n(its connection was reset before the body's last byte)"))
	return nil
}

// resettingBody is a body before whose end the connection is reset.
type resettingBody struct {
	io.Reader
	reset func()
}

var errReset = errors.New("the scenario resets the connection")

func (b *resettingBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		b.reset()
		return n, errReset
	}
	return n, err
}

// connection is that of a request.
type connection struct {
	mu      sync.Mutex
	current net.Conn
}

// watch returns a context whose request uses the connection. The server must be the
// scenario's own: with HTTP/2, other requests would use it too.
func (c *connection) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.current = info.Conn
	}})
}

// reset closes the connection so that the other side is told of it as an error.
func (c *connection) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if tcp, ok := c.current.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
		_ = tcp.Close()
	}
}
