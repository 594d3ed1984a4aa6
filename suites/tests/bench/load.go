// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// turns is how many times the compared sides take turns, so that all run under the
// same load of the machine.
const turns = 9

// measureRequests measures the rate of requests to a plugin through the server,
// beside the same calls without a server and through the minimal one.
func measureRequests(ctx context.Context, set settings, of program, p *subject, t *table) error {
	s, err := of.start(ctx, p)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := errors.Join(s.register(ctx, p), s.mount(ctx, "m")); err != nil {
		return err
	}
	f, err := p.startReady(ctx)
	if err != nil {
		return err
	}
	defer f.client.Kill()
	handler, err := bare()
	if err != nil {
		return err
	}
	least, err := handler.start(ctx, p)
	if err != nil {
		return err
	}
	defer least.stop()
	direct := func() (func() error, func(), error) {
		return func() error { _, err := f.request(ctx); return err }, func() {}, nil
	}
	for _, c := range []struct {
		clients int
		aim     string
	}{{clients: 1}, {clients: 32, aim: ">= 0.8 x"}, {clients: 200, aim: ">= 0.8 x"}} {
		var below, between, above []float64
		var ofLeast, ofServed []time.Duration
		for range turns {
			for _, side := range []struct {
				rates  *[]float64
				client func() (func() error, func(), error)
				server *server
				times  *[]time.Duration
			}{{&below, direct, nil, nil}, {&between, least.client, least, &ofLeast}, {&above, s.client, s, &ofServed}} {
				before, begin := side.server.processorTime(), time.Now()
				r, err := rate(set.load/turns, c.clients, side.client)
				if err != nil {
					return err
				}
				*side.rates = append(*side.rates, r)
				if side.times != nil {
					requests := max(1, r*time.Since(begin).Seconds())
					*side.times = append(*side.times, time.Duration(float64(side.server.processorTime()-before)/requests))
				}
			}
		}
		t.rates(row{what: fmt.Sprintf("requests, clients: %d", c.clients), aim: c.aim}, median(above), median(below))
		t.rates(row{what: "  beside net/http with nothing else", aim: ">= 0.95 x"}, median(above), median(between))
		if median(ofLeast) > 0 { // it is known
			t.times(row{what: "  processor time of the server for each"}, ofServed, ofLeast)
		}
	}
	return nil
}

// client returns a client with one connection. To keep the cost of the client
// out of the figures, it writes a prepared request and parses as little of the
// response as it can.
func (s *server) client() (request func() error, end func(), err error) {
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		return nil, nil, err
	}
	text := []byte("GET /v1/m/" + requestPath + " HTTP/1.1\r\nHost: " + s.addr + "\r\nX-Vault-Token: " + rootToken + "\r\n\r\n")
	responses := bufio.NewReader(conn)
	request = func() error {
		if _, err := conn.Write(text); err != nil {
			return err
		}
		return readResponse(responses)
	}
	return request, func() { conn.Close() }, nil
}

// readResponse reads one response with a Content-Length and discards its body.
func readResponse(from *bufio.Reader) error {
	status, err := from.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("request of the plugin: %s", bytes.TrimSpace(status))
	}
	length := -1
	for {
		line, err := from.ReadSlice('\n')
		if err != nil {
			return err
		}
		if line = bytes.TrimSuffix(line, []byte("\r\n")); len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return fmt.Errorf("request of the plugin: %w", err)
			}
		}
	}
	if length < 0 {
		return errors.New("request of the plugin: a response without Content-Length")
	}
	_, err = from.Discard(length)
	return err
}

// rate returns the number of requests per second of several clients, each of which
// sends one request at a time.
func rate(load time.Duration, clients int, newClient func() (func() error, func(), error)) (float64, error) {
	var total atomic.Int64
	failures := make(chan error, clients)
	var wg sync.WaitGroup
	begin := time.Now()
	deadline := begin.Add(load)
	for range clients {
		wg.Go(func() {
			request, end, err := newClient()
			if err != nil {
				failures <- err
				return
			}
			defer end()
			for time.Now().Before(deadline) {
				if err := request(); err != nil {
					failures <- err
					return
				}
				total.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(begin)
	close(failures)
	if err := <-failures; err != nil {
		return 0, err
	}
	return float64(total.Load()) / took.Seconds(), nil
}
