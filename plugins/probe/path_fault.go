// SPDX-License-Identifier: MPL-2.0

package probe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// crashCode is the exit code of the process after a crash.
const crashCode = 7

func (b *backend) pathsFault() []*framework.Path {
	crash := &framework.PathOperation{Callback: b.crash}
	return []*framework.Path{
		{
			Pattern: `fail`,
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation:   &framework.PathOperation{Callback: failInternal},
				logical.UpdateOperation: &framework.PathOperation{Callback: failInput},
				logical.DeleteOperation: &framework.PathOperation{Callback: failPermission},
			},
			HelpSynopsis:    "Fail in one of three ways.",
			HelpDescription: "A read is an internal error, an update an error answer, a delete is denied.",
		},
		{
			Pattern: `crash`,
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation:   crash,
				logical.UpdateOperation: crash,
			},
			HelpSynopsis:    "End the process at once.",
			HelpDescription: "The exit code is 7; the request gets no answer.",
		},
		{
			Pattern: `sleep`,
			Fields: map[string]*framework.FieldSchema{
				"for":  {Type: framework.TypeDurationSecond, Description: "How long to wait before the answer."},
				"note": {Type: framework.TypeString, Description: "A name below kv/ that holds asleep from before the wait. If it does already, there is no wait."},
			},
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.UpdateOperation: &framework.PathOperation{Callback: sleep},
			},
			HelpSynopsis:    "Answer late.",
			HelpDescription: "The wait ends early when the request is cancelled.",
		},
	}
}

func failInternal(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	return nil, errors.New("probe: internal failure")
}

func failInput(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	return logical.ErrorResponse("probe: bad input"), nil
}

func failPermission(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	return nil, logical.ErrPermissionDenied
}

func (b *backend) crash(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	exit := b.process.config.Exit
	if exit == nil {
		return nil, errors.New("probe: there is no process of its own to crash")
	}
	exit(crashCode)
	return nil, errors.New("probe: the crash returned")
}

func sleep(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if note := d.Get("note").(string); note != "" {
		switch noted, err := req.Storage.Get(ctx, kvPrefix+note); {
		case err != nil:
			return nil, fmt.Errorf("probe: read the note: %w", err)
		case noted != nil: // another process was asked before
			return nil, nil
		}
		entry, err := logical.StorageEntryJSON(kvPrefix+note, stored{Value: "asleep"})
		if err == nil {
			err = req.Storage.Put(ctx, entry)
		}
		if err != nil {
			return nil, fmt.Errorf("probe: write the note: %w", err)
		}
	}
	timer := time.NewTimer(time.Duration(d.Get("for").(int)) * time.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
