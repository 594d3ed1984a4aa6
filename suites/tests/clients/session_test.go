// SPDX-License-Identifier: MPL-2.0

// Package clients_test proves that public clients do not notice the mock: the Go
// client vault/api method by method, Terraform's way of managing resources, and
// the command lines. The same tests run on a real server where
// PLUGPROOF_TEST_BINARY names one; see suites/internal/servertest.
package clients_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/hashicorp/go-version"
	vault "github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/build"
	"github.com/plugproof/plugproof/suites/internal/servertest"
)

// probe builds the plugin once for all tests.
var probe = sync.OnceValues(func() (string, error) {
	paths, err := build.Plugins(context.Background(), build.Options{Names: []string{"probe"}})
	return paths["probe"], err
})

// session is one test's view of a server with the probe in its plugin
// directory.
type session struct {
	*servertest.Server
	*WithT
	t *testing.T
	// sum is the probe's.
	sum string
}

// each runs a test on every server.
func each(t *testing.T, spec steps.Spec, test func(s *session)) {
	path, err := probe()
	if errors.Is(err, build.ErrNoGo) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	servertest.Each(t, spec, func(t *testing.T, server *servertest.Server) {
		s := &session{Server: server, WithT: NewWithT(t), t: t}
		var err error
		s.sum, err = steps.PlacePlugin(t.Context(), server.Server, "probe", path)
		s.Expect(err).NotTo(HaveOccurred())
		test(s)
	})
}

// sub runs a part as a subtest, side by side with others on the same server.
func (s *session) sub(name string, test func(s *session)) {
	s.t.Run(name, func(t *testing.T) {
		t.Parallel()
		test(&session{Server: s.Server, WithT: NewWithT(t), t: t, sum: s.sum})
	})
}

// ok holds that a call had no error.
func (s *session) ok(err error) {
	s.t.Helper()
	s.Expect(err).NotTo(HaveOccurred())
}

// must returns a call's result.
func must[T any](s *session) func(T, error) T {
	return func(value T, err error) T {
		s.t.Helper()
		s.Expect(err).NotTo(HaveOccurred())
		return value
	}
}

// secret returns a call's secret, which must not be nil.
func (s *session) secret(secret *vault.Secret, err error) *vault.Secret {
	s.t.Helper()
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(secret).NotTo(BeNil())
	return secret
}

// fails holds the status of a call that failed.
func (s *session) fails(err error, status int) {
	s.t.Helper()
	var answer *vault.ResponseError
	s.Expect(errors.As(err, &answer)).To(BeTrue(), "%v", err)
	s.Expect(answer.StatusCode).To(Equal(status), "%v", err)
}

// vaultSince reports whether the server is a Vault of at least that version.
func (s *session) vaultSince(since string) bool {
	return s.Identity.Product == steps.Vault && s.Identity.Version.GreaterThanOrEqual(version.Must(version.NewVersion(since)))
}

// register puts the probe into the catalog.
func (s *session) register(kind vault.PluginType, name string) {
	s.t.Helper()
	s.ok(s.Client.Sys().RegisterPlugin(&vault.RegisterPluginInput{
		Name: name, Type: kind, Command: "probe", SHA256: s.sum, Env: []string{"PROBE_TYPE=" + kind.String()},
	}))
}

// mount registers and mounts the probe under one name.
func (s *session) mount(name string) {
	s.t.Helper()
	s.register(vault.PluginTypeSecrets, name)
	s.ok(s.Client.Sys().Mount(name, &vault.MountInput{Type: name}))
}

// holder makes a token with policies and a client that uses it.
func (s *session) holder(request *vault.TokenCreateRequest) (*vault.Client, *vault.Secret) {
	s.t.Helper()
	made := s.secret(s.Client.Auth().Token().Create(request))
	s.Expect(made.Auth).NotTo(BeNil())
	return s.Connect(s.t, made.Auth.ClientToken), made
}
