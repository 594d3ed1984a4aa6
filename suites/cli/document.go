// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/plugproof/plugproof/suites/internal/outfile"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

// document is what a command prints: in one of several formats, to the standard
// output or a file.
type document struct{ format, output string }

// addFlags declares --format, whose default is the first of formats, and
// --output.
func (d *document) addFlags(flags *pflag.FlagSet, formats ...string) {
	d.format = formats[0]
	flags.Var(&choice{&d.format, formats}, "format", usage.Enumerate(formats, "or"))
	addOutputFlag(flags, &d.output)
}

// addOutputFlag declares --output.
func addOutputFlag(flags *pflag.FlagSet, output *string) {
	flags.StringVarP(output, "output", "o", outfile.Stdout, "`FILE` to write; - is the standard output")
}

// checkOutput refuses a file that cannot be written, before the work whose
// result it is to hold.
func checkOutput(flags *pflag.FlagSet) error {
	if flag := flags.Lookup("output"); flag != nil && flag.Changed {
		if err := outfile.Check(flag.Value.String()); err != nil {
			return fmt.Errorf("--output: %w", err)
		}
	}
	return nil
}

// write writes the document that render writes. A file is there whole or not at
// all.
func (d *document) write(command *cobra.Command, render func(io.Writer) error) error {
	if d.output == outfile.Stdout {
		out := command.OutOrStdout()
		if d.format != "json" {
			out = forLog(out)
		}
		if err := render(out); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		return nil
	}
	var text bytes.Buffer
	err := render(&text)
	if err == nil {
		err = outfile.Write(d.output, text.Bytes(), command.OutOrStdout())
	}
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// writeBeside writes the document, unless a report is printed in its place.
func (d *document) writeBeside(command *cobra.Command, files *reports, render func(io.Writer) error) error {
	if files.prints && d.output == outfile.Stdout {
		return nil
	}
	return d.write(command, render)
}

func writeJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
