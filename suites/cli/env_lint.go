// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/hashicorp/vault/api"
	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/env/lint"
	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/targets"
)

// lintFlags is what `env lint` is asked.
type lintFlags struct {
	envSources
	// These tell what is registered; all of them together count.
	plugins       []string
	registrations string
	addr          string
	// requireAll fails a report that could not see everything.
	requireAll bool
	document
}

func lintCommand() *cobra.Command {
	var f lintFlags
	cmd := &cobra.Command{
		Use:   "lint [FILE...]",
		Short: "Find conflicts between a server's environment and what plugins register",
		Long: `Find, before an upgrade, where the environment of a server and the env that
plugins are registered with get into each other's way: what the server itself
would warn about with VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING on, and what it does
not see. No value of the server's environment is printed but the opt-out and the
hosts that a replaced NO_PROXY loses.

The server's environment comes from FILEs of any kind, each read by the rules of
the program that applies it: systemd units (with all their drop-ins and
EnvironmentFile=, below --root), the output of systemctl cat, docker inspect,
podman inspect and kubectl get -o yaml, Compose files, rendered charts and other
Kubernetes objects, values of the charts vault-helm and openbao-helm, Nomad jobs,
environment.d, /proc/PID/environ, files for --env-file. What a file is
is found out by looking at it; the flags below say it where that is not wanted.
Several are joined in the order in which they apply. A file named - is standard
input. What was read is listed, and what could not be seen is named.

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
and infos alone exit with 0, and so does a report that could not see everything,
unless --require-all makes that fail.`,
		Example: `  plugproof env lint --pid "$(pidof vault)" --registrations plugins.yaml
  plugproof env lint /usr/lib/systemd/system/vault.service --plugin secret/mine:HTTP_PROXY=eu:3128
  docker inspect vault | plugproof env lint - --registrations plugins.yaml
  kubectl get statefulset vault -o yaml | plugproof env lint - --registrations plugins.yaml --format json`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, files []string) error {
			return runLint(cmd, f, files)
		},
	}
	flags := cmd.Flags()
	f.envSources.addFlags(flags)
	flags.BoolVar(&f.requireAll, "require-all", false, "fail where variables may be set that could not be seen, or the env of a plugin is not known")
	flags.StringArrayVar(&f.plugins, "plugin", nil, "`TYPE/NAME[@VERSION]:VARIABLE=value` registered for a plugin (repeatable)")
	flags.StringVar(&f.registrations, "registrations", "", "`file` of registrations, YAML or JSON")
	flags.StringVar(&f.addr, "addr", "", "take the list of plugins from the server at this `URL`")
	f.document.addFlags(flags, lint.Formats()...)
	return cmd
}

// runLint prints the report before it decides about the exit code, so that a
// failing pipeline shows why it failed.
func runLint(cmd *cobra.Command, f lintFlags, files []string) error {
	in := &inputs{stdin: cmd.InOrStdin()}
	// Every source that can't be read is the user's to correct, hence code 2; the
	// server at --addr is not.
	host, err := f.read(cmd.Context(), in, files)
	if err != nil {
		return usage.Wrap(err)
	}
	// Without plugins nothing is checked, which must not look like a clean bill.
	if len(f.plugins) == 0 && f.registrations == "" && f.addr == "" {
		return usage.Errorf("no plugin was given, so there is nothing to check: give --plugin, --registrations or --addr")
	}
	catalog, stale, err := readRegistrations(cmd.Context(), in, f)
	if errors.Is(err, lint.ErrServer) {
		return unreachable(f.addr, err)
	}
	if err != nil {
		return usage.Wrap(err)
	}
	// A plugin that the server doesn't have yet conflicts as soon as it does.
	report := lint.Check(host, slices.Concat(catalog, stale))
	for _, r := range stale {
		report.Notes = append(report.Notes, fmt.Sprintf("%s is not in the server's catalog; it was checked as if it were.", r))
	}
	if report.Plugins == 0 {
		report.Notes = append(report.Notes, "The server's catalog has no plugin but those built in, so there was none to check.")
	}
	if err := f.write(cmd, func(w io.Writer) error { return lint.Write(w, f.format, report) }); err != nil {
		return err
	}
	// Warnings and infos alone don't fail: many of them can't be acted upon, as
	// a token that the server needs in its environment.
	if n := report.Count(lint.Conflict); n > 0 {
		return found("conflicts: %d", n)
	}
	if f.requireAll && !report.Whole() {
		return found("incomplete: not all of the server's environment and of the plugins' env could be seen")
	}
	return nil
}

// unreachable says why the server at --addr did not answer with its catalog.
func unreachable(addr string, err error) error {
	answered, status := new(api.ResponseError), 0
	if errors.As(err, &answered) {
		status = answered.StatusCode
	}
	base, parsing := url.Parse(addr)
	if parsing != nil || answered.StatusCode >= http.StatusInternalServerError {
		return err
	}
	base.User = nil // it may have a password
	name := "--addr " + base.String()
	if status == http.StatusForbidden {
		return &targets.Error{
			Target: name, Kind: targets.ErrTokenRefused, Problem: "the server refuses its catalog to the token in VAULT_TOKEN (403)",
			Remedy: "set VAULT_TOKEN to a token with sudo on sys/plugins/catalog, and VAULT_NAMESPACE to its namespace if it has one",
		}
	}
	return targets.Unreachable(name, base, status, err)
}

// readRegistrations collects what the flags say. With --addr all are the plugins
// of the catalog, with their env as far as the rest says it; stale is then the
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
	if base, err := url.Parse(f.addr); err == nil && (base.Host == "" && base.Path == "" || !slices.Contains([]string{"http", "https", "unix"}, base.Scheme)) {
		// It may hold a password, so it is not quoted.
		return nil, nil, errors.New("--addr: it is not the address of a server: name it as https://vault.example.com:8200")
	}
	// The user's own settings for the vault command apply: token, namespace, TLS.
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, nil, fmt.Errorf("the environment's settings for reaching a server: %w", config.Error)
	}
	// The flag is stronger than VAULT_ADDR.
	config.Address = f.addr
	if base, err := url.Parse(f.addr); err == nil {
		config.HttpClient.Transport = steps.OneServer(config.HttpClient.Transport, base)
	}
	client, err := api.NewClient(config)
	// A URL may hold a password, so it is not quoted.
	if wrong := new(url.Error); errors.As(err, &wrong) {
		err = fmt.Errorf("it is not a URL: %w", wrong.Err)
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
