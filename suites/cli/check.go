// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/mockserver/trace"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/internal/tracefile"
	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/profile"
	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/targets"
)

const checkLong = `Check starts a plugin binary on the mock and reports whether it does what every
secrets engine, auth method or database plugin must do: it registers, mounts, answers, keeps to
its mount, survives a reload and a kill, and leaves no process behind.

A database plugin is used through the server's database engine: it connects,
creates users, changes and deletes them. Which of the three it is, is found out.

What only the plugin's author knows stands in its profile, under the key plugin
of the file that --profile names, or of plugproof.yaml beside the binary or in
the working directory. What it lacks is not checked:

  plugin:
    type: secret                # auth or database; found out otherwise
    args: []
    env: [REGION=eu]
    options: {}                 # of each mount; config too
    setup:                      # writes that a fresh mount needs
      - {path: config, data: {username: u, password: planted}}
    samples:                    # paths that store what is written to them
      - {path: role/a, data: {ttl: 60}, update: {ttl: 90}}
    credentials:                # paths that give a lease
      - path: creds/a
        works:                  # succeeds until they are revoked; or path: account/{{name}}
          {url: "http://127.0.0.1:19090/me", headers: {Authorization: "Bearer {{key}}"}}
    logins:                     # of an auth method
      - {path: login, data: {name: a, password: p}, wrong: {name: a, password: x}, policies: [app], alias: ann}
    pairs:                      # what one path gives another one takes back, also after what is between
      - {path: encrypt/k, data: {plaintext: YQ==}, back: {path: decrypt/k, data: {ciphertext: "{{ciphertext}}"}}, gives: {plaintext: YQ==}, between: [{path: keys/k/rotate}]}
    rotations:                  # change a secret of the setup: here of another account
      - {path: config/rotate, setup: [{path: config, data: {username: "r-{{random}}", password: p}}]}
    open: [login]               # paths that need no token
    secrets: [password]         # fields that are never shown
    database:                   # of a database plugin
      connection: {connection_url: "…", username: root, password: planted}
      creation_statements: ["CREATE USER …"]
      login: true               # new users can connect with username and password
      key_setting: private_key  # in which they connect with a key
    upgrade_from: ./my-plugin-1.0
    probe: gentle               # off, gentle or thorough

The flags --path, --setup, --credentials and --login add to it. Reports and
--verbose show neither the values of env nor those of fields that are called
password, token, secret and the like, named in secrets or not. Exit codes are
those of 'plugproof run'.`

const checkExample = `  plugproof check ./my-plugin
  plugproof check --path config --body '{"region": "eu"}' ./my-plugin
  plugproof check --setup 'config={"url": "http://127.0.0.1:19090"}' --credentials creds/a ./my-plugin
  plugproof check --profile my-plugin.yaml ./my-plugin
  plugproof check --trace trace.txt --trace trace.json ./my-plugin
  plugproof check --env REGION=eu --target mock:vault-1.14 ./my-plugin`

// checkCommand is 'plugproof check'.
func checkCommand() *cobra.Command {
	var config conformance.CheckConfig
	var file string
	var quick profile.Flags
	var execution executionFlags
	var traces tracefile.Files
	var verbose bool
	command := &cobra.Command{
		Use: "check PLUGIN", Short: "Check a plugin binary",
		Long: checkLong, Example: checkExample,
		Args: takes(1, 1),
		RunE: func(command *cobra.Command, args []string) error {
			config.Plugin = args[0]
			defer collectLess()()
			if err := verifyCheck(command, config, quick); err != nil {
				return err
			}
			var err error
			if config.Profile, err = readProfile(file, config.Plugin, quick); err != nil {
				return err
			}
			if err := execution.complete(command, &config.Execution); err != nil {
				return err
			}
			if execution.list {
				return execution.writeChosen(command, config.Chosen)
			}
			if err := verifyTrace(&traces, config.Target); err != nil {
				return err
			}
			if targets.Traces(config.Target) { // failures show it
				config.Trace = trace.NewRecorder(0)
			}
			return runAndReport(command, &execution.reports, func(observer conformance.Observer) (report.Run, error) {
				config.Observer = observer
				if verbose {
					config.Log = forLog(command.ErrOrStderr())
				}
				result, err := conformance.Check(command.Context(), config)
				if verbose {
					writeTraces(forLog(command.ErrOrStderr()), result)
				}
				return result, errors.Join(err, traces.Write(config.Trace))
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&config.Target, "target", "mock", "server to check it on, as for plugproof run")
	addServerFlags(flags, &config.PluginDir, &config.YesThisServer)
	flags.StringVar(&file, "profile", "", "`FILE` with the plugin's profile")
	flags.StringVar(&quick.Type, "type", "", "secret, auth or database; it is found out otherwise")
	flags.StringArrayVar(&quick.Env, "env", nil, "`NAME=value` that the plugin needs in its environment; may stand more than once")
	flags.StringVar(&quick.Path, "path", "", "`PATH` below the mount that stores what is written to it")
	flags.StringVar(&quick.Body, "body", `{"value": "plugproof"}`, "what is written to --path, as `JSON`")
	flags.StringArrayVar(&quick.Setup, "setup", nil, "`PATH=JSON`, or PATH alone, that is written to a fresh mount; may stand more than once")
	flags.StringArrayVar(&quick.Credentials, "credentials", nil, "`PATH[=JSON]` that gives a lease; may stand more than once")
	flags.StringArrayVar(&quick.Logins, "login", nil, "`PATH=JSON` that logs in; may stand more than once")
	flags.StringVar(&quick.UpgradeFrom, "upgrade-from", "", "older `BINARY` of the plugin, whose data it has to read")
	flags.StringVar(&quick.Probe, "probe", "", "how far the plugin's operations are tried: off, gentle (the default) or thorough")
	addFeaturesFlag(flags, &config.Features)
	flags.StringSliceVar(&config.Only, "only", nil, "only these requirements: PLG-001")
	flags.StringSliceVar(&config.Area, "area", nil, "only these areas: start,paths,data")
	flags.StringSliceVar(&config.Level, "level", nil, "only these levels: must,should,may")
	flags.BoolVar(&verbose, "verbose", false, "write what the plugin logs to stderr, and of each failure what went between server and plugin")
	flags.StringArrayVar(&traces.Given, "trace", nil, tracefile.Usage)
	addConcurrencyFlag(flags, &config.Concurrency, 2, "scenarios")
	execution.addFlags(command, &config.Execution)
	flags.DurationVar(&config.RequestTimeout, "request-timeout", steps.DefaultRequestTimeout, "how long the plugin may take to answer what the profile names")
	flags.DurationVar(&config.StartTimeout, "plugin-start-timeout", 10*time.Second, "how long the plugin may take to start")
	return command
}

// collectLess has garbage collected less often, unless GOGC says otherwise, until it is
// undone: a check is short, and shares the processors with what it starts.
func collectLess() (undo func()) {
	const percent = 400 // some 40 MB more
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(percent)
	return func() { debug.SetGCPercent(before) }
}

// verifyCheck reports flags that a zero value of the configuration cannot tell
// from flags that were not given.
func verifyCheck(command *cobra.Command, config conformance.CheckConfig, quick profile.Flags) error {
	switch {
	case command.Flags().Changed("path") && strings.Trim(quick.Path, "/") == "":
		return usage.Errorf("--path: it is a path below the mount: not empty, and without . and .. in it")
	case config.StartTimeout <= 0:
		return usage.Errorf("--plugin-start-timeout %s: give a positive duration", config.StartTimeout)
	}
	if err := refuseWithout(command, quick.Path != "", "--path", "body"); err != nil {
		return err
	}
	return refuseAddressFlags(command, config.Target)
}

// verifyTrace reports what --trace can't write, or a target that it knows nothing of.
func verifyTrace(traces *tracefile.Files, target string) error {
	if traces.Wanted() && !targets.Traces(target) {
		return usage.Errorf("--trace: what goes between %s and its plugins is not known; it is with --target mock, and with plugproof serve --trace", target)
	}
	return traces.Verify()
}

// writeTraces writes what went between server and plugin in what failed.
func writeTraces(out io.Writer, result report.Run) {
	for _, outcome := range result.Outcomes {
		if outcome.Failure != nil && outcome.Failure.Trace != "" {
			// Nothing can be done about a stderr that is gone.
			_, _ = fmt.Fprintf(out, "%s %s\n%s\n", outcome.Requirement.ID, outcome.Case, outcome.Failure.Trace)
		}
	}
}

// readProfile returns the profile in the file, or in the one that is found if none
// is named, with what the flags say.
func readProfile(file, plugin string, quick profile.Flags) (read steps.Profile, err error) {
	if file == "" {
		if file, err = profile.Find(plugin); err != nil {
			return steps.Profile{}, usage.Wrap(err)
		}
	}
	if file != "" {
		if read, err = profile.Read(file); err != nil {
			return steps.Profile{}, usage.Wrap(err)
		}
	}
	read, err = quick.Apply(read)
	return read, usage.Wrap(err)
}
