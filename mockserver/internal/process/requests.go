// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
	"github.com/hashicorp/vault/sdk/plugin/pb"
)

// HandleRequest implements logical.Backend. It and HandleExistenceCheck do what the SDK's
// client does (sdk/plugin/grpc_backend_client.go), without its goroutine for each call:
// that is only there to end the call with the process.
func (c *client) HandleRequest(ctx context.Context, req *logical.Request) (resp *logical.Response, err error) {
	call := c.traced.beginRequest(ctx, string(req.Operation), req)
	defer func() { c.traced.endRequest(call, resp, err) }()
	defer c.recovered("HandleRequest", &err)
	if c.metadataMode {
		return nil, sdkplugin.ErrClientInMetadataMode
	}
	message, err := pb.LogicalRequestToProtoRequest(req)
	if err != nil {
		return nil, err
	}
	ctx, release := c.untilExit(ctx)
	defer release()
	reply, err := c.calls.HandleRequest(ctx, &pb.HandleRequestArgs{Request: message})
	if err != nil {
		return nil, c.broken(err)
	}
	resp, err = pb.ProtoResponseToLogicalResponse(reply.GetResponse())
	if err != nil {
		return nil, err
	}
	if reply.GetErr() != nil {
		return resp, pb.ProtoErrToErr(reply.GetErr())
	}
	return resp, nil
}

// HandleExistenceCheck implements logical.Backend.
func (c *client) HandleExistenceCheck(ctx context.Context, req *logical.Request) (found, exists bool, err error) {
	call := c.traced.beginRequest(ctx, "existence check", req)
	defer func() { c.traced.endRequest(call, nil, err) }()
	defer c.recovered("HandleExistenceCheck", &err)
	if c.metadataMode {
		return false, false, sdkplugin.ErrClientInMetadataMode
	}
	message, err := pb.LogicalRequestToProtoRequest(req)
	if err != nil {
		return false, false, err
	}
	ctx, release := c.untilExit(ctx)
	defer release()
	reply, err := c.calls.HandleExistenceCheck(ctx, &pb.HandleExistenceCheckArgs{Request: message})
	if err != nil {
		return false, false, c.broken(err)
	}
	if reply.GetErr() != nil {
		return false, false, pb.ProtoErrToErr(reply.GetErr())
	}
	return reply.GetCheckFound(), reply.GetExists(), nil
}

// untilExit returns a context that also ends with the process. release must be called.
func (c *client) untilExit(ctx context.Context) (limited context.Context, release func()) {
	limited, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(c.done, cancel)
	return limited, func() {
		stop()
		cancel()
	}
}

// broken returns the error of a call that did not come back.
func (c *client) broken(err error) error {
	if c.done.Err() != nil {
		return sdkplugin.ErrPluginShutdown
	}
	return err
}
