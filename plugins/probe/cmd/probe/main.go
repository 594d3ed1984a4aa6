// SPDX-License-Identifier: MPL-2.0

// Command probe serves the probe as a Vault plugin. It is started by the server,
// and configured by variables of its environment:
//
//	PROBE_TYPE     secret (default) or auth
//	PROBE_SERVE    multiplex (default), automtls or wrapped; transactions serves the
//	               secrets engine that uses OpenBao's storage of plugins instead
//	PROBE_VERSION  the version that it reports
//	PROBE_FAULT    exit-at-start, hang-at-start, garbage-handshake or fail-setup
package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/plugin"

	"github.com/plugproof/plugproof/plugins/probe"
	"github.com/plugproof/plugproof/plugins/probe/transactions"
)

func main() {
	config := probe.Config{Version: os.Getenv("PROBE_VERSION"), Exit: os.Exit}

	switch kind := os.Getenv("PROBE_TYPE"); kind {
	case "", "secret":
	case "auth":
		config.Auth = true
	default:
		log.Fatalf("PROBE_TYPE is %q: use secret or auth", kind)
	}

	switch fault := os.Getenv("PROBE_FAULT"); fault {
	case "":
	case "fail-setup":
		config.FailSetup = true
	case "exit-at-start":
		os.Exit(1)
	case "hang-at-start":
		hang()
		return
	case "garbage-handshake":
		fmt.Println("this is not a handshake")
		os.Exit(1)
	default:
		log.Fatalf("PROBE_FAULT is %q: use exit-at-start, hang-at-start, garbage-handshake or fail-setup", fault)
	}

	if err := serve(os.Getenv("PROBE_SERVE"), config); err != nil {
		log.Fatalln(err)
	}
}

// serve serves the probe in one of the ways that plugins have been served.
func serve(how string, config probe.Config) error {
	opts := &plugin.ServeOpts{BackendFactoryFunc: probe.NewFactory(config)}
	switch how {
	case "", "multiplex":
		return plugin.ServeMultiplex(opts)
	case "automtls":
		return plugin.Serve(opts)
	case "wrapped":
		// What plugins did before AutoMTLS. Arguments other than the client's
		// flags are allowed: the path "process" returns them.
		meta := &api.PluginAPIClientMeta{}
		flags := meta.FlagSet()
		flags.SetOutput(io.Discard)
		_ = flags.Parse(os.Args[1:])
		opts.TLSProviderFunc = api.VaultPluginTLSProvider(meta.GetTLSConfig())
		return plugin.Serve(opts)
	case "transactions":
		transactions.Serve(config.Exit)
		return nil
	default:
		return fmt.Errorf("PROBE_SERVE is %q: use multiplex, automtls, wrapped or transactions", how)
	}
}

// hang writes no handshake and returns when the process is terminated.
func hang() {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	<-terminated
}
