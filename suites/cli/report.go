// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"io"
	"math"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/report"
)

const reportLong = `Report reads results that --report json=FILE wrote. Of one it writes other forms;
of several it makes one table: requirement by version, with what changed from
column to column.

Exit code 0: written; 2: a result can't be read, is of a newer plugproof, cut off
or something else; 3: a report could not be written.`

const reportExample = `  # other forms of one result
  plugproof report result.json --report html=result.html

  # the table of versions
  plugproof report 1.15.json 1.16.json openbao-2.5.json --report html=versions.html

  # shards of one run: one verdict, whose exit code is the run's
  plugproof report merge shard-*.json --report json=result.json`

// anyKind is the kind of results that are not read yet: they have any form.
const anyKind report.Kind = ""

// verifyFor is verify for a result that was read.
func (r *reports) verifyFor(command *cobra.Command, run report.Run) error {
	r.kind = run.Kind
	return r.verify(command.Flags())
}

// reportCommand is 'plugproof report'.
func reportCommand() *cobra.Command {
	var out reports
	command := &cobra.Command{
		Use: "report FILE...", Short: "Write results in other forms, or several as a table of versions",
		Long: reportLong, Example: reportExample,
		Args: takes(1, math.MaxInt),
		RunE: func(command *cobra.Command, args []string) error {
			if err := out.verify(command.Flags()); err != nil {
				return err
			}
			runs, err := readResults(args)
			if err != nil {
				return err
			}
			if len(runs) > 1 {
				return writeVersions(command, &out, runs)
			}
			if len(out.wanted) == 0 {
				return report.Text(forLog(command.OutOrStdout()), runs[0], false)
			}
			if err := out.verifyFor(command, runs[0]); err != nil {
				return err
			}
			return out.write(command, runs[0], nil)
		},
	}
	out.addFlags(command.Flags(), anyKind)
	command.AddCommand(mergeCommand())
	return command
}

// mergeCommand is 'plugproof report merge'.
func mergeCommand() *cobra.Command {
	var out reports
	command := &cobra.Command{
		Use: "merge FILE...", Short: "Join the shards of a run into one verdict",
		Long:    "Merge joins the results of the parts that --shard ran. It fails if a part is missing,\nif two overlap, or if they are of different runs. Its exit code is that of the run.",
		Example: "  plugproof report merge shard-*.json --report junit=plugproof.xml --report html=plugproof.html",
		Args:    takes(1, math.MaxInt),
		RunE: func(command *cobra.Command, args []string) error {
			if err := out.verify(command.Flags()); err != nil {
				return err
			}
			runs, err := readResults(args)
			if err != nil {
				return err
			}
			whole, err := report.Merge(runs)
			if err != nil {
				return usage.Wrap(err)
			}
			if err := out.verifyFor(command, whole); err != nil {
				return err
			}
			return runAndReport(command, &out, func(conformance.Observer) (report.Run, error) { return whole, nil })
		},
	}
	out.addFlags(command.Flags(), anyKind)
	return command
}

func readResults(files []string) ([]report.Run, error) {
	var runs []report.Run
	for _, file := range files {
		run, err := readResult("", file)
		if err != nil {
			return nil, err
		}
		runs = append(runs, *run)
	}
	return runs, nil
}

// writeVersions writes the table in the forms that it has.
func writeVersions(command *cobra.Command, out *reports, runs []report.Run) error {
	table, err := report.NewVersions(runs)
	if err != nil {
		return usage.Wrap(err)
	}
	forms := map[string]func(io.Writer) error{"markdown": table.Markdown, "html": table.HTML, "json": table.JSON}
	if len(out.wanted) == 0 {
		return table.Markdown(command.OutOrStdout())
	}
	for _, wanted := range out.wanted {
		if forms[wanted.form.Name] == nil {
			return usage.Errorf("--report %s: the table of several results has the forms json, markdown and html", wanted.form.Name)
		}
	}
	for _, wanted := range out.wanted {
		file := document{format: wanted.form.Name, output: wanted.file}
		if err := file.write(command, forms[wanted.form.Name]); err != nil {
			return err
		}
	}
	return nil
}
