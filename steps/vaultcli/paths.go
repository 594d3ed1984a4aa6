// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"io"
	"strings"
	"time"

	kvbuilder "github.com/hashicorp/go-secure-stdlib/kv-builder"
	"github.com/mitchellh/mapstructure"
)

// cleanPath removes blanks around a path and slashes at its ends.
func cleanPath(s string) string {
	s = strings.TrimLeft(strings.TrimSpace(s), "/")
	return strings.TrimRight(strings.TrimSpace(s), "/")
}

// mountPath is the form in which mounts are named: with a slash at the end.
func mountPath(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasSuffix(s, "/") {
		return s
	}
	return s + "/"
}

// parseData reads key=value, key=@file, key=-, @file and - (JSON on stdin).
func parseData(stdin io.Reader, args []string) (map[string]any, error) {
	builder := &kvbuilder.Builder{Stdin: stdin}
	if err := builder.Add(args...); err != nil {
		return nil, err
	}
	return builder.Map(), nil
}

// parseParameters reads the same into lists of strings, as query parameters are.
func parseParameters(stdin io.Reader, args []string) (map[string][]string, error) {
	data, err := parseData(stdin, args)
	if err != nil {
		return nil, err
	}
	var lists map[string][]string
	return lists, weaklyInto(data, &lists)
}

// parseStrings reads the same into strings.
func parseStrings(stdin io.Reader, args []string) (map[string]string, error) {
	data, err := parseData(stdin, args)
	if err != nil {
		return nil, err
	}
	texts := make(map[string]string)
	return texts, weaklyInto(data, &texts)
}

func weaklyInto(data map[string]any, target any) error {
	if err := mapstructure.WeakDecode(data, target); err != nil {
		return &conversionError{err}
	}
	return nil
}

type conversionError struct{ err error }

func (e *conversionError) Error() string {
	return "failed to convert values to strings: " + e.err.Error()
}
func (e *conversionError) Unwrap() error { return e.err }

// ttlText is how a TTL is sent: nothing for zero, "system" for a negative one.
func ttlText(d time.Duration) string {
	switch {
	case d == 0:
		return ""
	case d < 0:
		return "system"
	}
	return d.String()
}
