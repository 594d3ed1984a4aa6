// SPDX-License-Identifier: MPL-2.0

// Package thirdparty_test proves that public plugins, unmodified, do their real
// work on the mock as on a real server: vault-plugin-secrets-kv,
// vault-plugin-auth-jwt, and vault-plugin-database-redis where there is a
// redis-server, built from the module plugins/thirdparty.
package thirdparty_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	vault "github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"
	"github.com/shirou/gopsutil/v4/process"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/build"
	"github.com/plugproof/plugproof/suites/internal/servertest"
)

// soon bounds what a server does by itself: ending a process, noticing a crash.
const soon = 20 * time.Second

const (
	kvBinary  = "vault-plugin-secrets-kv"
	jwtBinary = "vault-plugin-auth-jwt"
)

// binaries builds the plugins once for all tests.
var binaries = sync.OnceValues(func() (map[string]string, error) {
	return build.Plugins(context.Background(), build.Options{Names: []string{kvBinary, jwtBinary, redisBinary}})
})

// built returns the path of a plugin, and skips the test only where there is
// nothing to build it with.
func built(t *testing.T, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the public plugins; leave out -short to run it")
	}
	paths, err := binaries()
	if errors.Is(err, build.ErrNoGo) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return paths[name]
}

// session is a server with one of the plugins registered under a name that is
// no builtin's.
type session struct {
	*servertest.Server
	*WithT
	t *testing.T
	// kind and name are those of the catalog.
	kind vault.PluginType
	name string
	sum  string
}

// each runs a test on every server with the plugin registered.
func each(t *testing.T, kind vault.PluginType, name, binary string, test func(ctx context.Context, s *session)) {
	path := built(t, binary)
	servertest.Each(t, steps.Spec{}, func(t *testing.T, server *servertest.Server) {
		s := &session{Server: server, WithT: NewWithT(t), t: t, kind: kind, name: name}
		var err error
		s.sum, err = steps.PlacePlugin(t.Context(), server.Server, binary, path)
		s.Expect(err).NotTo(HaveOccurred())
		s.register(t.Context(), binary)
		test(t.Context(), s)
	})
}

// register registers the plugin and holds what the catalog says of it.
func (s *session) register(ctx context.Context, binary string) {
	s.t.Helper()
	s.Expect(s.Client.Sys().RegisterPluginWithContext(ctx, &vault.RegisterPluginInput{
		Name: s.name, Type: s.kind, Command: binary, SHA256: s.sum,
	})).To(Succeed())
	got, err := s.Client.Sys().GetPluginWithContext(ctx, &vault.GetPluginInput{Name: s.name, Type: s.kind})
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(got.SHA256).To(Equal(s.sum))
	s.Expect(got.Command).To(Equal(binary))
	s.Expect(got.Builtin).To(BeFalse())
}

// write, read, list and remove are requests that must succeed.
func (s *session) write(ctx context.Context, path string, data map[string]any) *vault.Secret {
	s.t.Helper()
	secret, err := s.Client.Logical().WriteWithContext(ctx, path, data)
	s.Expect(err).NotTo(HaveOccurred())
	return secret
}

func (s *session) read(ctx context.Context, path string) *vault.Secret {
	s.t.Helper()
	secret, err := s.Client.Logical().ReadWithContext(ctx, path)
	s.Expect(err).NotTo(HaveOccurred())
	return secret
}

func (s *session) keys(ctx context.Context, path string) any {
	s.t.Helper()
	secret, err := s.Client.Logical().ListWithContext(ctx, path)
	s.Expect(err).NotTo(HaveOccurred())
	if secret == nil {
		return nil
	}
	return secret.Data["keys"]
}

func (s *session) remove(ctx context.Context, path string) {
	s.t.Helper()
	_, err := s.Client.Logical().DeleteWithContext(ctx, path)
	s.Expect(err).NotTo(HaveOccurred())
}

// refused holds that a request failed with a status.
func (s *session) refused(err error, status int, text string) {
	s.t.Helper()
	var answer *vault.ResponseError
	s.Expect(errors.As(err, &answer)).To(BeTrue(), "%v", err)
	s.Expect(answer.StatusCode).To(Equal(status), "%v", err)
	s.Expect(answer.Errors).To(ContainElement(ContainSubstring(text)))
}

// reload ends the plugin's process and starts another.
func (s *session) reload(ctx context.Context) {
	s.t.Helper()
	before := s.processes(ctx)
	s.Expect(before).To(HaveLen(1), "one multiplexed process")
	_, err := s.Client.Sys().ReloadPluginWithContext(ctx, &vault.ReloadPluginInput{Plugin: s.name})
	s.Expect(err).NotTo(HaveOccurred())
	s.Eventually(ctx, s.processes).WithTimeout(soon).ShouldNot(ContainElement(before[0]), "the old process ends")
}

// crash kills the plugin's process.
func (s *session) crash(ctx context.Context) {
	s.t.Helper()
	before := s.processes(ctx)
	s.Expect(before).To(HaveLen(1), "one multiplexed process")
	running, err := os.FindProcess(int(before[0]))
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(running.Kill()).To(Succeed())
	s.Eventually(ctx, s.processes).WithTimeout(soon).ShouldNot(ContainElement(before[0]))
}

// processes are those that run a binary of this server's plugin directory.
func (s *session) processes(ctx context.Context) []int32 {
	pids, err := process.PidsWithContext(ctx)
	s.Expect(err).NotTo(HaveOccurred())
	found := []int32{}
	for _, pid := range pids {
		p := &process.Process{Pid: pid}
		// A process that ended meanwhile has no program; neither has a zombie.
		if exe, err := p.ExeWithContext(ctx); err == nil && filepath.Dir(exe) == s.PluginDir() {
			found = append(found, pid)
		}
	}
	return found
}

// unmounted holds that nothing is left of the last mount: no path, no process.
func (s *session) unmounted(ctx context.Context, path string) {
	s.t.Helper()
	_, err := s.Client.Logical().WriteWithContext(ctx, path, nil)
	s.refused(err, 404, "no handler for route")
	s.Eventually(ctx, s.processes).WithTimeout(soon).Should(BeEmpty(), "the process ends with the last mount")
}
