// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// operationsLeaveNothing sends every documented operation some times, and wants no goroutine
// to stay for each: also those that the profile does not name, but none that deletes or
// changes the password with which the plugin calls its service.
func (w *world) operationsLeaveNothing(ctx context.Context, times int, mount string) error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	bodies := map[string]Write{}
	for _, write := range installed.subject.Profile.writes() {
		if operation, ok := document.Find(http.MethodPost, write.Path); ok {
			bodies[operation.Path] = write
		}
	}
	var requests []request
	for _, operation := range document.Operations() {
		if silent, _ := installed.silent(operation.Method + " " + operation.Path); silent != "" || operation.Method == http.MethodDelete || operation.rotates() {
			continue
		}
		write := bodies[operation.Path]
		path := write.Path
		if path == "" {
			path = operation.Fill(nil, "plugproof")
		}
		r := request{method: operation.Method, path: path}
		if operation.Method != http.MethodGet && operation.Method != "LIST" {
			sent, err := Write{Path: path, Data: write.Data}.requests()
			if err != nil {
				return err
			}
			if r.body = "{}"; write.Data != nil {
				r.body = sent[0].body
			}
		}
		requests = append(requests, r)
	}
	all := func(ctx context.Context, times int) error {
		for _, r := range requests {
			for range times {
				if err := w.asRoot(ctx, r.method, w.below(mount, r.path), r.body); err != nil {
					return err
				}
				if w.answer.status == http.StatusTooManyRequests {
					break
				}
			}
			w.forgetExchanges()
		}
		return nil
	}
	place, left, err := w.leftBy(ctx, times, all, everywhere)
	if err != nil || left == 0 {
		return err
	}
	return mismatch(fmt.Sprintf("a process that stays as it is over %d requests for each of its operations", times),
		fmt.Sprintf("it grew to %d goroutines at %s; it was asked for %s", left, place, operationsText(requests)))
}

func operationsText(requests []request) string {
	var all []string
	for _, r := range requests {
		all = append(all, r.method+" "+r.path)
	}
	return strings.Join(all, ", ")
}
