// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/plugproof/plugproof/mockserver"
)

// clock returns the duration of a call.
func clock(do func() error) (time.Duration, error) {
	begin := time.Now()
	err := do()
	return time.Since(begin), err
}

// measureStart measures the time from the start of the process to its first
// response, and its memory then.
func measureStart(ctx context.Context, set settings, of program, p *subject, t *table) error {
	var times []time.Duration
	var memory []float64
	for range set.rounds {
		var s *server
		took, err := clock(func() (err error) {
			if s, err = of.start(ctx, p); err != nil {
				return err
			}
			return s.call(ctx, "GET", "sys/health", nil)
		})
		if err != nil {
			return err
		}
		memory = append(memory, s.memory())
		s.stop()
		times = append(times, took)
	}
	t.times(row{what: of.name + ", start to first answer", aim: "< 15 ms"}, times, nil)
	t.memory(row{what: of.name + ", idle memory", aim: "< 30 MB"}, median(memory), unitMemory)
	return nil
}

// measureStartWithin measures the start of a mock in this process, as tests use it.
func measureStartWithin(ctx context.Context, set settings, t *table) error {
	var times []time.Duration
	for range set.rounds {
		var mock *mockserver.Server
		took, err := clock(func() (err error) {
			if mock, err = mockserver.Start(ctx); err != nil {
				return err
			}
			resp, err := http.Get(mock.Address() + "/v1/sys/health")
			if err != nil {
				return err
			}
			return resp.Body.Close()
		})
		if mock != nil {
			err = errors.Join(err, mock.Close())
		}
		if err != nil {
			return err
		}
		times = append(times, took)
	}
	t.times(row{what: "mockserver.Start to first answer", aim: "< 15 ms"}, times, nil)
	return nil
}

// measureLifecycle measures registration, mount, reload and unmount, in turns with
// the floor, so that both run under the same load of the machine.
func measureLifecycle(ctx context.Context, set settings, of program, p *subject, t *table) error {
	s, err := of.start(ctx, p)
	if err != nil {
		return err
	}
	defer s.stop()
	var start, kill, register, mount, reload, unmount []time.Duration
	for range set.rounds {
		var f *floor
		for _, step := range []struct {
			times *[]time.Duration
			do    func() error
		}{
			{&start, func() (err error) { f, err = p.start(); return err }},
			{&kill, func() error { f.client.Kill(); return nil }},
			{&register, func() error { return s.register(ctx, p) }},
			{&mount, func() error {
				if err := s.mount(ctx, "m"); err != nil {
					return err
				}
				return s.request(ctx, "m")
			}},
			{&reload, func() error { return s.reload(ctx) }},
			{&unmount, func() error { return s.unmount(ctx, "m") }},
		} {
			took, err := clock(step.do)
			if err != nil {
				return err
			}
			*step.times = append(*step.times, took)
		}
	}
	t.times(row{what: "registration (starts the plugin)"}, register, start)
	t.times(row{what: "mount to first answer", aim: "<= 1.1 x"}, mount, start)
	t.times(row{what: "reload (end and start)"}, reload, start)
	t.times(row{what: "unmount (end)"}, unmount, kill)
	return nil
}
