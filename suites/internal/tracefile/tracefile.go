// SPDX-License-Identifier: MPL-2.0

// Package tracefile is the flag --trace: it records what goes between a mock server and
// its plugins and writes it in the end.
package tracefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/plugproof/plugproof/mockserver/trace"
	"github.com/plugproof/plugproof/suites/internal/outfile"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

// Files are the files that --trace names.
type Files struct {
	// Given are the values of the flag.
	Given  []string
	wanted []wantedFile
}

type wantedFile struct {
	name  string
	write func(io.Writer, []trace.Span) error
}

// Forms returns the names of the forms.
func Forms() []string { return []string{"text", "otlp"} }

// Usage is the flag's help.
const Usage = "write what went between the mock and its plugins as `[FORM=]FILE`: requests, storage operations, system view calls, processes; secrets are masked. Forms are text, and otlp, which is JSON of OpenTelemetry (for a FILE *.json); may stand more than once"

// Wanted reports whether there is a file to be written.
func (f *Files) Wanted() bool { return len(f.Given) > 0 }

// Verify reports what can't be written, before the work.
func (f *Files) Verify() error {
	f.wanted = nil
	seen := map[string]bool{}
	for _, given := range f.Given {
		// In a file or a variable they are a list with commas.
		for entry := range strings.SplitSeq(given, ",") {
			wanted, err := parse(strings.TrimSpace(entry))
			if err == nil && seen[wanted.name] {
				err = fmt.Errorf("%s is named twice", wanted.name)
			}
			if err != nil {
				return usage.Errorf("--trace %s: %w", entry, err)
			}
			seen[wanted.name] = true
			f.wanted = append(f.wanted, wanted)
		}
	}
	return nil
}

func parse(entry string) (wantedFile, error) {
	form, name, ok := strings.Cut(entry, "=")
	if !ok {
		form, name = "text", entry
		if strings.EqualFold(filepath.Ext(name), ".json") {
			form = "otlp"
		}
	}
	forms := map[string]func(io.Writer, []trace.Span) error{"text": trace.Text, "otlp": trace.OTLP}
	switch {
	case forms[form] == nil:
		return wantedFile{}, fmt.Errorf("there is no form %q; there are %s", form, strings.Join(Forms(), ", "))
	case name == outfile.Stdout:
		return wantedFile{}, errors.New("name a file; the standard output has the result")
	}
	return wantedFile{name, forms[form]}, outfile.Check(name)
}

// Write writes the spans, to all files that can be written. Each is there whole or as it
// was before.
func (f *Files) Write(recorder *trace.Recorder) error {
	if !f.Wanted() {
		return nil
	}
	var failed []error
	spans := recorder.Spans()
	for _, wanted := range f.wanted {
		var text bytes.Buffer
		err := wanted.write(&text, spans)
		if err == nil {
			err = outfile.Write(wanted.name, text.Bytes(), nil)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("write the trace: %w", err))
		}
	}
	if dropped := recorder.Dropped(); dropped > 0 {
		failed = append(failed, fmt.Errorf("the trace has only the latest %d events: %d before them were dropped", len(spans), dropped))
	}
	return errors.Join(failed...)
}
