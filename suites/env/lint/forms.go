// SPDX-License-Identifier: MPL-2.0

package lint

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Formats returns the formats of Write, the default first.
func Formats() []string { return []string{"text", "json", "markdown", "sarif"} }

// Write writes the report in one of Formats.
func Write(out io.Writer, format string, r Report) error {
	switch format {
	case "text":
		return WriteText(out, r)
	case "json":
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(r)
	case "markdown":
		return WriteMarkdown(out, r)
	case "sarif":
		return WriteSARIF(out, r)
	}
	return fmt.Errorf("unknown format %q: known are %s", format, strings.Join(Formats(), ", "))
}
