// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// tidies returns the documented operations that remove what is over, and need no name.
func tidies(document *Document) []Operation {
	return slices.DeleteFunc(document.Operations(), func(o Operation) bool {
		required := slices.ContainsFunc(o.Body, func(f Field) bool { return f.Required })
		first, _, _ := strings.Cut(o.Path, "/")
		_, last, _ := cutLast(o.Path)
		return o.Method != http.MethodPost || required || strings.Contains(o.Path, "{") || first != "tidy" && last != "tidy"
	})
}

// tidiesKeep carries out each tidy of the plugin, and wants what was given and stored before
// to be there afterwards.
func (w *world) tidiesKeep(ctx context.Context, mount string) error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	operations := tidies(document)
	if len(operations) == 0 {
		return &NotCheckedError{Reason: "the plugin documents no tidy"}
	}
	if installed.unsupported(Samples) == "" {
		if err := w.samplesWritten(ctx, mount); err != nil {
			return err
		}
	} else if err := w.keepSetup(ctx, mount); err != nil {
		return err
	}
	if len(profile.Pairs) > 0 {
		if err := w.pairsGive(ctx, mount); err != nil {
			return err
		}
	}
	if profile.missing(WorkingCredentials) == "" {
		if err := w.leasesIssued(ctx, mount); err != nil {
			return err
		}
	}
	given := map[string]bool{}
	for _, asked := range profile.asked() {
		if given[asked.Path], err = w.given(ctx, mount, asked); err != nil {
			return err
		}
	}
	for _, operation := range operations {
		if err := w.write(ctx, w.below(mount, operation.Path), map[string]any{}); err != nil {
			return err
		}
		// It may go on after its answer.
		awaitPluginLog(ctx, w.server, w.subject)
		if err := w.keptAfter(ctx, mount, operation.String(), given); err != nil {
			return err
		}
	}
	return nil
}

// keptAfter wants what was given and stored to be there after something.
func (w *world) keptAfter(ctx context.Context, mount, what string, given map[string]bool) error {
	profile := &w.suite.config.Installed.subject.Profile
	after := func(err error) error {
		if failure, ok := err.(*Failure); ok { //nolint:errorlint // made here, and not wrapped
			failure.Wanted += ", after " + what
		}
		return err
	}
	if err := w.samplesRead(ctx, mount); err != nil {
		return after(err)
	}
	if len(profile.Pairs) > 0 {
		if err := w.pairsTakeBack(ctx, mount); err != nil {
			return after(err)
		}
	}
	if len(w.leases) > 0 {
		if err := w.credentialsWork(ctx, mount); err != nil {
			return after(err)
		}
	}
	for _, asked := range profile.asked() {
		still, err := w.given(ctx, mount, asked)
		if err != nil {
			return err
		}
		if given[asked.Path] && !still {
			return mismatch(fmt.Sprintf("%s to give what it gave before %s", asked.Path, what), describeAnswer(w.answer))
		}
	}
	return nil
}
