// SPDX-License-Identifier: MPL-2.0

package access_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/access"
	"github.com/plugproof/plugproof/mockserver/internal/builtin/identity"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/sys/rights"
)

// server is an Authority behind the smallest core that can be: four mounts of
// its own, a secrets engine at p/ and an auth method at auth/a/.
type server struct {
	t         testing.TB
	authority *access.Authority
	storage   logical.Storage
	mounts    []access.Mount
	backends  map[string]logical.Backend
	plugin    *plugin
}

// plugin plays p/ and auth/a/ and remembers what it was asked to revoke.
type plugin struct {
	mu      sync.Mutex
	revoked []string
	// failures is how many revocations fail before one succeeds.
	failures int
	login    logical.Auth
	secret   logical.Secret
}

func (p *plugin) revocations() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.revoked...)
}

func (p *plugin) handle(req *logical.Request) (*logical.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch req.Operation {
	case logical.RevokeOperation:
		if p.failures > 0 {
			p.failures--
			return nil, errors.New("the plugin is down")
		}
		p.revoked = append(p.revoked, req.Secret.InternalData["name"].(string))
		return nil, nil
	case logical.RenewOperation:
		if req.Auth != nil {
			return &logical.Response{Auth: req.Auth}, nil
		}
		return &logical.Response{Secret: req.Secret, Data: req.Data}, nil
	}
	switch {
	case strings.HasSuffix(req.Path, "/login"):
		auth := p.login
		auth.Alias = &logical.Alias{Name: p.login.Alias.Name}
		if auth.TokenType == logical.TokenTypeDefault {
			auth.TokenType = logical.TokenTypeService
		}
		return &logical.Response{Auth: &auth}, nil
	case strings.HasPrefix(req.Path, "p/lease/"):
		secret := p.secret
		secret.InternalData = map[string]any{"name": strings.TrimPrefix(req.Path, "p/lease/")}
		return &logical.Response{Secret: &secret, Data: map[string]any{"id": "1"}}, nil
	}
	return &logical.Response{Data: map[string]any{"value": "1"}}, nil
}

func (s *server) Mount(_ context.Context, path string) (access.Mount, bool) {
	for _, m := range s.mounts {
		if strings.HasPrefix(path, m.Path) {
			return m, true
		}
	}
	return access.Mount{}, false
}

func (s *server) MountByAccessor(accessor string) (identity.Mount, bool) {
	for _, m := range s.mounts {
		if m.Accessor == accessor {
			return identity.Mount{Path: m.Path, Type: m.Type, NamespaceID: namespace.RootID, Local: m.Local}, true
		}
	}
	return identity.Mount{}, false
}

func (s *server) MountsWithKey(context.Context, string) []string { return nil }

func (s *server) Route(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	m, ok := s.Mount(ctx, req.Path)
	if !ok {
		return nil, logical.ErrUnsupportedPath
	}
	b, ok := s.backends[m.Path]
	if !ok {
		return s.plugin.handle(req)
	}
	inner := *req
	inner.Path, inner.Storage = strings.TrimPrefix(req.Path, m.Path), &logical.InmemStorage{}
	return b.HandleRequest(ctx, &inner)
}

func mustDialect(t testing.TB, name string) *dialect.Dialect {
	t.Helper()
	d, err := dialect.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// start opens a server on the storage. Stop ends it, as does the test.
func start(t testing.TB, d *dialect.Dialect, storage logical.Storage) *server {
	t.Helper()
	s := &server{t: t, storage: storage, backends: map[string]logical.Backend{}, plugin: &plugin{
		login: logical.Auth{
			DisplayName: "u", Policies: []string{"dev"}, Alias: &logical.Alias{Name: "u"},
			Metadata: map[string]string{"user": "u"}, LeaseOptions: logical.LeaseOptions{Renewable: true},
		},
		secret: logical.Secret{LeaseOptions: logical.LeaseOptions{TTL: time.Minute, MaxTTL: 10 * time.Minute, Renewable: true}},
	}}
	for _, path := range []string{"auth/token/", "auth/a/", "sys/", "cubbyhole/", "identity/", "p/"} {
		s.mounts = append(s.mounts, access.Mount{
			Path: path, Accessor: "accessor_" + strings.Trim(path, "/"), DefaultTTL: 768 * time.Hour, MaxTTL: 768 * time.Hour,
		})
	}
	ctx := context.Background()
	namespaces, err := namespace.Open(ctx, logical.NewStorageView(storage, "namespaces/"), 5)
	if err != nil {
		t.Fatal(err)
	}
	s.authority, err = access.New(ctx, access.Options{
		Storage: storage, Router: s, Namespaces: namespaces, Dialect: d, RootToken: "root",
		APIAddr: func() string { return "http://127.0.0.1:1" }, Clock: clock.New(), Logger: hclog.NewNullLogger(),
	})
	if err != nil {
		t.Fatal(err)
	}
	sys := &framework.Backend{Paths: rights.Paths(s.authority, d)}
	config := &logical.BackendConfig{Logger: hclog.NewNullLogger(), System: logical.StaticSystemView{}}
	if err := sys.Setup(ctx, config); err != nil {
		t.Fatal(err)
	}
	s.backends["sys/"] = sys
	for path, factory := range map[string]func(context.Context, *logical.BackendConfig) (logical.Backend, error){
		"auth/token/": s.authority.TokenBackend, "cubbyhole/": s.authority.CubbyholeBackend, "identity/": s.authority.IdentityBackend,
	} {
		if s.backends[path], err = factory(ctx, config); err != nil {
			t.Fatal(err)
		}
	}
	s.authority.Start()
	return s
}

// Vault 1.14 in memory.
func startVault(t testing.TB) *server {
	return start(t, mustDialect(t, "vault-1.14"), &logical.InmemStorage{})
}

func (s *server) stop() { s.authority.Close() }

// request is one request; the zero operation is an update.
type request struct {
	op    logical.Operation
	path  string
	token string
	data  map[string]any
	wrap  time.Duration
}

// answer is what a caller sees.
type answer struct {
	status int
	err    string
	*logical.Response
}

// do carries a request out as a core does.
func (s *server) do(r request) answer {
	s.t.Helper()
	if r.op == "" {
		r.op = logical.UpdateOperation
	}
	req := &logical.Request{Operation: r.op, Path: r.path, ClientToken: r.token, Data: r.data}
	if r.wrap > 0 {
		req.WrapInfo = &logical.RequestWrapInfo{TTL: r.wrap}
	}
	resp, err := s.handle(context.Background(), req)
	status, err := logical.RespondErrorCommon(req, resp, err)
	if err != nil {
		logical.AdjustErrorStatusCode(&status, err)
		return answer{status: status, err: err.Error()}
	}
	if status == 0 {
		status = http.StatusOK
	}
	return answer{status: status, Response: resp}
}

// NeedsSudo implements access.Router.
func (*server) NeedsSudo(_ context.Context, path string) bool { return path == "p/rooted" }

func (s *server) handle(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	login := strings.HasSuffix(req.Path, "/login") || req.Path == "sys/wrapping/lookup"
	te, err := s.authority.Authorize(ctx, req, access.Path{Root: s.NeedsSudo(ctx, req.Path), Unauthenticated: login})
	if err != nil {
		return nil, err
	}
	resp, routeErr := s.Route(ctx, req)
	if routeErr != nil {
		if _, err := s.authority.Answer(ctx, req, te, nil, login); err != nil {
			s.t.Errorf("answer after a failure: %v", err)
		}
		return resp, multierror.Append(nil, routeErr)
	}
	return s.authority.Answer(ctx, req, te, resp, login)
}

// must is do for what has to succeed.
func (s *server) must(r request) answer {
	s.t.Helper()
	a := s.do(r)
	if a.err != "" {
		s.t.Fatalf("%s %s: %d %s", r.op, r.path, a.status, a.err)
	}
	return a
}

// refused checks that a request fails with that status and text.
func (s *server) refused(r request, status int, text string) {
	s.t.Helper()
	if a := s.do(r); a.status != status || a.err != text {
		s.t.Errorf("%s %s: %d %q, want %d %q", r.op, r.path, a.status, a.err, status, text)
	}
}

// create makes a token with root's rights.
func (s *server) create(data map[string]any) string {
	s.t.Helper()
	return s.must(request{path: "auth/token/create", token: "root", data: data}).Auth.ClientToken
}

func (s *server) policy(name, text string) {
	s.t.Helper()
	s.must(request{path: "sys/policies/acl/" + name, token: "root", data: map[string]any{"policy": text}})
}

const (
	denied    = "permission denied"
	notByACL  = "1 error occurred:\n\t* permission denied\n\n"
	badTwice  = "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"
	noWrapped = "wrapping token is not valid or does not exist"
)
