// SPDX-License-Identifier: MPL-2.0

package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/features"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/targets"
)

// checkConfig is what 'plugproof check' may be told.
type checkConfig struct {
	plugin string
	target string
	kind   string
	env    []string
	// samplePath is below the mount, without slashes at its ends.
	samplePath string
	sampleBody string
	only       []string
	level      []string
	workers    int
	// startTimeout bounds each start of the plugin before the scenarios.
	startTimeout time.Duration
}

const checkLong = `Check starts a plugin binary on the mock and tells whether it does what every
secrets engine and auth method must do: it registers, mounts, answers, keeps to
its mount, survives a reload and a kill, and leaves no process behind.

Which of the two it is, is found out. Database plugins speak a protocol of their
own and are not checked.

Requirements about stored data need a path that gives back what was written to
it; name one with --path, and with --body what it accepts. Exit codes are those of
'plugproof run'.`

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
			if command.Flags().Changed("path") {
				config.samplePath = strings.Trim(config.samplePath, "/")
				if !isPath(config.samplePath) {
					return asExit(&configError{errors.New("--path names a path below the plugin's mount: no empty one, and none with . or .. in it")})
				}
			}
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
	flags.DurationVar(&config.startTimeout, "plugin-start-timeout", 10*time.Second, "how long the plugin may take to start")
	return command
}

// check carries out the features about plugins for one binary.
func check(ctx context.Context, config checkConfig, progress *Progress) (_ report.Run, err error) {
	path, err := executable(config.plugin)
	if err != nil {
		return report.Run{}, err
	}
	if err := config.verify(); err != nil {
		return report.Run{}, &configError{err}
	}
	about, err := fs.Sub(features.Plugin, "plugin")
	if err != nil {
		return report.Run{}, fmt.Errorf("read the features: %w", err)
	}
	all, err := steps.Requirements(about)
	if err != nil {
		return report.Run{}, fmt.Errorf("read the features: %w", err)
	}
	if err := onlyOf(all, config.only); err != nil {
		return report.Run{}, &configError{err}
	}
	chosen, err := choose(all, config.only, nil, config.level, "")
	if err == nil {
		err = chosen.count(about)
	}
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
	progress.say("finding out what %s is", config.plugin)
	kind, err := kindOf(ctx, target, path, config)
	if err != nil {
		return report.Run{}, err
	}
	return execute(ctx, Config{Concurrency: config.workers}, chosen, nil, steps.Config{
		Features: about, Target: target, Plugins: map[string]string{steps.SubjectName: path},
		CommandLine: steps.OwnCommandLine{}, Identity: identity,
		Subject: &steps.Subject{Type: kind, Env: config.env, SamplePath: config.samplePath, SampleBody: config.sampleBody},
	}, progress)
}

// verify says what is wrong with the flags by themselves.
func (c checkConfig) verify() error {
	switch {
	case c.samplePath != "" && !isObject(c.sampleBody):
		return errors.New("--body is no JSON object")
	case c.kind != "" && c.kind != "secret" && c.kind != "auth":
		return fmt.Errorf("--type %q: there are secret and auth", c.kind)
	case c.workers < 1:
		return fmt.Errorf("--concurrency %d: at least one scenario must run at a time", c.workers)
	case c.startTimeout <= 0:
		return fmt.Errorf("--plugin-start-timeout %s: give a positive duration", c.startTimeout)
	}
	return nil
}

// isPath tells whether every element of a path names something.
func isPath(text string) bool {
	for element := range strings.SplitSeq(text, "/") {
		if element == "" || element == "." || element == ".." {
			return false
		}
	}
	return true
}

// onlyOf refuses identifiers that are not among the requirements about plugins;
// there are others, of servers.
func onlyOf(all []steps.Requirement, only []string) error {
	var ids []string
	for _, requirement := range all {
		ids = append(ids, requirement.ID)
	}
	slices.Sort(ids)
	for _, id := range only {
		if !slices.Contains(ids, id) {
			return fmt.Errorf("--only %s: check runs the requirements of plugins alone: %s", id, strings.Join(ids, ", "))
		}
	}
	return nil
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

// kindOf tries the plugin as a secrets engine and as an auth method, first as
// what the user says it is. A server accepts it as one of them; both refusals are
// told if it accepts neither.
func kindOf(ctx context.Context, target steps.Target, path string, config checkConfig) (string, error) {
	kinds := []string{"secret", "auth"}
	if config.kind == "auth" {
		slices.Reverse(kinds)
	}
	var refusals []string
	for _, kind := range kinds {
		refusal, err := try(ctx, target, kind, path, config)
		if err != nil {
			return "", err
		}
		if refusal == "" && config.kind != "" && kind != config.kind {
			names := map[string]string{"secret": "a secrets engine", "auth": "an auth method"}
			return "", &configError{fmt.Errorf("%s is %s: leave out --type, or give --type %s", config.plugin, names[kind], kind)}
		}
		if refusal == "" {
			return kind, nil
		}
		// Mostly it does not start at all, which need not be said twice.
		first, _, _ := strings.Cut(refusal, "\n")
		if len(refusals) == 0 || !strings.HasPrefix(refusals[0], "as "+kinds[0]+": "+first) {
			refusals = append(refusals, fmt.Sprintf("as %s: %s", kind, strings.TrimSpace(refusal)))
		}
	}
	if config.kind != "" {
		return config.kind, nil // the requirements tell what is wrong with it
	}
	return "", &notAPluginError{path: path, refusals: refusals}
}

// try registers and mounts the plugin as of a kind, on a server of its own, and
// gives what the server refused, which is empty if it did not. If the plugin is
// taken as what the user says it is, the sample is written too: scenarios build
// on it.
func try(ctx context.Context, target steps.Target, kind, path string, config checkConfig) (refusal string, err error) {
	server, err := target.Server(ctx, steps.Spec{Fresh: true})
	if err != nil {
		return "", fmt.Errorf("start the server: %w", err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		err = errors.Join(err, server.Close(closing))
	}()
	sum, err := server.Place(ctx, steps.SubjectName, path)
	if err != nil {
		return "", fmt.Errorf("bring %s into the plugin directory: %w", path, err)
	}
	table, at := (&steps.Subject{Type: kind}).Places()
	registration, err := json.Marshal(map[string]any{"command": steps.SubjectName, "sha256": sum, "env": config.env})
	if err != nil {
		return "", err
	}
	// Both start the plugin.
	for _, step := range [][2]string{
		{"sys/plugins/catalog/" + kind + "/" + steps.SubjectName, string(registration)},
		{table + "/p", `{"type": "` + steps.SubjectName + `"}`},
	} {
		_, refusal, err := post(ctx, server, config.startTimeout, step[0], step[1])
		if errors.Is(err, errNoAnswer) {
			return "", &notAPluginError{path: path, hung: config.startTimeout}
		}
		if refusal != "" || err != nil {
			return refusal, err
		}
	}
	if config.samplePath == "" || config.kind != "" && config.kind != kind {
		return "", nil
	}
	status, refusal, err := post(ctx, server, sampleTimeout, at+"p/"+config.samplePath, config.sampleBody)
	remedy := "Give a body it accepts with --body."
	if status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
		remedy = "Name a path that stores what is written to it with --path."
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("write to --path %s: %w", config.samplePath, err)
	case refusal != "":
		return "", &configError{fmt.Errorf("the plugin refuses what is written to --path %s, with status %d: %s\n%s", config.samplePath, status, refusal, remedy)}
	}
	return "", nil
}

// sampleTimeout bounds writing the sample.
const sampleTimeout = 30 * time.Second

// errNoAnswer marks a request whose answer did not come in its time.
var errNoAnswer = errors.New("no answer in time")

// post is steps.Post within a limit of time.
func post(ctx context.Context, server steps.Server, limit time.Duration, path, body string) (status int, refusal string, err error) {
	bounded, cancel := context.WithTimeoutCause(ctx, limit, errNoAnswer)
	defer cancel()
	status, refusal, err = steps.Post(bounded, server, path, body)
	if err != nil && errors.Is(context.Cause(bounded), errNoAnswer) {
		err = fmt.Errorf("%w, within %s: %w", errNoAnswer, limit, err)
	}
	return status, refusal, err
}

// notAPluginError is a plugin that no server can mount: it does not conform.
type notAPluginError struct {
	path     string
	refusals []string
	// hung is how long it was waited for, if it did not come to serve.
	hung time.Duration
}

func (e *notAPluginError) Error() string {
	if e.hung > 0 {
		return fmt.Sprintf("%s hangs at its start: it did not serve within %s.\nCall plugin.ServeMultiplex of vault/sdk before anything that waits, be it for the network, a file or stdin, and give what it needs to start with --env. If it is only slow, give it longer with --plugin-start-timeout.", e.path, e.hung)
	}
	return fmt.Sprintf("%s can't be mounted as a secrets engine or as an auth method.\n  %s\nServe the backend with plugin.ServeMultiplex of vault/sdk, wait for nothing and print nothing to stdout before, build it for this system, and give what it needs to start with --env.",
		e.path, strings.ReplaceAll(strings.Join(e.refusals, "\n"), "\n", "\n  "))
}
