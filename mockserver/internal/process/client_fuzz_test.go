// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
)

// rawCodec passes bytes through.
type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (rawCodec) Unmarshal(data []byte, v any) error { *v.(*[]byte) = slices.Clone(data); return nil }
func (rawCodec) Name() string                       { return "proto" }

// FuzzAnswers is a plugin that answers every call with the same bytes. No answer
// may end the server's process.
func FuzzAnswers(f *testing.F) {
	for _, m := range []proto.Message{
		&pb.HandleRequestReply{},
		&pb.HandleRequestReply{Response: &pb.Response{Data: "{}"}},
		&pb.HandleRequestReply{Response: &pb.Response{Data: "null", Headers: map[string]*pb.Header{"a": nil}}},
		&pb.HandleRequestReply{Response: &pb.Response{Data: "{}", Auth: &pb.Auth{InternalData: "{}", BoundCIDRs: []string{"::/0", "x"}}}},
		&pb.HandleRequestReply{Response: &pb.Response{Data: "{}", Secret: &pb.Secret{InternalData: "{}", LeaseOptions: &pb.LeaseOptions{TTL: -1}}}},
		&pb.HandleRequestReply{Response: &pb.Response{Data: "{}", WrapInfo: &pb.ResponseWrapInfo{TTL: 1}}},
		&pb.HandleRequestReply{Err: &pb.ProtoError{ErrType: 99}},
		&pb.SpecialPathsReply{Paths: &pb.Paths{Root: []string{"", "*", "+*"}}},
		&pb.TypeReply{Type: 4294967295},
		&pb.SetupReply{Err: "no"},
	} {
		seed, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	var answer atomic.Pointer[[]byte]
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(grpc.ForceServerCodec(rawCodec{}), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		var request []byte
		if err := stream.RecvMsg(&request); err != nil {
			return err
		}
		return stream.SendMsg(answer.Load())
	}))
	go func() { _ = server.Serve(listener) }()
	f.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:plugin",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { conn.Close() })
	raw, err := (&backendPlugin{}).GRPCClient(context.Background(), nil, conn)
	if err != nil {
		f.Fatal(err)
	}
	c := raw.(*client)
	c.logger = hclog.NewNullLogger()
	f.Fuzz(func(t *testing.T, bytes []byte) {
		answer.Store(&bytes)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		req := &logical.Request{Operation: logical.ReadOperation, Path: "p"}
		_, _ = c.HandleRequest(ctx, req)
		_, _, _ = c.HandleExistenceCheck(ctx, req)
		_ = c.Initialize(ctx, nil)
		_ = c.PluginVersion()
		c.InvalidateKey(ctx, "k")
		meta := queryMetadata(c)
		meta.ready.Wait()
		_ = meta.kind.String()
		c.Cleanup(ctx)
	})
}
