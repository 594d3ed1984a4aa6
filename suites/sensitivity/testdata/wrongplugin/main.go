// SPDX-License-Identifier: MPL-2.0

// Command wrongplugin is the passthrough secrets engine with one thing wrong,
// which the variable WRONG names. Without it nothing is.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"

	"github.com/plugproof/plugproof/plugins/passthrough"
)

func main() {
	if err := run(os.Getenv("WRONG")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(wrong string) error {
	options := &plugin.ServeOpts{BackendFactoryFunc: factory(wrong, &state{})}
	switch wrong {
	case "lingering":
		if len(os.Args) > 1 {
			time.Sleep(15 * time.Second)
			return nil
		}
		child := exec.Command(os.Args[0], "child")
		child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := child.Start(); err != nil {
			return err
		}
	case "talking":
		fmt.Println("Welcome to this plugin!")
	case "forgetting-environment":
		env := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "PLUGPROOF_CHECK=") })
		if len(env) != len(os.Environ()) {
			return syscall.Exec(os.Args[0], os.Args, env)
		}
	case "single":
		return plugin.Serve(options)
	}
	return plugin.ServeMultiplex(options)
}

// state is kept where plugins must not keep it.
type state struct {
	mu     sync.Mutex
	values map[string]map[string]any
}

func factory(wrong string, shared *state) logical.Factory {
	return func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		made, err := passthrough.Factory(ctx, conf)
		if err != nil {
			return nil, err
		}
		b, ok := made.(*framework.Backend)
		if !ok {
			return nil, errors.New("passthrough is no framework.Backend")
		}
		b.RunningVersion = "v1.0.0"
		w := &backend{Backend: b, wrong: wrong}
		switch wrong {
		case "versionless":
			b.RunningVersion = ""
		case "open":
			b.PathsSpecial = &logical.Paths{Unauthenticated: []string{"*"}}
		case "process-state":
			w.kept = shared
		case "mount-state":
			w.kept = &state{}
		}
		return w, nil
	}
}

// backend gets requests wrong that the passthrough engine gets right.
type backend struct {
	*framework.Backend
	wrong string
	kept  *state
}

// HandleRequest implements logical.Backend.
func (b *backend) HandleRequest(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	switch {
	case b.wrong == "helpless" && req.Operation == logical.HelpOperation:
		return logical.HelpResponse("", nil, nil), nil
	case b.wrong == "crashing" && req.Path == "plugproof/no-such-path":
		return nil, errors.New("boom")
	case b.wrong == "outside-state" && req.Operation != logical.HelpOperation:
		return b.outside(req)
	case b.kept != nil && req.Operation != logical.HelpOperation:
		return b.kept.handle(req), nil
	}
	return b.Backend.HandleRequest(ctx, req)
}

// HandleExistenceCheck implements logical.Backend.
func (b *backend) HandleExistenceCheck(context.Context, *logical.Request) (bool, bool, error) {
	return true, true, nil
}

func (s *state) handle(req *logical.Request) *logical.Response {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch req.Operation {
	case logical.CreateOperation, logical.UpdateOperation:
		if s.values == nil {
			s.values = map[string]map[string]any{}
		}
		s.values[req.Path] = req.Data
	case logical.ReadOperation:
		if data, ok := s.values[req.Path]; ok {
			return &logical.Response{Data: data}
		}
	}
	return nil
}

// outside keeps values in files that nobody removes, one for each mount's path.
func (b *backend) outside(req *logical.Request) (*logical.Response, error) {
	file := fmt.Sprintf("%s/%s-%s", os.Getenv("WRONG_DIR"), strings.ReplaceAll(req.MountPoint, "/", "-"), strings.ReplaceAll(req.Path, "/", "-"))
	switch req.Operation {
	case logical.CreateOperation, logical.UpdateOperation:
		return nil, os.WriteFile(file, []byte(fmt.Sprint(req.Data["value"])), 0o600)
	case logical.ReadOperation:
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
		return &logical.Response{Data: map[string]any{"value": string(text)}}, err
	}
	return nil, nil
}
