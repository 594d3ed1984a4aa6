// SPDX-License-Identifier: MPL-2.0

// Package transactions is the probe that uses OpenBao's storage of plugins: transactions
// and lists in pages. It speaks the protocol of OpenBao's SDK, which a process can't hold
// beside Vault's: both register messages of the same names. Its paths are its own.
package transactions

import (
	"context"
	"errors"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/sdk/logical"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
	"github.com/hashicorp/vault/sdk/plugin/pb"
	"google.golang.org/grpc"
)

// Serve serves the plugin until its server ends it. Exit is called by the path "crash".
func Serve(exit func(code int)) {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: sdkplugin.HandshakeConfig,
		VersionedPlugins: map[int]plugin.PluginSet{
			5: {"backend": &servedPlugin{exit: exit}},
		},
		GRPCServer: plugin.DefaultGRPCServer,
		Logger:     hclog.New(&hclog.LoggerOptions{JSONFormat: true, Level: hclog.Warn}),
	})
}

type servedPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	exit func(code int)
}

// GRPCServer implements plugin.GRPCPlugin.
func (p *servedPlugin) GRPCServer(broker *plugin.GRPCBroker, s *grpc.Server) error {
	pb.RegisterBackendServer(s, &server{broker: broker, exit: p.exit})
	return nil
}

// GRPCClient implements plugin.GRPCPlugin.
func (*servedPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("a plugin serves only")
}

// server serves pb.Backend over the backend of the one mount, as vault/sdk does, which
// does not let a backend have the connection to its storage.
type server struct {
	pb.UnimplementedBackendServer
	broker *plugin.GRPCBroker
	exit   func(code int)

	conn    *grpc.ClientConn
	backend *backend
}

// Setup implements pb.BackendServer.
func (s *server) Setup(ctx context.Context, args *pb.SetupArgs) (*pb.SetupReply, error) {
	conn, err := s.broker.Dial(args.GetBrokerID())
	if err != nil {
		return &pb.SetupReply{}, err
	}
	b := newBackend(&store{conn: conn}, s.exit)
	if err := b.Setup(ctx, &logical.BackendConfig{Logger: hclog.NewNullLogger(), StorageView: b.storage, Config: args.GetConfig(), BackendUUID: args.GetBackendUUID()}); err != nil {
		return &pb.SetupReply{Err: err.Error()}, nil
	}
	s.conn, s.backend = conn, b
	return &pb.SetupReply{}, nil
}

// Initialize implements pb.BackendServer.
func (*server) Initialize(context.Context, *pb.InitializeArgs) (*pb.InitializeReply, error) {
	return &pb.InitializeReply{}, nil
}

// Cleanup implements pb.BackendServer.
func (s *server) Cleanup(context.Context, *pb.Empty) (*pb.Empty, error) {
	if s.conn == nil {
		return &pb.Empty{}, nil
	}
	return &pb.Empty{}, s.conn.Close()
}

// InvalidateKey implements pb.BackendServer.
func (*server) InvalidateKey(context.Context, *pb.InvalidateKeyArgs) (*pb.Empty, error) {
	return &pb.Empty{}, nil
}

// Type implements pb.BackendServer.
func (*server) Type(context.Context, *pb.Empty) (*pb.TypeReply, error) {
	return &pb.TypeReply{Type: uint32(logical.TypeLogical)}, nil
}

// SpecialPaths implements pb.BackendServer.
func (*server) SpecialPaths(context.Context, *pb.Empty) (*pb.SpecialPathsReply, error) {
	return &pb.SpecialPathsReply{}, nil
}

// HandleRequest implements pb.BackendServer.
func (s *server) HandleRequest(ctx context.Context, args *pb.HandleRequestArgs) (*pb.HandleRequestReply, error) {
	req, err := s.request(args.GetRequest())
	if err != nil {
		return nil, err
	}
	answer, handled := s.backend.HandleRequest(ctx, req)
	response, err := pb.LogicalResponseToProtoResponse(answer)
	if err != nil {
		return nil, err
	}
	return &pb.HandleRequestReply{Response: response, Err: pb.ErrToProtoErr(handled)}, nil
}

// HandleExistenceCheck implements pb.BackendServer.
func (s *server) HandleExistenceCheck(ctx context.Context, args *pb.HandleExistenceCheckArgs) (*pb.HandleExistenceCheckReply, error) {
	req, err := s.request(args.GetRequest())
	if err != nil {
		return nil, err
	}
	checked, exists, err := s.backend.HandleExistenceCheck(ctx, req)
	return &pb.HandleExistenceCheckReply{CheckFound: checked, Exists: exists, Err: pb.ErrToProtoErr(err)}, nil
}

// request returns the request for the backend.
func (s *server) request(request *pb.Request) (*logical.Request, error) {
	if s.backend == nil {
		return nil, errors.New("the plugin has not been set up")
	}
	req, err := pb.ProtoRequestToLogicalRequest(request)
	if err != nil {
		return nil, err
	}
	req.Storage = s.backend.storage
	return req, nil
}
