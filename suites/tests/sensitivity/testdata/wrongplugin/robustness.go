// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// robustnessDefects are those of input that nobody thought of.
func robustnessDefects() map[string]defect {
	panics := func(at func(*logical.Request) bool) defect {
		return onInput(at, func(context.Context, *logical.Request) (*logical.Response, error) { panic("boom") })
	}
	fails := func(at func(*logical.Request) bool) defect {
		return onInput(at, func(context.Context, *logical.Request) (*logical.Response, error) { return nil, errors.New("boom") })
	}
	return map[string]defect{
		"panic-on-empty-body": panics(func(req *logical.Request) bool { return writesRole(req) && len(req.Data) == 0 }),
		"panic-on-unknown":    panics(func(req *logical.Request) bool { return writesRole(req) && hasUnknown(req) }),
		"panic-on-null": panics(func(req *logical.Request) bool {
			return writesRole(req) && has(req, func(v any) bool { return v == nil })
		}),
		"panic-on-wrong-type":   onWrongType(func(context.Context) error { panic("boom") }),
		"panic-on-long":         panics(func(req *logical.Request) bool { return writesRole(req) && has(req, isLong) }),
		"panic-on-odd-name":     panics(func(req *logical.Request) bool { return strings.Contains(req.Path, " ") }),
		"hanging-on-wrong-type": onWrongType(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }),
		"failing-on-wrong-type": onWrongType(func(context.Context) error { return errors.New("boom") }),
		"failing-on-odd-name":   fails(func(req *logical.Request) bool { return strings.Contains(req.Path, " ") }),
		"panic-on-odd-value": onInput(writesRole, func(_ context.Context, req *logical.Request) (*logical.Response, error) {
			regexp.MustCompile(fmt.Sprint(req.Data["username"]))
			return nil, errGoOn
		}),
		"failing-on-odd-value": onInput(writesRole, func(_ context.Context, req *logical.Request) (*logical.Response, error) {
			if _, err := regexp.Compile(fmt.Sprint(req.Data["username"])); err != nil {
				return nil, err
			}
			return nil, errGoOn
		}),
		"panic-on-existing-name":      membersPath(func(role record) *logical.Response { panic(role) }),
		"panic-without-configuration": onInput(createsAccount, withoutConfiguration),
		"panic-on-missing-patch":      onInput(func(req *logical.Request) bool { return req.Operation == logical.PatchOperation }, patchOfNothing),
		"failing-on-number": onInput(func(req *logical.Request) bool { return req.Path == "role/1" }, func(context.Context, *logical.Request) (*logical.Response, error) {
			return nil, errors.New("there is no role 1")
		}),
		"panic-unconfigured":   unconfigured(func() (*logical.Response, error) { panic("boom") }),
		"failing-unconfigured": unconfigured(func() (*logical.Response, error) { return nil, errors.New("no configuration") }),
	}
}

// errGoOn is returned by what leaves a request to the right handler.
var errGoOn = errors.New("go on")

// onInput does something else with some requests, unless that returns errGoOn.
func onInput(at func(*logical.Request) bool, then func(context.Context, *logical.Request) (*logical.Response, error)) defect {
	return defect{request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
		return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			if at(req) {
				if resp, err := then(ctx, req); !errors.Is(err, errGoOn) {
					return resp, err
				}
			}
			return next(ctx, req)
		}
	}}
}

func createsAccount(req *logical.Request) bool {
	return strings.HasPrefix(req.Path, "creds/") && req.Operation == logical.ReadOperation
}

// withoutConfiguration panics where there is a role, but no configuration.
func withoutConfiguration(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	role, err := load(ctx, req.Storage, strings.Replace(req.Path, "creds/", "role/", 1))
	if err != nil || role == nil {
		return logical.ErrorResponse("there is no such role"), err
	}
	if config, err := load(ctx, req.Storage, "config"); err == nil && config == nil {
		panic("no configuration")
	}
	return nil, errGoOn
}

// patchOfNothing panics where there is nothing to be patched.
func patchOfNothing(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	if note, err := load(ctx, req.Storage, req.Path); err == nil && note == nil {
		panic("no note")
	}
	return nil, errGoOn
}

// membersPath adds a path that does something with a role that exists.
func membersPath(do func(role record) *logical.Response) defect {
	return defect{backend: func(b *framework.Backend) {
		b.Paths = append(b.Paths, &framework.Path{
			Pattern: "members/" + framework.GenericNameRegex("role"), HelpSynopsis: "Shows the members of a role.",
			Fields: map[string]*framework.FieldSchema{"role": {Type: framework.TypeString, Description: "Name of the role."}},
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation: &framework.PathOperation{Summary: "Show the members.", Callback: func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
					role, err := load(ctx, req.Storage, "role/"+data.Get("role").(string))
					if err != nil || role == nil {
						return nil, err
					}
					return do(role), nil
				}},
			},
		})
	}}
}

// unconfigured does something else where an account is asked for before there is a
// configuration.
func unconfigured(then func() (*logical.Response, error)) defect {
	return defect{request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
		return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			if strings.HasPrefix(req.Path, "creds/") && req.Operation == logical.ReadOperation {
				if config, err := load(ctx, req.Storage, "config"); err == nil && config == nil {
					return then()
				}
			}
			return next(ctx, req)
		}
	}}
}

// onWrongType does something else in the existence check of a role whose account
// is not a text: it comes before the framework looks at the types.
func onWrongType(then func(context.Context) error) defect {
	return defect{exists: func(ctx context.Context, req *logical.Request) (bool, bool, error) {
		if strings.HasPrefix(req.Path, "role/") && hasWrongType(req) {
			return true, false, then(ctx)
		}
		entry, err := load(ctx, req.Storage, req.Path)
		return true, entry != nil, err
	}}
}

func writesRole(req *logical.Request) bool {
	return strings.HasPrefix(req.Path, "role/") && (req.Operation == logical.CreateOperation || req.Operation == logical.UpdateOperation)
}

func has(req *logical.Request, what func(any) bool) bool {
	for _, value := range req.Data {
		if what(value) {
			return true
		}
	}
	return false
}

func isLong(value any) bool {
	text, ok := value.(string)
	return ok && len(text) > 10_000
}

func hasUnknown(req *logical.Request) bool {
	for name := range req.Data {
		if !slices.Contains([]string{"name", "username", "groups", "ttl", "max_ttl"}, name) {
			return true
		}
	}
	return false
}

// hasWrongType reports whether the name of the account is not a text.
func hasWrongType(req *logical.Request) bool {
	value, ok := req.Data["username"]
	if !ok || value == nil {
		return false
	}
	_, isText := value.(string)
	return !isText && fmt.Sprint(value) != ""
}
