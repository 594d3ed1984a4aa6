// SPDX-License-Identifier: MPL-2.0

// Package serve is the mock server as a process of its own: the command
// `plugproof serve`, and plugproof-serve, which is that command alone.
package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/fault"
	"github.com/plugproof/plugproof/mockserver/trace"
	"github.com/plugproof/plugproof/suites/internal/handover"
	"github.com/plugproof/plugproof/suites/internal/serverconfig"
	"github.com/plugproof/plugproof/suites/internal/tracefile"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

// graceTime is how long requests may still take when the server is told to end:
// shorter than what container engines wait before they kill.
const graceTime = 5 * time.Second

// stopSignals returns the signals that stop the server: SIGHUP too where it does not read
// a server's configuration again, and nohup has not had it ignored.
func (f flags) stopSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if f.server == nil && !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// flags are what the user chose.
type flags struct {
	listen, pluginDir, apiAddr, rootToken, dialect string
	logLevel, logFormat, tlsCert, tlsKey, dataDir  string
	pluginKey                                      string
	registerAll, noAPIAddr                         bool
	faults                                         []string
	faultSeed                                      uint64
	admin                                          string
	startTimeout                                   time.Duration
	configs                                        []string
	// changed reports whether the user set a flag.
	changed func(flag string) bool
	// server is what the server's own configuration files say; nil for none.
	server *serverconfig.Config
	// listener is that of server which the mock listens as.
	listener serverconfig.Listener
	traces   tracefile.Files
}

// Command returns the command `serve` of a program. Wrong usage is a
// *usage.Error; with other errors the server failed.
func Command() *cobra.Command { return command("serve", "plugproof serve") }

// Main is the program plugproof-serve; args are those of the process, with its name. It
// returns the exit code, as package cli assigns them: 2 for wrong usage, 3 for a server
// that failed. Where `plugproof serve` became this program it answers in that name, and
// leaves telling what is wrong with the command line to plugproof.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	name, rest := "plugproof-serve", args[1:]
	given, ok := handed(args)
	if ok {
		name, rest = "plugproof", given
	}
	command := command(name, name)
	command.SilenceUsage, command.SilenceErrors = true, true
	command.SetArgs(rest)
	command.SetOut(stdout)
	command.SetErr(stderr)
	begun := false
	command.PreRun = func(*cobra.Command, []string) { begun = true }
	err := command.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if ok && !begun {
		handover.Return(args)
	}
	// Nothing can be done about a stderr that is gone.
	_, _ = fmt.Fprintln(stderr, name+": "+err.Error())
	if !begun || errors.As(err, new(*usage.Error)) {
		return 2
	}
	return 3
}

// command makes the command of that name; typed is how users call it.
func command(name, typed string) *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   name,
		Short: "Run the mock server",
		Long: `Run a server that behaves like a named version of Vault or OpenBao in
everything that concerns plugins: it speaks Vault's HTTP API and starts real
plugin processes. It is unsealed from the start, like a development server.

It listens on the loopback interface unless told otherwise, and prints its
address and root token when it is ready. SIGINT and SIGTERM end it and every
plugin process; requests under way have five seconds to finish, unless the
signal comes twice. With --config, SIGHUP makes it read the plugins that the
configuration declares again.`,
		Example: `  # A server like the newest Vault, with the plugins of a directory registered
  ` + typed + ` --plugin-dir ./bin --register-all

  # Vault 1.15, whose own environment wins over a plugin's, on a fixed port
  ` + typed + ` --dialect vault-1.15 --listen 127.0.0.1:8200 --root-token root

  # State that survives a restart and a kill
  ` + typed + ` --plugin-dir ./bin --data-dir ./state

  # What went between the server and its plugins, written when it ends
  ` + typed + ` --plugin-dir ./bin --register-all --trace trace.txt

  # The configuration of a server: the plugins that it declares, its plugin directory,
  # listener and storage
  ` + typed + ` --dialect openbao-2.6 --config openbao.hcl --root-token root`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.noAPIAddr = cmd.Flags().Changed("api-addr") && f.apiAddr == ""
			if err := f.readConfigs(cmd.Flags().Changed); err != nil {
				return usage.Wrap(err)
			}
			return run(cmd.Context(), f, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	p := cmd.Flags()
	p.StringArrayVar(&f.configs, "config", nil, "configuration `FILE` of Vault or OpenBao, in HCL or JSON, or a directory of them; may stand more than once.\nFlags win over it. A file *.yaml is plugproof's own configuration, as with other commands")
	p.StringVar(&f.listen, "listen", "127.0.0.1:8200", "address to listen on, as HOST:PORT; port 0 takes a free one")
	p.StringVar(&f.pluginDir, "plugin-dir", "", "directory of the plugin binaries; without it nothing can be registered")
	p.StringVar(&f.pluginKey, "plugin-pgp-key", "", "`FILE` with the OpenPGP public key that extracted artifacts of plugins are signed with, for Vault 1.20 and later;\nwithout it none can be registered")
	p.StringVar(&f.apiAddr, "api-addr", "", "`URL` at which plugins reach the server; an empty one leaves it unset (default: the server's own address)")
	p.StringVar(&f.rootToken, "root-token", "", "the root token (default: a random one, which is printed); those of earlier starts with the same --data-dir stay valid")
	p.StringVar(&f.dialect, "dialect", dialect.Newest().Name, "the server version to behave like: "+strings.Join(dialect.Names(), ", "))
	p.BoolVar(&f.registerAll, "register-all", false, "register every binary of the plugin directory at start")
	p.StringVar(&f.logLevel, "log-level", "info", "what to log on standard error: trace, debug, info, warn, error or off")
	p.StringVar(&f.logFormat, "log-format", "standard", "how to log: standard or json")
	p.StringVar(&f.tlsCert, "tls-cert", "", "file with the certificate in PEM, to serve HTTPS")
	p.StringVar(&f.tlsKey, "tls-key", "", "file with the certificate's key in PEM")
	p.StringVar(&f.dataDir, "data-dir", "", "directory for the state (default: in memory)")
	p.StringArrayVar(&f.faults, "fault", nil, "let `NAME=VALUE` go wrong once the server has started; may stand more than once:\n"+strings.Join(fault.Help(), "\n"))
	p.Uint64Var(&f.faultSeed, "fault-seed", 1, "the seed by which faults that are shares happen")
	p.StringVar(&f.admin, "admin", "", "address on the loopback interface, as HOST:PORT, at which faults are changed and the clock is moved:\nPATCH /faults {\"storage-full\": true}, DELETE /faults, POST /clock {\"advance\": \"1h\"}")
	p.DurationVar(&f.startTimeout, "plugin-start-timeout", time.Minute, "how long a plugin may take to start")
	p.StringArrayVar(&f.traces.Given, "trace", nil, tracefile.Usage)
	return cmd
}

// run serves until it is told to stop.
func run(ctx context.Context, f flags, stdout, stderr io.Writer) error {
	logger, err := f.logger(stderr)
	if err != nil {
		return err
	}
	opts, err := f.options(logger)
	if err != nil {
		return err
	}
	if err := f.traces.Verify(); err != nil {
		return err
	}
	var recorder *trace.Recorder
	if f.traces.Wanted() {
		recorder = trace.NewRecorder(0)
		opts = append(opts, mockserver.WithTrace(recorder))
	}
	managed, err := f.manage()
	if err != nil {
		return err
	}
	defer managed.close()
	opts = append(opts, managed.options...)
	ctx, stop := signal.NotifyContext(ctx, f.stopSignals()...)
	defer stop()
	limitGarbage()
	if err := f.download(ctx, logger); err != nil {
		return err
	}
	s, err := mockserver.Start(ctx, opts...)
	if wrong := new(mockserver.OptionError); errors.As(err, &wrong) {
		return usage.Errorf("%w", err)
	}
	if err != nil {
		return unlistenable("--listen", err)
	}
	hangup := make(chan os.Signal, 1)
	if f.server != nil {
		signal.Notify(hangup, syscall.SIGHUP)
		defer signal.Stop(hangup)
	}
	announce(stdout, s, f)
	managed.announce(stdout)
	f.wait(ctx, hangup, s, logger, stdout)
	// A second signal doesn't wait for requests any more.
	hurry, stopHurry := signal.NotifyContext(context.WithoutCancel(ctx), f.stopSignals()...)
	defer stopHurry()
	grace, cancel := context.WithTimeout(hurry, graceTime)
	defer cancel()
	return errors.Join(s.Shutdown(grace), f.traces.Write(recorder))
}

// logger returns the logger that the flags ask for.
func (f flags) logger(stderr io.Writer) (hclog.Logger, error) {
	level := hclog.LevelFromString(f.logLevel)
	if level == hclog.NoLevel {
		return nil, usage.Errorf("--log-level %q: choose trace, debug, info, warn, error or off", f.logLevel)
	}
	if f.logFormat != "standard" && f.logFormat != "json" {
		return nil, usage.Errorf("--log-format %q: choose standard or json", f.logFormat)
	}
	return hclog.New(&hclog.LoggerOptions{Level: level, Output: stderr, JSONFormat: f.logFormat == "json"}), nil
}

// options turns the flags into the server's options.
func (f flags) options(logger hclog.Logger) ([]mockserver.Option, error) {
	d, err := dialect.Lookup(f.dialect)
	if err != nil {
		return nil, usage.Errorf("--dialect: %w", err)
	}
	if (f.tlsCert == "") != (f.tlsKey == "") {
		return nil, usage.Errorf("--tls-cert and --tls-key go together: give both or none")
	}
	if f.registerAll && f.pluginDir == "" {
		return nil, usage.Errorf("--register-all needs --plugin-dir")
	}
	if f.pluginKey != "" && !d.Catalog.Artifacts {
		return nil, usage.Errorf("--plugin-pgp-key: %s knows no artifacts: choose --dialect vault-1.20 or a later one", d.Name)
	}
	if f.pluginKey != "" && f.pluginDir == "" {
		return nil, usage.Errorf("--plugin-pgp-key has no effect: it needs --plugin-dir")
	}
	if f.changed("fault-seed") && len(f.faults) == 0 && f.admin == "" {
		return nil, usage.Errorf("--fault-seed has no effect: it needs --fault or --admin")
	}
	if f.startTimeout <= 0 {
		return nil, usage.Errorf("--plugin-start-timeout %s: give a positive duration", f.startTimeout)
	}
	d = f.listener.Limit(d)
	opts := []mockserver.Option{
		mockserver.WithListen(f.listen), mockserver.WithDialectData(d), mockserver.WithPluginDir(f.pluginDir), mockserver.WithPluginPGPKey(f.pluginKey),
		mockserver.WithRootToken(f.rootToken), mockserver.WithDataDir(f.dataDir), mockserver.WithStartTimeout(f.startTimeout),
		mockserver.WithLogger(logger),
	}
	if f.server != nil {
		opts = append(opts, declare(f.server, d, logger)...)
	}
	switch {
	case f.noAPIAddr:
		opts = append(opts, mockserver.WithoutAPIAddr())
	case f.apiAddr != "":
		opts = append(opts, mockserver.WithAPIAddr(f.apiAddr))
	}
	if f.tlsCert != "" {
		opts = append(opts, mockserver.WithTLS(f.tlsCert, f.tlsKey))
	}
	if f.registerAll {
		opts = append(opts, mockserver.WithRegisterAll())
	}
	return opts, nil
}

// announce prints where the server is. The token is only shown if the user
// couldn't know it.
func announce(w io.Writer, s *mockserver.Server, f flags) {
	fmt.Fprintf(w, "plugproof serves %s (%s %s)\n\n", s.Address(), s.Dialect().DisplayName, s.Dialect().Version)
	fmt.Fprintf(w, "  export VAULT_ADDR=%s\n", s.Address())
	if f.rootToken == "" {
		fmt.Fprintf(w, "  export VAULT_TOKEN=%s\n", s.RootToken())
	}
	if earlier := s.EarlierRootTokens(); len(earlier) > 0 {
		tokens := "A root token of an earlier start is still valid"
		if len(earlier) > 1 {
			tokens = fmt.Sprintf("%d root tokens of earlier starts are still valid", len(earlier))
		}
		fmt.Fprintf(w, "\n%s. To revoke, as root:\n", tokens)
		for _, accessor := range earlier {
			fmt.Fprintf(w, "  vault token revoke -accessor %s\n", accessor)
		}
	}
	switch registered := s.Registered(); {
	case len(registered) > 0:
		fmt.Fprintf(w, "\nRegistered: %s\n", strings.Join(registered, ", "))
	case f.registerAll:
		fmt.Fprintf(w, "\nRegistered: nothing, since there is no plugin in %s\n", f.pluginDir)
	}
	if f.pluginDir == "" {
		fmt.Fprint(w, "\nThere is no plugin directory: give --plugin-dir to register plugins.\n")
	}
	fmt.Fprintln(w)
}
