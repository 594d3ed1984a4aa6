// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/cli"
	"github.com/plugproof/plugproof/suites/diff"
	"github.com/plugproof/plugproof/suites/targets"
)

// recipe is one run of the command.
type recipe struct {
	directory, only, cases string
	// deviations is a file of differences that are meant to be; empty is none.
	deviations     string
	stdout, stderr io.Writer
}

// The files of a server in a directory of its own. Those below it stand in the
// directory of all.
const (
	recordingFile   = "recording.json"
	mockFile        = "dialect.json" // what the mock answers to the same
	resultFile      = "result.json"
	differencesFile = "differences.md"
	measuredFile    = "measured.json"
)

// measured is what is known of a server; it is kept for the table.
type measured struct {
	Target string `json:"target"`
	// Server is what it says it is: vault 1.20.4.
	Server string `json:"server,omitempty"`
	// Dialect is the one that it was compared with, Nearest is set if that is of
	// another version.
	Dialect string `json:"dialect,omitempty"`
	Nearest bool   `json:"nearest,omitempty"`
	// Answers and Equal count the answers that were compared, Meant those that differ
	// as a list says.
	Answers int `json:"answers"`
	Equal   int `json:"equal"`
	Meant   int `json:"meant,omitempty"`
	// Failed are the parts that could not be done, with their errors.
	Failed []string `json:"failed,omitempty"`
}

// measure does all parts for a server. One that fails leaves out only what needs
// its result.
func (r *recipe) measure(ctx context.Context, s subject) {
	folder := filepath.Join(r.directory, regexp.MustCompile(`[^\w.-]+`).ReplaceAllString(strings.TrimPrefix(s.target, "container:"), "-"))
	m := measured{Target: s.target}
	err := os.RemoveAll(folder) // what an earlier run measured is not this server's
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	if err == nil {
		err = m.identify(ctx, s)
	}
	if err != nil {
		m.Failed = append(m.Failed, err.Error())
	} else {
		fmt.Fprintf(r.stdout, "== %s: %s, beside mock:%s\n", s.target, m.Server, m.Dialect)
		r.measureServer(ctx, s, folder, &m)
	}
	for _, failed := range m.Failed {
		fmt.Fprintf(r.stdout, "%s: %s\n", s.target, failed)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, measuredFile), append(text, '\n'), 0o644) //nolint:gosec // a report
	}
	if err != nil {
		fmt.Fprintln(r.stderr, "recordings: "+err.Error())
	}
}

// identify asks the server what it is and chooses the dialect of its version.
func (m *measured) identify(ctx context.Context, s subject) error {
	target, err := targets.Parse(s.target, targets.Options{})
	if err != nil {
		return err
	}
	identity, err := steps.Identify(ctx, target)
	if err = errors.Join(err, target.Close(context.WithoutCancel(ctx))); err != nil {
		return err
	}
	m.Server = identity.String()
	if m.Dialect = s.dialect; m.Dialect != "" {
		return nil
	}
	version := identity.Version.Segments()
	m.Dialect = fmt.Sprintf("%s-%d.%d", identity.Product, version[0], version[1])
	if !slices.Contains(dialect.Names(), m.Dialect) {
		m.Nearest = true
		for _, name := range dialect.Names() { // from old to new
			if strings.HasPrefix(name, string(identity.Product)+"-") && !strings.HasSuffix(name, enterprise) {
				m.Dialect = name
			}
		}
	}
	return nil
}

func (r *recipe) measureServer(ctx context.Context, s subject, folder string, m *measured) {
	file := func(name string) string { return filepath.Join(folder, name) }
	do := func(part string, args ...string) bool {
		code, failure := r.command(ctx, args...)
		if code > 1 {
			m.Failed = append(m.Failed, part+": "+failure)
		}
		return code <= 1
	}
	run := []string{"run", "--target", s.target, "--report", "json=" + file(resultFile), "--report", "html=" + file("result.html"), "--report", "text=" + file("result.txt")}
	if s.dialect != "" {
		run = append(run, "--expect-dialect", s.dialect)
	}
	if r.only != "" {
		run = append(run, "--only", r.only)
	}
	do("requirements", r.meant(run...)...)

	recorded := do("recording", r.chosen("record", "--target", s.target, "--output", file(recordingFile))...)
	if !recorded || !do("mock", r.chosen("record", "--target", "mock:"+m.Dialect, "--output", file(mockFile))...) {
		return
	}
	// One comparison for both forms: in GitHub Actions each says its result.
	if !do("comparison", r.meant("diff", file(recordingFile), file(mockFile), "--format", "json", "--output", file("differences.json"), "--report", "markdown="+file(differencesFile))...) {
		return
	}
	var result diff.Result
	text, err := os.ReadFile(file("differences.json"))
	if err == nil {
		err = json.Unmarshal(text, &result)
	}
	if err != nil {
		m.Failed = append(m.Failed, "comparison: "+err.Error())
	}
	m.Answers, m.Equal = result.Steps, result.Equal
	for _, entry := range result.Entries {
		if entry.Allowed != "" {
			m.Meant++
		}
	}
}

// meant adds the list of differences that are meant to be.
func (r *recipe) meant(args ...string) []string {
	if r.deviations != "" {
		args = append(args, "--deviations", r.deviations)
	}
	return args
}

func (r *recipe) chosen(args ...string) []string {
	if r.cases != "" {
		args = append(args, "--case", r.cases)
	}
	return args
}

// command runs a command of plugproof. What it prints is in its reports already;
// the failure is what it printed as its error.
func (r *recipe) command(ctx context.Context, args ...string) (code int, failure string) {
	fmt.Fprintln(r.stdout, "   plugproof "+strings.Join(args, " "))
	var errors bytes.Buffer
	code = cli.Main(ctx, args, io.Discard, io.MultiWriter(r.stderr, &errors))
	if _, after, ok := strings.Cut(errors.String(), "plugproof: "); ok {
		return code, strings.TrimSpace(after)
	}
	return code, fmt.Sprintf("exit code %d", code)
}
