// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"github.com/spf13/pflag"

	"github.com/plugproof/plugproof/suites/replay"
)

// addCaseFlags declares the flags of the commands that run recorded cases.
func addCaseFlags(flags *pflag.FlagSet, settings *replay.Settings, selection *replay.Selection) {
	flags.StringSliceVar(&selection.Cases, "case", nil, "only cases of these `NAMES`, which may have * and ?")
	flags.StringSliceVar(&selection.Areas, "area", nil, "only cases of these `AREAS`")
	addPluginsFlag(flags, &settings.Plugins)
	addServerFlags(flags, &settings.Options.PluginDir, &settings.Options.ThisServer)
	flags.StringVar(&settings.CLI, "cli", "", "a vault or bao program (`PATH`) for the steps on the command line; our own without it")
	addConcurrencyFlag(flags, &settings.Concurrency, 2, "cases")
	flags.BoolVar(&settings.OneServer, "one-server", false, "let the cases share a server, as one that is already running must; for single cases")
}
