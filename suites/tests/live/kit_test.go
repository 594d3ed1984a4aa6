// SPDX-License-Identifier: MPL-2.0

// Package live_test holds Ginkgo suites which drive a server by
// the parts that Gherkin is poor at, many things at once and things that go
// wrong under load. PLUGPROOF_TARGET chooses the target in the words of
// 'plugproof run --target'; without it they run against the mock.
package live_test

import (
	"context"
	"fmt"
	"net/http"
	"os"

	vault "github.com/hashicorp/vault/api"
	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/build"
	"github.com/plugproof/plugproof/suites/internal/progress"
	"github.com/plugproof/plugproof/suites/targets"
)

// Kit is what a suite's specs share. Its methods may be used by several
// goroutines.
type Kit struct {
	Target steps.Target
	// Identity is what the target's servers say they are.
	Identity steps.Identity
	probe    string // path of the built plugin
}

// Open prepares a suite's target and plugin and closes them after the suite. It
// is called in BeforeSuite.
func Open(ctx context.Context) *Kit {
	name := os.Getenv("PLUGPROOF_TARGET")
	if name == "" {
		name = "mock"
	}
	target, err := targets.Parse(name, targets.Options{
		PluginDir:  os.Getenv("PLUGPROOF_PLUGIN_DIR"),
		ThisServer: os.Getenv("PLUGPROOF_YES_THIS_SERVER") == "true",
	})
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	ginkgo.DeferCleanup(func(ctx context.Context) error { return target.Close(ctx) })
	options := build.Options{Names: []string{"probe"}, Stage: progress.NewLog(ginkgo.GinkgoWriter).Stage}
	options.GOOS, options.GOARCH, err = steps.Platform(target)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	plugins, err := build.Plugins(ctx, options)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	identity, err := steps.Identify(ctx, target)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	return &Kit{Target: target, Identity: identity, probe: plugins["probe"]}
}

// Needs skips the spec, with the reason, where the target lacks something.
func (k *Kit) Needs(capabilities ...steps.Capability) {
	ginkgo.GinkgoHelper()
	for _, capability := range capabilities {
		if why := k.Target.Unsupported(capability); why != "" {
			ginkgo.Skip(fmt.Sprintf("%s lacks %s: %s", k.Target.Name(), capability, why))
		}
	}
}

// Session is a server with the probe in its plugin directory and a client with
// all rights. Its methods may be used by several goroutines.
type Session struct {
	steps.Server
	Client *vault.Client
	sum    string
}

// Server gives the spec a server, and gives it back after the spec with the
// server's log in the report if the spec failed.
func (k *Kit) Server(ctx context.Context, spec steps.Spec) *Session {
	ginkgo.GinkgoHelper()
	server, err := k.Target.Server(ctx, spec)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	ginkgo.DeferCleanup(func(ctx context.Context) error {
		if ginkgo.CurrentSpecReport().Failed() {
			if logs, err := steps.ServerLog(ctx, server); err == nil {
				ginkgo.AddReportEntry("server log", ginkgo.ReportEntryVisibilityFailureOrVerbose, logs)
			}
		}
		return server.Close(ctx)
	})
	s := &Session{Server: server}
	s.Connect()
	s.sum, err = steps.PlacePlugin(ctx, server, "probe", k.probe)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	return s
}

// Connect makes the client, again after the server's address has changed.
func (s *Session) Connect() {
	ginkgo.GinkgoHelper()
	config := vault.DefaultConfig()
	gomega.Expect(config.Error).NotTo(gomega.HaveOccurred())
	config.Address = s.Address()
	// What fails must be seen to fail.
	config.MaxRetries = 0
	if own, ok := steps.OwnHTTPClient(s.Server); ok {
		config.HttpClient = own
	} else {
		config.HttpClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 200}}
	}
	client, err := vault.NewClient(config)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	client.SetToken(s.Token())
	s.Client = client
}

// Register registers the probe as a secrets engine under name.
func (s *Session) Register(ctx context.Context, name string, env ...string) error {
	// RegisterPluginDetailed requires a response, which older servers do not send.
	return s.Client.Sys().RegisterPluginWithContext(ctx, &vault.RegisterPluginInput{
		Name: name, Type: vault.PluginTypeSecrets, Command: "probe", SHA256: s.sum, Env: env,
	})
}

// Deregister removes a registration.
func (s *Session) Deregister(ctx context.Context, name string) error {
	return s.Client.Sys().DeregisterPluginWithContext(ctx, &vault.DeregisterPluginInput{Name: name, Type: vault.PluginTypeSecrets})
}

// Mount mounts the plugin of that name.
func (s *Session) Mount(ctx context.Context, path, name string) error {
	return s.Client.Sys().MountWithContext(ctx, path, &vault.MountInput{Type: name})
}

// Unmount removes a mount.
func (s *Session) Unmount(ctx context.Context, path string) error {
	return s.Client.Sys().UnmountWithContext(ctx, path)
}

// Reload reloads the plugin of that name everywhere.
func (s *Session) Reload(ctx context.Context, name string) error {
	_, err := s.Client.Sys().ReloadPluginWithContext(ctx, &vault.ReloadPluginInput{Plugin: name})
	return err
}

// Field reads one field at a path below a mount.
func (s *Session) Field(ctx context.Context, path, field string) (any, error) {
	secret, err := s.Client.Logical().ReadWithContext(ctx, path)
	if err != nil {
		return nil, err
	}
	if secret == nil {
		return nil, fmt.Errorf("%s: nothing there", path)
	}
	return secret.Data[field], nil
}

// Env reads a variable of the plugin process behind a mount; nil is unset.
func (s *Session) Env(ctx context.Context, mount, name string) (any, error) {
	secret, err := s.Client.Logical().ReadWithContext(ctx, mount+"/env/"+name)
	if err != nil {
		return nil, err
	}
	if set, _ := secret.Data["set"].(bool); !set {
		return nil, nil
	}
	return secret.Data["value"], nil
}

// PID returns the process behind a mount as it sees itself.
func (s *Session) PID(ctx context.Context, mount string) (string, error) {
	pid, err := s.Field(ctx, mount+"/process", "pid")
	return fmt.Sprint(pid), err
}

// Store writes a value below a mount.
func (s *Session) Store(ctx context.Context, mount, name, value string) error {
	_, err := s.Client.Logical().WriteWithContext(ctx, mount+"/kv/"+name, map[string]any{"value": value})
	return err
}
