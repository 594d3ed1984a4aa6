// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// unstartable is the content of a file that no system starts. Servers register such a
// plugin all the same, so that many registrations measure the catalog and not as many
// starts.
const unstartable = "This is not a program.\n"

// measureEntries measures a catalog with many entries: the last registrations beside
// the first ones, a list of all, a read of one, and the memory of an entry.
func measureEntries(ctx context.Context, set settings, of program, _ *subject, t *table) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sum := sha256.Sum256([]byte(unstartable))
	p := &subject{path: filepath.Join(dir, "entry"), dir: dir, sha256: hex.EncodeToString(sum[:]), broken: true}
	if err := os.WriteFile(p.path, []byte(unstartable), 0o755); err != nil {
		return err
	}
	s, err := of.start(ctx, p)
	if err != nil {
		return err
	}
	defer s.stop()
	body := map[string]any{"command": filepath.Base(p.path), "sha256": p.sha256}
	part := max(1, set.entries/10)
	var times []time.Duration
	var before float64
	begin := time.Now()
	for i := range set.entries {
		if i > part && time.Since(begin) > scaleLimit {
			break
		}
		if i == part {
			before = s.memory()
		}
		took, err := clock(func() error {
			return s.call(ctx, http.MethodPut, fmt.Sprintf("sys/plugins/catalog/secret/entry-%d", i), body)
		})
		if err != nil {
			return err
		}
		times = append(times, took)
	}
	used, made := s.memory()-before, len(times)
	reached := fmt.Sprint(made)
	if made < set.entries {
		reached = fmt.Sprintf("%d (of %d)", made, set.entries)
	}
	var list, read []time.Duration
	for i := range max(1, set.rounds/3) {
		for _, step := range []struct {
			times        *[]time.Duration
			method, path string
		}{{&list, "LIST", "sys/plugins/catalog/secret"}, {&read, http.MethodGet, fmt.Sprintf("sys/plugins/catalog/secret/entry-%d", i%made)}} {
			took, err := clock(func() error { return s.call(ctx, step.method, step.path, nil) })
			if err != nil {
				return err
			}
			*step.times = append(*step.times, took)
		}
	}
	t.times(row{what: fmt.Sprintf("registration, of %s beside the first %d", reached, part), aim: "<= 1.5 x"}, times[made-part:], times[:part])
	t.times(row{what: "list of " + reached + " plugins"}, list, nil)
	t.times(row{what: "read of one of " + reached + " plugins"}, read, nil)
	t.memory(row{what: "memory of a plugin in the catalog"}, used/float64(max(1, made-part)), unitSmall)
	return nil
}
