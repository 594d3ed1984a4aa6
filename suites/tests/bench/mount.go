// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"

	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// soleMount is the connection that the SDK needs to call a multiplexed plugin: it
// adds the identifier of the mount to each call.
type soleMount struct {
	plugin.ClientProtocol
	conn *grpc.ClientConn
}

// Conn returns the connection.
func (m *soleMount) Conn() grpc.ClientConnInterface { return m }

// Reload does nothing: the floor is not reloaded.
func (m *soleMount) Reload() error { return nil }

// Invoke calls a method of the mount.
func (m *soleMount) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return m.conn.Invoke(withMount(ctx), method, args, reply, opts...)
}

// NewStream calls a streaming method of the mount.
func (m *soleMount) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return m.conn.NewStream(withMount(ctx), desc, method, opts...)
}

// withMount adds the identifier of the mount to the metadata of a call.
func withMount(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, pluginutil.MultiplexingCtxKey, "floor")
}
