// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
)

// defaultsApply writes the setup and the samples without the fields that have a default, where
// the plugin takes that, and wants the reads to have the values that the document says they
// have then.
func (w *world) defaultsApply(ctx context.Context, mount string) error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	written := map[string][]string{}
	compared := false
	for _, write := range installed.subject.Profile.stored() {
		operation, _ := document.Find(http.MethodPost, write.Path)
		names, err := w.writtenWithout(ctx, mount, write, operation)
		if err != nil {
			return err
		}
		if names = append(written[write.Path], names...); !w.answer.ok() {
			continue
		}
		written[write.Path] = names
		if err := w.asRoot(ctx, http.MethodGet, w.below(mount, write.Path), ""); err != nil {
			return err
		}
		done, err := defaultsShown(operation, write.Path, names, w.answer)
		if err != nil {
			return err
		}
		compared = compared || done
	}
	if !compared {
		return &NotCheckedError{Reason: "the plugin documents no default of a field that it shows and that may be left out"}
	}
	return nil
}

// writtenWithout writes without the fields that have a default, or as it is where that is
// refused, and returns the names of those that it has written.
func (w *world) writtenWithout(ctx context.Context, mount string, write Write, operation Operation) ([]string, error) {
	less := maps.Clone(write.Data)
	for _, field := range operation.Body {
		if field.hasDefault() {
			delete(less, field.Name)
		}
	}
	for _, data := range []map[string]any{less, write.Data} {
		if err := w.write(ctx, w.below(mount, write.Path), data); err != nil {
			return nil, err
		}
		if w.answer.ok() {
			return slices.Collect(maps.Keys(data)), nil
		}
	}
	return nil, nil
}

// hasDefault reports whether a field has a default that shows: not one that is empty or 0.
// That of token_type is shown in another form by tokenutil.
func (f Field) hasDefault() bool {
	return !f.Deprecated && f.Default != nil && !emptyValue(render(f.Default)) && !strings.HasPrefix(f.Name, "token_")
}

// defaultsShown compares the defaults of the fields that were not written with those of a
// read, and reports whether there was one.
func defaultsShown(operation Operation, path string, written []string, read *answer) (compared bool, err error) {
	shown := fieldsOf(read)
	if !slices.ContainsFunc(written, func(name string) bool { _, has := shown[name]; return has }) {
		return false, nil // it has a form of its own
	}
	for _, field := range operation.Body {
		value, has := shown[field.Name]
		if !has || !field.hasDefault() || slices.Contains(written, field.Name) {
			continue
		}
		compared = true
		if !sameDefault(value, render(field.Default)) {
			return true, mismatch(fmt.Sprintf("%s=%s in the read of %s, the default that the OpenAPI document has of it, as it was not written", field.Name, render(field.Default), path), describeAnswer(read))
		}
	}
	return compared, nil
}

// sameDefault reports whether a read shows a default: a duration may have a unit there, and
// is in nanoseconds where the schema has a time.Duration; a list of one may be its element.
func sameDefault(shown, standard string) bool {
	bare := func(text string) string { return strings.Trim(text, `[]"`) }
	if strings.EqualFold(bare(shown), bare(standard)) {
		return true
	}
	a, err := parseutil.ParseDurationSecond(bare(shown))
	if err != nil {
		return false
	}
	b, err := parseutil.ParseDurationSecond(bare(standard))
	return err == nil && (a == b || a == b/time.Second)
}
