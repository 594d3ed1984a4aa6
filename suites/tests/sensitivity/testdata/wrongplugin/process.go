// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// processDefects are those of the process and of what it leaves behind.
func processDefects() map[string]defect {
	return map[string]defect{
		"lingering-child": {process: func() error {
			if len(os.Args) > 1 {
				time.Sleep(15 * time.Second)
				os.Exit(0)
			}
			child := exec.Command(os.Args[0], "child")
			child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			return child.Start()
		}},
		"panicking-revocation": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			if req.Operation == logical.RevokeOperation {
				panic("no account")
			}
			return next(ctx, req)
		})},
		"storing-nothing": onInput(writesRole, nothingDone),
		"keeping-the-first-password": {request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
			var passwords sync.Map
			return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
				if password, ok := req.Data["password"].(string); ok && strings.HasPrefix(req.Path, "user/") {
					req.Data["password"], _ = passwords.LoadOrStore(req.Path, password)
				}
				return next(ctx, req)
			}
		}},
		"counting-requests": {request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
			served := 0
			return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
				resp, err := next(ctx, req)
				served++
				return resp, err
			}
		}},
		"staying-when-cancelled": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			for err != nil && ctx.Err() != nil {
				time.Sleep(100 * time.Millisecond)
				resp, err = next(ctx, req)
			}
			return resp, err
		})},
		"leaving-goroutines-when-cancelled": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			type answer struct {
				resp *logical.Response
				err  error
			}
			answers := make(chan answer)
			go func() {
				resp, err := next(ctx, req)
				answers <- answer{resp, err}
			}()
			select {
			case a := <-answers:
				return a.resp, a.err
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})},
		"writing-after-cleanup": {backend: func(b *framework.Backend) {
			b.InitializeFunc = func(_ context.Context, req *logical.InitializationRequest) error {
				go func() {
					for range time.Tick(time.Second) {
						_ = record{"at": time.Now()}.save(context.Background(), req.Storage, "beat")
					}
				}()
				return nil
			}
		}},
		"panicking-cleanup": {backend: func(b *framework.Backend) {
			stop := make(chan struct{})
			b.Clean = func(context.Context) {
				close(stop)
				close(stop)
			}
		}},
		"leaking-goroutines": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			if req.Operation == logical.HelpOperation {
				go func() { select {} }()
			}
			return next(ctx, req)
		})},
	}
}
