// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// startDefects are those of the start and of what the plugin says it is.
func startDefects() map[string]defect {
	return map[string]defect{
		"talking": {process: func() error {
			fmt.Println("Welcome to this plugin!")
			return nil
		}},
		"versionless": {backend: func(b *framework.Backend) { b.RunningVersion = "" }},
		"single":      {single: true},
		"forgetting-environment": {process: func() error {
			env := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "PLUGPROOF_CHECK=") })
			if len(env) == len(os.Environ()) {
				return nil
			}
			return syscall.Exec(os.Args[0], os.Args, env)
		}},
		"auth-as-engine": {backend: func(b *framework.Backend) { b.BackendType = logical.TypeLogical }},
		"leaving-files": {process: func() error {
			return os.WriteFile(filepath.Join(os.TempDir(), "wrongplugin.cache"), nil, 0o600)
		}},
		"slow-start": {process: func() error {
			time.Sleep(3200 * time.Millisecond)
			return nil
		}},
		"mounted-once": {factory: mountedOnce()},
		"fixed-port": {process: func() error {
			if os.Getenv("VAULT_PLUGIN_METADATA_MODE") == "true" {
				return nil
			}
			listener, err := listenWhereTheFirstDid(filepath.Join(os.Getenv("WRONG_DIR"), "port"))
			if err != nil {
				return err
			}
			go func() {
				for {
					if _, err := listener.Accept(); err != nil {
						return
					}
				}
			}()
			return nil
		}},
		"failing-setup": {request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
			return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
				if req.Path == "config" && req.Operation == logical.CreateOperation {
					return nil, errors.New("connection refused")
				}
				return next(ctx, req)
			}
		}},
	}
}

// listenWhereTheFirstDid listens on the port that the file names, as on a fixed one.
// The first process of a check takes a free port and names it there, so that nothing
// but another process of the plugin can be in its way.
func listenWhereTheFirstDid(file string) (net.Listener, error) {
	address, err := os.ReadFile(file)
	if err == nil {
		return net.Listen("tcp", string(address))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	written := fmt.Sprintf("%s.%d", file, os.Getpid())
	if err = os.WriteFile(written, []byte(listener.Addr().String()), 0o600); err == nil {
		err = os.Link(written, file)
	}
	return listener, err
}

// mountedOnce returns a factory that refuses a second mount.
func mountedOnce() func(*logical.BackendConfig) error {
	var mounted atomic.Pointer[string]
	return func(conf *logical.BackendConfig) error {
		if !mounted.CompareAndSwap(nil, &conf.BackendUUID) && *mounted.Load() != conf.BackendUUID {
			return errors.New("there is a mount already")
		}
		return nil
	}
}
