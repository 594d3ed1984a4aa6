// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// serviceDefects are those that show when the service fails.
func serviceDefects() map[string]defect {
	return map[string]defect{
		"issuing-what-was-refused": {request: handling(issuingWhatWasRefused)},
		"swallowing-refused-revocations": {backend: revokingWith(func(_ context.Context, _ *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error) {
			resp, err := right()
			if err != nil && strings.Contains(err.Error(), "the service") {
				return nil, nil
			}
			return resp, err
		})},
		"failing-open": {request: handling(failingOpen)},
		"service-error-with-encoded-password": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			config, loadErr := load(ctx, req.Storage, "config")
			if !serviceFailed(resp) || loadErr != nil {
				return resp, err
			}
			return logical.ErrorResponse("the service refuses Authorization: Basic %s", basic(config)), nil
		})},
		"showing-encoded-secret": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if config, loadErr := load(ctx, req.Storage, "config"); req.Path == "config" && req.Operation == logical.ReadOperation && config != nil && loadErr == nil {
				resp.Data["authorization"] = basic(config)
			}
			return resp, err
		})},
		"service-error-with-password": {request: handling(serviceErrorWithPassword)},
		"logging-client-of-service":   {backend: loggingClient},
		"failing-rollback": {backend: func(b *framework.Backend) {
			b.WALRollback = func(_ context.Context, _ *logical.Request, kind string, _ any) error {
				return fmt.Errorf("unknown entry %q", kind)
			}
		}},
		"leaving-write-ahead-log": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if err != nil || resp == nil || resp.Secret == nil || req.Operation != logical.ReadOperation {
				return resp, err
			}
			_, err = framework.PutWAL(ctx, req.Storage, "done", map[string]any{"account": "none"})
			return resp, err
		})},
		"ending-accounts-from-time-on": {backend: func(b *framework.Backend) { b.PeriodicFunc = endingAccounts }},
		"leaking-child-processes": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			if strings.HasPrefix(req.Path, "creds/") && req.Operation == logical.ReadOperation {
				if err := exec.Command("sleep", "20").Start(); err != nil {
					return nil, err
				}
			}
			return next(ctx, req)
		})},
		"leaking-goroutines-of-logins": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			if req.Path == "login" && req.Operation == logical.UpdateOperation {
				go func() { select {} }()
			}
			return next(ctx, req)
		})},
		"waiting-for-service-for-ever": {request: handling(waitingForService)},
	}
}

// basic returns what HTTP's basic authentication has of a configuration.
func basic(config record) string {
	return base64.StdEncoding.EncodeToString([]byte(fmt.Sprint(config["username"], ":", config["password"])))
}

// serviceFailed reports whether an answer says that the service did not do its part.
func serviceFailed(resp *logical.Response) bool {
	return resp.IsError() && strings.Contains(resp.Error().Error(), "the service")
}

// issuingWhatWasRefused does not look at what the service answered.
func issuingWhatWasRefused(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	resp, err := next(ctx, req)
	name, isCreds := strings.CutPrefix(req.Path, "creds/")
	if !isCreds || !serviceFailed(resp) {
		return resp, err
	}
	resp = account().Response(map[string]any{"account": "", "key": ""}, map[string]any{"account": rand.Text(), "role": name})
	resp.Secret.TTL = time.Minute
	return resp, nil
}

// failingOpen lets everybody in who is known while the service can't decide.
func failingOpen(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	resp, err := next(ctx, req)
	if req.Path != "login" || !serviceFailed(resp) {
		return resp, err
	}
	name := fmt.Sprint(req.Data["name"])
	return &logical.Response{Auth: &logical.Auth{
		Policies: []string{"app"}, Alias: &logical.Alias{Name: name}, InternalData: map[string]any{"name": name},
		LeaseOptions: logical.LeaseOptions{TTL: time.Minute, Renewable: true},
	}}, nil
}

// serviceErrorWithPassword says how it tried to log in at the service.
func serviceErrorWithPassword(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	resp, err := next(ctx, req)
	if !serviceFailed(resp) {
		return resp, err
	}
	config, loadErr := load(ctx, req.Storage, "config")
	if loadErr != nil || config == nil {
		return resp, err
	}
	return logical.ErrorResponse("the service refuses %s:%s", config["username"], config["password"]), nil
}

// loggingClient logs at an error of the service what it was called with.
func loggingClient(b *framework.Backend) {
	for _, path := range b.Paths {
		read, ok := path.Operations[logical.ReadOperation].(*framework.PathOperation)
		if !ok || !strings.HasPrefix(path.Pattern, "creds/") {
			continue
		}
		right := read.Callback
		read.Callback = func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
			resp, err := right(ctx, req, data)
			if config, loadErr := load(ctx, req.Storage, "config"); serviceFailed(resp) && loadErr == nil {
				b.Logger().Warn("the service refuses", "client", fmt.Sprint(config))
			}
			return resp, err
		}
	}
}

// endingAccounts ends all accounts, as if they were over.
func endingAccounts(ctx context.Context, req *logical.Request) error {
	config, err := load(ctx, req.Storage, "config")
	if err != nil || config == nil {
		return err
	}
	names, err := req.Storage.List(ctx, "account/")
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := dismiss(ctx, config, name); err != nil {
			return err
		}
	}
	return nil
}

// waitingForService calls the service whether its client is there or not.
func waitingForService(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	if !strings.HasPrefix(req.Path, "creds/") {
		return next(ctx, req)
	}
	config, err := load(ctx, req.Storage, "config")
	if err != nil || config == nil {
		return next(ctx, req)
	}
	if err := call(context.WithoutCancel(ctx), config, http.MethodGet, ""); err != nil {
		return logical.ErrorResponse("the service can't be reached"), nil
	}
	return next(ctx, req)
}
