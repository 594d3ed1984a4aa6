// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/plugproof/plugproof/suites/internal/outfile"
	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/report"
)

// reports are the files that --report names, beside what is printed.
type reports struct {
	// kind is that of the command's results; its forms are those that there are.
	kind   report.Kind
	given  []string
	wanted []wantedReport
	// prints is set if a report takes the place of what is printed.
	prints bool
}

type wantedReport struct {
	form report.Form
	file string
}

// ownForms are the forms that a command writes in its own way, by their names.
type ownForms map[string]func(io.Writer) error

func (r *reports) addFlags(flags *pflag.FlagSet, kind report.Kind) {
	r.kind = kind
	var forms []string
	for _, form := range report.FormsOf(kind) {
		forms = append(forms, form.Name)
	}
	flags.StringArrayVar(&r.given, "report", nil, "also write the result as `FORM=FILE`; forms are "+strings.Join(forms, ", ")+"; with - for the file it is printed instead of the text; may stand more than once")
}

// verify reports what can't be written, before the work.
func (r *reports) verify(flags *pflag.FlagSet) error {
	r.wanted, r.prints = nil, false
	files := map[string]bool{}
	if output := flags.Lookup("output"); output != nil && output.Value.String() != outfile.Stdout {
		files[output.Value.String()] = true
	}
	for _, given := range r.given {
		for _, entry := range listed(given) {
			name, file, ok := strings.Cut(strings.TrimSpace(entry), "=")
			if !ok || file == "" {
				return usage.Errorf("--report %q: want FORM=FILE, as junit=plugproof.xml", entry)
			}
			form, err := report.FormOf(r.kind, name)
			if err != nil {
				return usage.Errorf("--report %s: %w", entry, err)
			}
			if files[file] {
				return usage.Errorf("--report: %s is named twice", file)
			}
			files[file] = true
			if err := outfile.Check(file); err != nil {
				return usage.Errorf("--report %s: %w", entry, err)
			}
			r.prints = r.prints || file == outfile.Stdout
			r.wanted = append(r.wanted, wantedReport{form, file})
		}
	}
	if format := flags.Lookup("format"); r.prints && format != nil && format.Changed && flags.Lookup("output").Value.String() == outfile.Stdout {
		return usage.Errorf("--format and --report with - both go to the standard output: leave one of them out")
	}
	return nil
}

// listed returns the entries of a list with commas, which the reports are in a file or
// a variable. What lacks a form belongs to the file name before it, which has a comma.
func listed(given string) []string {
	var entries []string
	for part := range strings.SplitSeq(given, ",") {
		if last := len(entries) - 1; last >= 0 && !strings.Contains(part, "=") {
			entries[last] += "," + part
			continue
		}
		entries = append(entries, part)
	}
	return entries
}

// write writes all reports; what can be written is, also if another can't.
func (r *reports) write(command *cobra.Command, run report.Run, own ownForms) error {
	var failed []error
	for _, wanted := range r.wanted {
		text, err := render(wanted.form, run, own)
		if err == nil {
			out := command.OutOrStdout()
			if wanted.form.Name != "json" && wanted.form.Name != "github" {
				out = forLog(out)
			}
			err = outfile.Write(wanted.file, text, out)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("write the report %s=%s: %w", wanted.form.Name, wanted.file, err))
		}
	}
	return errors.Join(append(failed, onGitHub(command.ErrOrStderr(), run, own, os.Getenv))...)
}

func render(form report.Form, run report.Run, own ownForms) ([]byte, error) {
	var text bytes.Buffer
	if write := own[form.Name]; write != nil {
		err := write(&text)
		return text.Bytes(), err
	}
	err := form.Write(&text, run)
	return text.Bytes(), err
}

// onGitHub writes annotations and the step's summary where GitHub Actions runs the
// command. Its runner reads annotations from the standard error too
// (actions/runner, ScriptHandler.cs), where they are in no document's way.
func onGitHub(out io.Writer, run report.Run, own ownForms, getenv func(string) string) error {
	if getenv("GITHUB_ACTIONS") != "true" {
		return nil
	}
	if err := report.GitHub(out, run); err != nil {
		return err
	}
	name := getenv("GITHUB_STEP_SUMMARY")
	if name == "" {
		return nil
	}
	form, err := report.FormOf(run.Kind, "markdown")
	if err != nil {
		return err
	}
	text, err := render(form, run, own)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write the step's summary, GITHUB_STEP_SUMMARY: %w", err)
	}
	_, err = file.Write(shortSummary(text))
	return errors.Join(err, file.Close())
}

// longestSummary is less than the MiB beyond which GitHub refuses a step's summary.
const longestSummary = 1000 << 10

// shortSummary leaves out the end of a summary that is too long, after a whole line
// or section.
func shortSummary(text []byte) []byte {
	if len(text) <= longestSummary {
		return text
	}
	short := text[:longestSummary]
	section := []byte("</details>\n")
	if end := bytes.LastIndex(short, section); end >= 0 {
		short = short[:end+len(section)]
	} else if end := bytes.LastIndexByte(short, '\n'); end >= 0 {
		short = short[:end+1]
	}
	return append(bytes.Clone(short), "\nThe rest is too long for a step's summary; `--report html=FILE` has all.\n"...)
}

// readResult reads a result of an earlier run; flag names it, if it is one of a flag.
func readResult(flag, file string) (*report.Run, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // no file was named: no earlier result
	}
	text, err := os.ReadFile(file)
	if err == nil {
		var run report.Run
		if run, err = report.ReadJSON(text); err == nil {
			return &run, nil
		}
		err = fmt.Errorf("%s %w", file, err)
	}
	if flag != "" {
		err = fmt.Errorf("%s: %w", flag, err)
	}
	return nil, usage.Wrap(err)
}

// readRequirements reads a result of run or check.
func readRequirements(flag, file string) (*report.Run, error) {
	run, err := readResult(flag, file)
	if run != nil && !run.OfRequirements() {
		return nil, usage.Errorf("%s: %s is a result of plugproof %s; want one of run or check", flag, file, run.Command())
	}
	return run, err
}
