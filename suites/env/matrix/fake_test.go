// SPDX-License-Identifier: MPL-2.0

package matrix_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/steps"
)

// fake is a target whose servers answer as the layering says, without any
// process. It stands for servers in tests of what is made of their answers; the
// mock and OpenBao stand in others.
type fake struct {
	name    string
	rule    environ.Rule
	lacks   map[steps.Capability]string
	fails   error // given by Server
	broken  bool  // the plugin can't be mounted
	images  bool  // it runs plugins in containers
	running atomic.Int64
	started atomic.Int64
}

func (f *fake) Name() string { return f.name }
func (f *fake) Unsupported(c steps.Capability) string {
	if c == steps.ContainerPlugins {
		return "the fake makes no images"
	}
	return f.lacks[c]
}
func (f *fake) Close(context.Context) error { return nil }

func (f *fake) Server(_ context.Context, spec steps.Spec) (steps.Server, error) {
	if f.fails != nil {
		return nil, f.fails
	}
	f.running.Add(1)
	f.started.Add(1)
	s := &fakeServer{target: f, env: spec.Env, registered: map[string][]string{}, running: map[string][]string{}, inContainer: map[string]bool{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	return s, nil
}

type fakeServer struct {
	*httptest.Server
	target *fake

	mu          sync.Mutex
	env         []string
	registered  map[string][]string
	inContainer map[string]bool
	running     map[string][]string // the environment of each mount's process
}

func (s *fakeServer) Address() string                                       { return s.URL }
func (s *fakeServer) Token() string                                         { return "root" }
func (s *fakeServer) PluginDir() string                                     { return "/" }
func (s *fakeServer) Place(context.Context, string, string) (string, error) { return "aa", nil }

func (s *fakeServer) Close(context.Context) error {
	s.Server.Close()
	s.target.running.Add(-1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.registered)+len(s.running) > 0 {
		return fmt.Errorf("left behind: %v %v", s.registered, s.running)
	}
	return nil
}

func (s *fakeServer) SetHostEnv(env []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.env = env
	return nil
}

func (s *fakeServer) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var body struct {
		Env      []string
		Type     string
		Plugin   string
		OCIImage string `json:"oci_image"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	name := path[strings.LastIndex(path, "/")+1:]
	mount, variable, asked := strings.Cut(path, "/env/")
	switch {
	case path == "sys/health":
		fmt.Fprint(w, `{"version": "9.9.9"}`)
	case strings.HasPrefix(path, "sys/plugins/catalog/") && body.OCIImage != "" && !s.target.images:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"errors": ["missing command value"]}`)
	case strings.HasPrefix(path, "sys/plugins/catalog/") && r.Method == http.MethodPut:
		s.inContainer[name] = body.OCIImage != ""
		for i, e := range body.Env {
			body.Env[i] = strings.TrimRight(e, " \n") // as the servers do
		}
		s.registered[name] = body.Env
	case strings.HasPrefix(path, "sys/plugins/catalog/"):
		delete(s.registered, name)
	case strings.HasPrefix(path, "sys/mounts/") && r.Method == http.MethodPost && s.target.broken:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"errors": ["it is broken"]}`)
	case strings.HasPrefix(path, "sys/mounts/") && r.Method == http.MethodPost:
		s.running[name] = s.start(body.Type)
	case strings.HasPrefix(path, "sys/mounts/"):
		delete(s.running, name)
	case path == "sys/plugins/reload/backend":
		s.running[body.Plugin] = s.start(body.Plugin)
	case asked && s.running[mount] != nil:
		value, set := environ.Lookup(s.running[mount], variable)
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"set": set, "value": value}})
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (s *fakeServer) start(name string) []string {
	own := environ.ServerInfo{Prefixes: []string{"VAULT_"}, Version: "9.9.9", AutoMTLS: true}
	env := environ.Compose(environ.Input{Rule: s.target.rule, Host: slices.Clone(s.env), Registered: s.registered[name], Server: own.Entries(), Container: s.inContainer[name]})
	return append(env, "VAULT_BACKEND_PLUGIN=cookie", "PLUGIN_MIN_PORT=10000", "PLUGIN_MAX_PORT=25000",
		"PLUGIN_PROTOCOL_VERSIONS=5", "PLUGIN_CLIENT_CERT=-----BEGIN CERTIFICATE-----\nx")
}
