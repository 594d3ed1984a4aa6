// SPDX-License-Identifier: MPL-2.0

package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/features"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/targets"
)

// checkConfig is what 'plugproof check' may be told.
type checkConfig struct {
	plugin     string
	target     string
	kind       string
	env        []string
	samplePath string
	sampleBody string
	only       []string
	level      []string
	workers    int
}

const checkLong = `Check starts a plugin binary on the mock and tells whether it does what every
secrets engine and auth method must do: it registers, mounts, answers, keeps to
its mount, survives a reload and a kill, and leaves no process behind.

Which of the two it is, is found out. Database plugins speak a protocol of their
own and are not checked.

Requirements about stored data need a path that gives back what was written to
it; name one with --path. Exit codes are those of 'plugproof run'.`

const checkExample = `  plugproof check ./my-plugin
  plugproof check --path config --body '{"region": "eu"}' ./my-plugin
  plugproof check --env REGION=eu --target mock:vault-1.14 ./my-plugin`

// CheckCommand is 'plugproof check'.
func CheckCommand() *cobra.Command {
	var config checkConfig
	command := &cobra.Command{
		Use: "check PLUGIN", Short: "Check a plugin binary",
		Long: checkLong, Example: checkExample,
		Args: cobra.ExactArgs(1), SilenceUsage: true, SilenceErrors: true,
		RunE: func(command *cobra.Command, args []string) error {
			config.plugin = args[0]
			ctx, stop := signal.NotifyContext(command.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			progress := NewProgress(os.Stderr)
			result, err := check(ctx, config, progress)
			return conclude(command, progress, result, err)
		},
	}
	flags := command.Flags()
	flags.StringVar(&config.target, "target", "mock", "server to check it on: mock[:DIALECT] or binary:PATH")
	flags.StringVar(&config.kind, "type", "", "secret or auth; it is found out otherwise")
	flags.StringArrayVar(&config.env, "env", nil, "`NAME=value` that the plugin needs in its environment; may stand more than once")
	flags.StringVar(&config.samplePath, "path", "", "`PATH` below the mount that gives back what was written to it")
	flags.StringVar(&config.sampleBody, "body", `{"value": "plugproof"}`, "what is written to --path, as `JSON`")
	flags.StringSliceVar(&config.only, "only", nil, "only these requirements: PLG-001")
	flags.StringSliceVar(&config.level, "level", nil, "only these levels: must,should,may")
	flags.IntVar(&config.workers, "concurrency", 2, "scenarios side by side")
	return command
}

// check carries out the features about plugins for one binary.
func check(ctx context.Context, config checkConfig, progress *Progress) (_ report.Run, err error) {
	path, err := executable(config.plugin)
	if err != nil {
		return report.Run{}, err
	}
	if config.samplePath != "" && !isObject(config.sampleBody) {
		return report.Run{}, &configError{fmt.Errorf("--body %q is no JSON object", config.sampleBody)}
	}
	about, err := fs.Sub(features.Plugin, "plugin")
	if err != nil {
		return report.Run{}, fmt.Errorf("read the features: %w", err)
	}
	all, err := steps.Requirements(about)
	if err != nil {
		return report.Run{}, fmt.Errorf("read the features: %w", err)
	}
	chosen, err := choose(all, config.only, nil, config.level, "")
	if err != nil {
		return report.Run{}, err
	}
	target, err := targets.Parse(config.target, targets.Options{})
	if err != nil {
		return report.Run{}, err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		err = errors.Join(err, target.Close(closing))
	}()
	identity, err := steps.Ask(ctx, target)
	if err != nil {
		return report.Run{}, err
	}
	kind := config.kind
	if kind == "" {
		progress.say("finding out what %s is", config.plugin)
		if kind, err = kindOf(ctx, target, path, config.env); err != nil {
			return report.Run{}, err
		}
	}
	if kind != "secret" && kind != "auth" {
		return report.Run{}, &configError{fmt.Errorf("--type %q: there are secret and auth", kind)}
	}
	return execute(ctx, Config{Concurrency: max(1, config.workers)}, chosen, nil, steps.Config{
		Features: about, Target: target, Plugins: map[string]string{"my-plugin": path},
		CommandLine: steps.OwnCommandLine{}, Identity: identity,
		Subject: &steps.Subject{Type: kind, Env: config.env, SamplePath: config.samplePath, SampleBody: config.sampleBody},
	}, progress)
}

func isObject(text string) bool {
	var object map[string]any
	return json.Unmarshal([]byte(text), &object) == nil && object != nil
}

// executable finds the binary and says what is wrong with it before a server
// would say it in other words.
func executable(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	info, err := os.Stat(absolute)
	switch {
	case err != nil:
		return "", &configError{fmt.Errorf("%w; build the plugin first: go build -o %s ./cmd/…", err, path)}
	case !info.Mode().IsRegular():
		return "", &configError{fmt.Errorf("%s is no file; name the plugin's binary", path)}
	case info.Mode()&0o111 == 0:
		return "", &configError{fmt.Errorf("%s is not executable: chmod +x %s", path, path)}
	}
	return absolute, nil
}

// kindOf tries the plugin as a secrets engine and as an auth method. A server
// accepts it as one of them; both refusals are told if it accepts neither.
func kindOf(ctx context.Context, target steps.Target, path string, env []string) (string, error) {
	var refusals []string
	for _, kind := range []string{"secret", "auth"} {
		refusal, err := steps.TryAs(ctx, target, steps.Subject{Type: kind, Env: env}, path)
		if err != nil {
			return "", err
		}
		if refusal == "" {
			return kind, nil
		}
		// Mostly it does not start at all, which need not be said twice.
		first, _, _ := strings.Cut(refusal, "\n")
		if len(refusals) == 0 || !strings.HasPrefix(refusals[0], "as secret: "+first) {
			refusals = append(refusals, fmt.Sprintf("as %s: %s", kind, strings.TrimSpace(refusal)))
		}
	}
	return "", &notAPluginError{path: path, refusals: refusals}
}

// notAPluginError is a plugin that no server can mount: it does not conform.
type notAPluginError struct {
	path     string
	refusals []string
}

func (e *notAPluginError) Error() string {
	return fmt.Sprintf("%s can't be mounted as a secrets engine or as an auth method.\n  %s\nServe the backend with plugin.ServeMultiplex of vault/sdk, print nothing to stdout before, build it for this system, and give what it needs to start with --env.",
		e.path, strings.ReplaceAll(strings.Join(e.refusals, "\n"), "\n", "\n  "))
}
