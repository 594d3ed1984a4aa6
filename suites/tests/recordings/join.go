// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/go-version"

	"github.com/plugproof/plugproof/suites/report"
)

// server is what the directory holds of one.
type server struct {
	measured
	folder string
	run    *report.Run // nil without a result
}

// join writes the summary and the table of versions of all that the directory
// holds, and returns the exit code that they come to.
func (r *recipe) join() (code int, err error) {
	files, err := filepath.Glob(filepath.Join(r.directory, "*", measuredFile))
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, fmt.Errorf("there are no results in %s", r.directory)
	}
	var servers []server
	for _, file := range files {
		s, err := readServer(file)
		if err != nil {
			return 0, err
		}
		servers = append(servers, s)
	}
	slices.SortFunc(servers, byVersion)
	var runs []report.Run
	for _, s := range servers {
		if s.run != nil {
			runs = append(runs, *s.run)
		}
		code = max(code, s.code())
	}
	summary := summarize(servers)
	fmt.Fprint(r.stdout, "\n"+summary)
	err = r.write("summary.md", func(w io.Writer) error { _, err := io.WriteString(w, summary); return err })
	if len(runs) > 0 {
		table, tableErr := report.NewVersions(runs)
		if tableErr != nil {
			return 0, errors.Join(err, tableErr)
		}
		err = errors.Join(err, r.write("versions.md", table.Markdown), r.write("versions.html", table.HTML))
		fmt.Fprintf(r.stdout, "\nThe table of versions is %s\n", filepath.Join(r.directory, "versions.html"))
	}
	return code, err
}

func readServer(file string) (s server, err error) {
	s.folder = filepath.Base(filepath.Dir(file))
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &s.measured)
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w", file, err)
	}
	text, err = os.ReadFile(filepath.Join(filepath.Dir(file), resultFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		var run report.Run
		if run, err = report.ReadJSON(text); err == nil {
			s.run = &run
		}
	}
	if err != nil {
		return s, fmt.Errorf("%s %w", filepath.Join(filepath.Dir(file), resultFile), err)
	}
	return s, nil
}

// byVersion sorts Vault before OpenBao and old before new. What could not be asked
// is last.
func byVersion(a, b server) int {
	productA, versionA, _ := strings.Cut(a.Server, " ")
	productB, versionB, _ := strings.Cut(b.Server, " ")
	if by := cmp.Compare(productB, productA); by != 0 {
		return by
	}
	va, errA := version.NewVersion(versionA)
	vb, errB := version.NewVersion(versionB)
	if errA == nil && errB == nil && !va.Equal(vb) {
		return va.Compare(vb)
	}
	return cmp.Compare(a.Target, b.Target)
}

// code is the exit code that a server alone would lead to.
func (s server) code() int {
	switch {
	case len(s.Failed) > 0 || s.run == nil:
		return 3
	case s.run.ExitCode() != report.ExitConforms:
		return s.run.ExitCode()
	case s.Equal+s.Meant < s.Answers:
		return 1
	}
	return 0
}

func summarize(servers []server) string {
	var out bytes.Buffer
	out.WriteString("| Server | Image | Requirements | Beside | Answers equal | Not done |\n|---|---|---|---|---:|---|\n")
	for _, s := range servers {
		requirements, beside, equal := "", "", ""
		if s.run != nil {
			requirements = s.run.Judgement().Text
		}
		if s.Dialect != "" {
			beside = "mock:" + s.Dialect
		}
		if s.Nearest {
			beside += ", the nearest"
		}
		if s.Answers > 0 {
			equal = fmt.Sprintf("[%d of %d](%s/%s)", s.Equal, s.Answers, s.folder, differencesFile)
		}
		if s.Meant > 0 {
			equal += fmt.Sprintf(", differing as listed: %d", s.Meant)
		}
		cells := []string{cmp.Or(s.Server, "unknown"), strings.TrimPrefix(s.Target, "container:"), requirements, beside, equal, strings.Join(s.Failed, "; ")}
		for i, cell := range cells {
			// A failure has the server's last lines, which a cell has no room for.
			first, _, _ := strings.Cut(cell, "\n")
			cells[i] = strings.ReplaceAll(first, "|", `\|`)
		}
		out.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	return out.String()
}

func (r *recipe) write(name string, render func(io.Writer) error) error {
	var text bytes.Buffer
	if err := render(&text); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(filepath.Join(r.directory, name), text.Bytes(), 0o644) //nolint:gosec // a report
}
