// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"bytes"
	"io"
	"os"
	"regexp"
)

// forLog returns out for text that may hold what plugins and servers printed. In the
// log of GitHub Actions a line of theirs could be taken for a command of the workflow:
// it could forge annotations, or stop those of the verdict.
func forLog(out io.Writer) io.Writer {
	if os.Getenv("GITHUB_ACTIONS") != "true" {
		return out
	}
	return &logWriter{out: out, blank: true}
}

// logWriter takes the meaning from lines that GitHub's runner reads as commands. It is
// for one writer at a time.
type logWriter struct {
	out io.Writer
	// blank reports that the line that is being written has only spaces so far.
	blank bool
}

// workflowCommand is what the runner takes for one: two colons after spaces at the beginning of
// a line, or the older form anywhere (actions/runner, ActionCommand.cs). A carriage
// return ends a line, too.
var workflowCommand = regexp.MustCompile(`(?m)((?:^|\r)\s*)::|##\[`)

func (w *logWriter) Write(text []byte) (int, error) {
	begin := 0
	if !w.blank {
		// What goes on is not the beginning of a line.
		if begin = bytes.IndexAny(text, "\r\n"); begin < 0 {
			begin = len(text)
		}
	}
	shown := bytes.ReplaceAll(text[:begin:begin], []byte("##["), []byte("## ["))
	shown = append(shown, workflowCommand.ReplaceAllFunc(text[begin:], func(found []byte) []byte {
		if bytes.HasPrefix(found, []byte("#")) {
			return []byte("## [")
		}
		return append(found[:len(found)-2:len(found)-2], "| ::"...)
	})...)
	last := text[bytes.LastIndexAny(text, "\r\n")+1:]
	w.blank = len(bytes.TrimSpace(last)) == 0 && (w.blank || len(last) < len(text))
	if _, err := w.out.Write(shown); err != nil {
		return 0, err
	}
	return len(text), nil
}
