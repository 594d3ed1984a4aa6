// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/features"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/suites/replay"
)

// about is what 'plugproof version' prints.
type about struct {
	Version    string   `json:"version"`
	Commit     string   `json:"commit,omitempty"`
	Date       string   `json:"date,omitempty"`
	Modified   bool     `json:"modified,omitempty"`
	Go         string   `json:"go"`
	Platform   string   `json:"platform"`
	Dialects   []string `json:"dialects"`
	Features   string   `json:"features"`
	Plugin     string   `json:"plugin_features"`
	Recordings string   `json:"recordings"`
}

// versionCommand is 'plugproof version'.
func versionCommand() *cobra.Command {
	var out document
	command := &cobra.Command{
		Use: "version", Short: "Print the version, and the digests of what is checked",
		Example: "  plugproof version\n  plugproof version --format json",
		Args:    takes(0, 0),
		RunE: func(command *cobra.Command, _ []string) error {
			this, err := describeProgram()
			if err != nil {
				return err
			}
			return out.write(command, func(w io.Writer) error { return this.write(w, out.format) })
		},
	}
	out.addFlags(command.Flags(), "text", "json")
	return command
}

func describeProgram() (about, error) {
	this := about{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Dialects: dialect.Names()}
	if info, ok := debug.ReadBuildInfo(); ok {
		this.Version = info.Main.Version
		for _, setting := range info.Settings {
			switch setting.Key {
			case "vcs.revision":
				this.Commit = setting.Value
			case "vcs.time":
				this.Date = setting.Value
			case "vcs.modified":
				this.Modified = setting.Value == "true"
			}
		}
	}
	var err error
	if this.Features, err = features.Digest(features.Server(), "*.feature"); err != nil {
		return about{}, err
	}
	if this.Plugin, err = features.Digest(features.Plugin(), "*.feature"); err != nil {
		return about{}, err
	}
	this.Recordings, err = replay.BundledDigest()
	return this, err
}

func (a about) write(w io.Writer, format string) error {
	if format == "json" {
		return writeJSON(w, a)
	}
	commit := a.Commit
	if commit == "" {
		commit = "unknown"
	}
	if a.Modified {
		commit += ", modified"
	}
	_, err := fmt.Fprintf(w, "plugproof %s\n  commit           %s %s\n  go               %s %s\n  dialects         %s\n  features         %s\n  plugin features  %s\n  recordings       %s\n",
		a.Version, commit, a.Date, a.Go, a.Platform, strings.Join(a.Dialects, " "), a.Features, a.Plugin, a.Recordings)
	return err
}

// version returns the version of the module that the program was built from, a
// release or a commit, and that of Go.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return info.Main.Version + ", " + info.GoVersion
}
