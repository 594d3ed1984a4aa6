// SPDX-License-Identifier: MPL-2.0

// Command wrongplugin is a correct plugin with one defect, which the registered
// variable WRONG names; without it there is none. It is a secrets engine with a
// configuration, roles and leased credentials, and with WRONG_TYPE=auth an auth
// method with users.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"
)

// version is set by the build of the older binary.
var version = "v1.0.0"

func main() {
	if err := run(os.Getenv("WRONG")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(wrong string) error {
	d, ok := defects()[wrong]
	if !ok && wrong != "" {
		return fmt.Errorf("no defect %q", wrong)
	}
	if d.process != nil {
		if err := d.process(); err != nil {
			return err
		}
	}
	options := &plugin.ServeOpts{BackendFactoryFunc: factory(d)}
	if d.single {
		return plugin.Serve(options)
	}
	return plugin.ServeMultiplex(options)
}

// defect is one thing that is wrong. Each field that is not nil changes something.
type defect struct {
	// process runs before the process serves.
	process func() error
	// single serves without multiplexing.
	single bool
	// factory runs before each mount's backend is made. It also runs in metadata mode.
	factory func(conf *logical.BackendConfig) error
	// backend changes each mount's backend before it is set up.
	backend func(b *framework.Backend)
	// request replaces the handling of each request; next is the right one. It is
	// made once a mount, so that it may have state.
	request func() func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error)
	// exists replaces the existence check.
	exists func(ctx context.Context, req *logical.Request) (checkFound bool, exists bool, err error)
}

// defects returns all of them by name, of every group.
func defects() map[string]defect {
	all := make(map[string]defect)
	for _, group := range []map[string]defect{
		startDefects(), pathDefects(), dataDefects(), processDefects(), robustnessDefects(),
		leaseDefects(), loginDefects(), timeDefects(), disclosureDefects(), environmentDefects(), changeDefects(), subtleDefects(), hangingDefects(), effectDefects(), serviceDefects(), originDefects(), sampleDefects(), nodeDefects(), keyDefects(), endDefects(), shapes(), renewalDefects(), documentedDefects(),
	} {
		for name, d := range group {
			all[name] = d
		}
	}
	return all
}

func factory(d defect) logical.Factory {
	return func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		if d.factory != nil {
			if err := d.factory(conf); err != nil {
				return nil, err
			}
		}
		made := engine()
		if os.Getenv("WRONG_TYPE") == "auth" {
			made = method()
		}
		made.RunningVersion = version
		if d.backend != nil {
			d.backend(made)
		}
		b := &backend{Backend: made, exists: d.exists}
		if d.request != nil {
			b.request = d.request()
		}
		return b, b.Setup(ctx, conf)
	}
}

// backend handles requests as its defect says.
type backend struct {
	*framework.Backend
	request func(context.Context, *logical.Request, handler) (*logical.Response, error)
	exists  func(context.Context, *logical.Request) (bool, bool, error)
}

// handler handles a request.
type handler func(context.Context, *logical.Request) (*logical.Response, error)

// HandleRequest implements logical.Backend.
func (b *backend) HandleRequest(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	if b.request == nil {
		return b.Backend.HandleRequest(ctx, req)
	}
	return b.request(ctx, req, b.Backend.HandleRequest)
}

// HandleExistenceCheck implements logical.Backend.
func (b *backend) HandleExistenceCheck(ctx context.Context, req *logical.Request) (checkFound, exists bool, err error) {
	if b.exists == nil {
		return b.Backend.HandleExistenceCheck(ctx, req)
	}
	return b.exists(ctx, req)
}
