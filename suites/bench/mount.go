// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"

	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// soleMount is what the SDK needs to call a multiplexed plugin: the connection,
// with the name of the mount in every call.
type soleMount struct {
	plugin.ClientProtocol
	conn *grpc.ClientConn
}

func (m *soleMount) Conn() grpc.ClientConnInterface { return m }
func (m *soleMount) Reload() error                  { return nil }

func (m *soleMount) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return m.conn.Invoke(named(ctx), method, args, reply, opts...)
}

func (m *soleMount) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return m.conn.NewStream(named(ctx), desc, method, opts...)
}

func named(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, pluginutil.MultiplexingCtxKey, "floor")
}
