// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// bareCommand is the argument with which this program runs as a minimal HTTP
// server: it passes every request to the plugin named by the second argument and
// has neither mounts nor tokens. The difference to it is the cost of the mock.
const bareCommand = "bare"

// bare returns this program as that server.
func bare() (program, error) {
	self, err := os.Executable()
	if err != nil {
		return program{}, err
	}
	return announced("net/http alone", func(p *subject) []string { return []string{self, bareCommand, p.path} }), nil
}

// serveBare starts the plugin at path and serves it until ctx is done or the
// process is terminated. It writes its address to stdout.
func serveBare(ctx context.Context, path string, stdout io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	debug.SetGCPercent(400) // the same as the mock
	p, err := newSubject(path)
	if err != nil {
		return err
	}
	f, err := p.startReady(ctx)
	if err != nil {
		return err
	}
	defer f.client.Kill()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := f.request(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(data)
	})}
	go func() {
		<-ctx.Done()
		s.Close()
	}()
	fmt.Fprintf(stdout, "http://%s \n", l.Addr())
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
