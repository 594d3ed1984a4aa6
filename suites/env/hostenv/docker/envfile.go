// SPDX-License-Identifier: MPL-2.0

// Package docker reads the files of `docker run --env-file` and what `docker
// inspect` and `podman inspect` print.
package docker

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// EnvFile reads a file as `docker run --env-file` does (docker run's reference,
// "Set environment variables"; docker/cli, pkg/kvfile): a line is NAME=value, and
// the value is all that follows, quotes and spaces included; a line begins a
// comment with #; NAME alone takes the value from the environment of whoever runs
// docker.
func EnvFile(source string, r io.Reader) (hostenv.Environment, error) {
	vars := make(hostenv.Set)
	e := hostenv.Environment{Source: source, Read: []string{source}}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		at := hostenv.Place{File: source, Line: n}
		text := lines.Text()
		if !utf8.ValidString(text) {
			return hostenv.Environment{}, fmt.Errorf("%w: %s is not UTF-8, and docker refuses the file", hostenv.ErrInput, at)
		}
		if n == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		if text == "" || text[0] == '#' {
			continue
		}
		name, value, found := strings.Cut(text, "=")
		if name == "" || strings.ContainsAny(name, " \t") {
			return hostenv.Environment{}, fmt.Errorf("%w: %s: the name is empty or has a blank in it, and docker refuses the file (it knows no export)", hostenv.ErrInput, at)
		}
		if strings.Contains(text, "\x00") {
			return hostenv.Environment{}, fmt.Errorf("%w: %s has a NUL byte, with which no process can be started", hostenv.ErrInput, at)
		}
		if !found {
			if !hostenv.TakenForName(name) {
				e.Remarks = append(e.Remarks, hostenv.NameAlone("docker-name-alone", "docker", at))
				continue
			}
			vars.Unknown(name, "the environment of whoever runs docker, if it is set there", at)
			continue
		}
		vars.Known(name, value, at)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return hostenv.Environment{}, fmt.Errorf("%w: %s has a line of more than 64 KiB, and docker refuses the file", hostenv.ErrInput, source)
	} else if err != nil {
		return hostenv.Environment{}, fmt.Errorf("reading %s: %w", source, err)
	}
	e.Variables = vars.Sorted()
	return e, nil
}
