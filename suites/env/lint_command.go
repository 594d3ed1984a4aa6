// SPDX-License-Identifier: MPL-2.0

package env

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"

	"github.com/hashicorp/vault/api"
	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/lint"
)

// lintFlags is what `env lint` is asked.
type lintFlags struct {
	// One of these five tells the server's environment. A pid of 0 is none: no
	// process that can be read has it.
	pid           int
	envFile       string
	systemdUnit   string
	dockerInspect string
	kubernetes    string
	// container chooses among the containers of the manifest.
	container string
	// These tell what is registered; all of them together count.
	plugins       []string
	registrations string
	addr          string
	format        string
}

func lintCommand() *cobra.Command {
	var f lintFlags
	cmd := &cobra.Command{
		Use:   "lint",
		Short: "Find conflicts between a server's environment and what plugins register",
		Long: `Find, before an upgrade, where the environment of a server and the env that
plugins are registered with get into each other's way: what the server itself
would warn about with VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING on, and what it does
not see. No value of the server's environment is printed but the opt-out and the
hosts that a replaced NO_PROXY loses.

The server's environment comes from one of --pid, --env-file, --systemd-unit,
--docker-inspect and --kubernetes; a file named - is standard input.
Registrations come from --plugin, from --registrations, or from the catalog of
the server at --addr (token and TLS as for the vault command: VAULT_TOKEN,
VAULT_CACERT …). No server discloses registered env, so give a file of names
with --registrations beside --addr:

  plugins:
    - type: secret
      name: mine
      env: [REGION=eu, HTTP_PROXY=eu:3128]   # or a mapping
    - type: auth
      name: jwt-eu
      env_names: [HTTP_PROXY]                # values not to be written down

What such a file has beside --addr is checked whether the server's catalog has
it or not.

Exit code 1 when there are findings of level conflict, 2 on bad input, 3 when
the server at --addr did not answer or the report could not be written. Warnings
and infos alone exit with 0.`,
		Example: `  plugproof env lint --pid "$(pidof vault)" --registrations plugins.yaml
  plugproof env lint --systemd-unit /lib/systemd/system/vault.service --plugin secret/mine:HTTP_PROXY=eu:3128
  docker inspect vault | plugproof env lint --docker-inspect - --registrations plugins.yaml
  kubectl get statefulset vault -o yaml | plugproof env lint --kubernetes - --registrations plugins.yaml --format json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runLint(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), f)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.pid, "pid", 0, "read the environment of the running `process`")
	flags.StringVar(&f.envFile, "env-file", "", "read NAME=value lines, as systemd's EnvironmentFile=")
	flags.StringVar(&f.systemdUnit, "systemd-unit", "", "read a systemd service unit `file`, with its drop-ins and EnvironmentFile=")
	flags.StringVar(&f.dockerInspect, "docker-inspect", "", "read the `file` that docker or podman inspect printed")
	flags.StringVar(&f.kubernetes, "kubernetes", "", "read a manifest `file`: Pod, Deployment, StatefulSet …")
	flags.StringVar(&f.container, "container", "", "`name` of the server's container in the manifest")
	flags.StringArrayVar(&f.plugins, "plugin", nil, "`TYPE/NAME[@VERSION]:VARIABLE=value` registered for a plugin (repeatable)")
	flags.StringVar(&f.registrations, "registrations", "", "`file` of registrations, YAML or JSON")
	flags.StringVar(&f.addr, "addr", "", "take the list of plugins from the server at this `URL`")
	flags.StringVar(&f.format, "format", "table", "table or json")
	return cmd
}

// noArguments refuses arguments by our own exit code, and thereby subcommands
// that don't exist, which cobra would take for arguments of the parent.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments, got %q; see --help", cmd.CommandPath(), args[0])
	}
	return nil
}

// runLint prints the report before it decides about the exit code, so that a
// failing pipeline shows why it failed.
func runLint(ctx context.Context, stdin io.Reader, out io.Writer, f lintFlags) error {
	if err := checkFormat(f.format, "table", "json"); err != nil {
		return err
	}
	if f.container != "" && f.kubernetes == "" {
		return usagef("--container chooses among the containers of a manifest: give it with --kubernetes")
	}
	in := &inputs{stdin: stdin}
	// Every source that can't be read is the user's to correct, hence code 2; the
	// server at --addr is not.
	host, err := readHost(in, f)
	if err != nil {
		return usage(err)
	}
	// Without plugins nothing is checked, which must not look like a clean bill.
	if len(f.plugins) == 0 && f.registrations == "" && f.addr == "" {
		return usagef("no plugin was given, so there is nothing to check: give --plugin, --registrations or --addr")
	}
	catalog, stale, err := readRegistrations(ctx, in, f)
	if errors.Is(err, lint.ErrServer) {
		return &exitError{code: codeTarget, err: fmt.Errorf("%w\nCheck --addr, VAULT_TOKEN (it needs sudo on sys/plugins/catalog) and VAULT_CACERT", err)}
	}
	if err != nil {
		return usage(err)
	}
	// A plugin that the server doesn't have yet conflicts as soon as it does.
	report := lint.Check(host, slices.Concat(catalog, stale))
	for _, r := range stale {
		report.Notes = append(report.Notes, fmt.Sprintf("%s is not in the server's catalog; it was checked as if it were.", r))
	}
	if report.Plugins == 0 {
		report.Notes = append(report.Notes, "The server's catalog has no plugin but those built in, so there was none to check.")
	}
	if f.format == "json" {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		err = enc.Encode(report)
	} else {
		err = writeReport(out, report)
	}
	if err != nil {
		return unwritten(err)
	}
	// Warnings and infos alone don't fail: many of them can't be acted upon, as
	// a token that the server needs in its environment.
	if n := report.Count(lint.Conflict); n > 0 {
		return errFound(fmt.Sprintf("conflicts: %d", n))
	}
	return nil
}

// inputs opens the files that flags name; only one of them can be standard
// input.
type inputs struct {
	stdin io.Reader
	taken string
}

// open opens a file, or takes standard input for the flag. The caller closes it.
func (in *inputs) open(flag, path string) (io.ReadCloser, error) {
	if path == "-" {
		if in.taken != "" {
			return nil, fmt.Errorf("%w: both %s and %s want standard input", hostenv.ErrInput, in.taken, flag)
		}
		in.taken = flag
		return io.NopCloser(in.stdin), nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return file, nil
}

// readHost reads the one source that was named.
func readHost(in *inputs, f lintFlags) (hostenv.Environment, error) {
	// All sources but a process are files, which differ only in their reader.
	type reader struct {
		flag, path string
		read       func(source string, r io.Reader) (hostenv.Environment, error)
	}
	var chosen []reader
	for _, r := range []reader{
		{"--env-file", f.envFile, hostenv.EnvFile},
		{"--systemd-unit", f.systemdUnit, func(_ string, r io.Reader) (hostenv.Environment, error) {
			// Without a path there is no place to look for drop-ins.
			path := f.systemdUnit
			if path == "-" {
				path = ""
			}
			return hostenv.SystemdUnit(path, r)
		}},
		{"--docker-inspect", f.dockerInspect, hostenv.DockerInspect},
		{"--kubernetes", f.kubernetes, func(source string, r io.Reader) (hostenv.Environment, error) {
			return hostenv.Kubernetes(source, r, f.container)
		}},
	} {
		if r.path != "" {
			chosen = append(chosen, r)
		}
	}
	if f.pid != 0 && len(chosen) == 0 {
		return hostenv.Process(f.pid)
	}
	if len(chosen) != 1 || f.pid != 0 {
		return hostenv.Environment{}, fmt.Errorf("%w: name one source of the server's environment: --pid, --env-file, --systemd-unit, --docker-inspect or --kubernetes", hostenv.ErrInput)
	}
	file, err := in.open(chosen[0].flag, chosen[0].path)
	if err != nil {
		return hostenv.Environment{}, err
	}
	defer file.Close()
	source := chosen[0].path
	if source == "-" {
		source = "standard input"
	}
	return chosen[0].read(source, file)
}

// readRegistrations collects what the flags say. With --addr all are the plugins
// of the catalog, with their env as far as the rest tells it; stale is then the
// rest that the catalog doesn't know.
func readRegistrations(ctx context.Context, in *inputs, f lintFlags) (all, stale []lint.Registration, err error) {
	all, err = lint.ParsePlugins(f.plugins)
	if err != nil {
		return nil, nil, err
	}
	if f.registrations != "" {
		file, err := in.open("--registrations", f.registrations)
		if err != nil {
			return nil, nil, err
		}
		defer file.Close()
		more, err := lint.ReadRegistrations(f.registrations, file)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, more...)
	}
	if f.addr == "" {
		return all, nil, nil
	}
	// The user's own settings for the vault command apply: token, namespace, TLS.
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, nil, fmt.Errorf("the environment's settings for reaching a server: %w", config.Error)
	}
	// The flag is stronger than VAULT_ADDR.
	config.Address = f.addr
	client, err := api.NewClient(config)
	// A URL may hold a password, so it is not quoted.
	if wrong := new(url.Error); errors.As(err, &wrong) {
		err = fmt.Errorf("it is no URL: %w", wrong.Err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("--addr: %w", err)
	}
	catalog, err := lint.ReadCatalog(ctx, client)
	if err != nil {
		return nil, nil, err
	}
	all, stale = lint.Join(catalog, all)
	return all, stale, nil
}
