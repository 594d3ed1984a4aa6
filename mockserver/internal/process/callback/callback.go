// SPDX-License-Identifier: MPL-2.0

// Package callback serves what a plugin may call while it handles a request:
// its storage, the system view, events and observations. It has the place of
// the servers that vault/sdk registers in its backend client, with the same
// answers, but no message of a plugin can end the process that serves it:
// messages are validated, and a panic fails the one call it happened in.
package callback

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// MessageLimit bounds one message between the server and a plugin, in bytes.
// Real servers allow 2 GiB, which a plugin could use to exhaust the memory of
// the process that embeds the mock.
const MessageLimit = 256 << 20

// Window is how many bytes either side of a connection with a plugin may send before
// they are read. A fixed one keeps gRPC from measuring the connection with a ping after
// nearly each message, which costs a write and a read on both sides.
const Window = 1 << 20

// Services are the implementations that a plugin's calls reach. Storage and
// System may be nil: calls of them fail as during Setup in metadata mode.
type Services struct {
	Storage      logical.Storage
	System       logical.SystemView
	Events       logical.EventSender
	Observations logical.ObservationRecorder
	// Callbacks are what plugins may call beyond what all servers have of Storage and the
	// system view: RegisterRotationJob, Events, ListPage. All else is unknown, as in a
	// server built with an earlier SDK.
	Callbacks []string
	// Logger receives the stack of a call that panicked.
	Logger hclog.Logger
	// Trace is called before each call with its full method; what it returns is called
	// after it. Nil traces nothing.
	Trace func(ctx context.Context, method string, request any) (ended func(reply any, err error))
}

// Server is a gRPC server for the calls of one mount's plugin.
type Server struct {
	*grpc.Server

	// transactions are those that the plugin began; nil where it can't.
	transactions *openBaoStorage
}

// Stop ends the server at once, and what transactions the plugin left open. It may be called
// more than once.
func (s *Server) Stop() {
	s.Server.Stop()
	s.endTransactions()
}

// GracefulStop is Stop when the calls under way have ended.
func (s *Server) GracefulStop() {
	s.Server.GracefulStop()
	s.endTransactions()
}

func (s *Server) endTransactions() {
	if s.transactions != nil {
		s.transactions.stop()
	}
}

// NewServer returns a server for the calls of one mount's plugin. The caller serves and
// stops it.
func NewServer(s Services, opts ...grpc.ServerOption) *Server {
	opts = append(opts,
		grpc.MaxRecvMsgSize(MessageLimit), grpc.MaxSendMsgSize(MessageLimit),
		grpc.ReadBufferSize(0), grpc.SharedWriteBuffer(true),
		grpc.InitialWindowSize(Window), grpc.InitialConnWindowSize(Window),
		grpc.ChainUnaryInterceptor(recoverCalls(s.Logger)))
	if s.Trace != nil {
		opts = append(opts, grpc.ChainUnaryInterceptor(traceCalls(s.Trace)))
	}
	server := &Server{Server: grpc.NewServer(opts...)}
	if slices.Contains(s.Callbacks, Pages) {
		server.transactions = &openBaoStorage{impl: s.Storage}
		server.RegisterService(server.transactions.description(s.Callbacks), server.transactions)
	} else {
		pb.RegisterStorageServer(server, &storageServer{impl: s.Storage})
	}
	view := pb.SystemView_ServiceDesc
	view.Methods = slices.DeleteFunc(slices.Clone(view.Methods), func(m grpc.MethodDesc) bool {
		return slices.Contains(laterMethods(), m.MethodName) && !slices.Contains(s.Callbacks, m.MethodName)
	})
	server.RegisterService(&view, &systemViewServer{impl: s.System})
	if slices.Contains(s.Callbacks, "Events") {
		pb.RegisterEventsServer(server, &eventsServer{impl: s.Events})
	}
	if slices.Contains(s.Callbacks, "Observations") {
		pb.RegisterObservationsServer(server, &observationsServer{impl: s.Observations})
	}
	return server
}

// laterMethods returns the methods of the system view that not all servers have.
func laterMethods() []string {
	return []string{
		"GenerateIdentityToken", "RegisterRotationJob", "DeregisterRotationJob", "GetRotationInformation",
		"RegisterRotationJobWithResponse",
	}
}

// recoverCalls returns an interceptor that answers a call that panics with
// codes.Internal.
func recoverCalls(logger hclog.Logger) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (reply any, err error) {
		defer func() {
			if value := recover(); value != nil {
				logger.Error("panic in a call of the plugin", "method", info.FullMethod, "panic", fmt.Sprint(value), "stack", string(debug.Stack()))
				reply, err = nil, status.Errorf(codes.Internal, "panic in %s: %v", info.FullMethod, value)
			}
		}()
		return handle(ctx, req)
	}
}

// traceCalls returns an interceptor that traces calls.
func traceCalls(trace func(context.Context, string, any) func(any, error)) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (reply any, err error) {
		ended := trace(ctx, info.FullMethod, req)
		defer func() { ended(reply, err) }()
		return handle(ctx, req)
	}
}

// missing returns the error for a message without a part that it needs.
func missing(part string) error {
	return status.Errorf(codes.InvalidArgument, "missing %s", part)
}

type eventsServer struct {
	pb.UnimplementedEventsServer
	impl logical.EventSender
}

// SendEvent drops the event if the server has no sender.
func (s *eventsServer) SendEvent(ctx context.Context, req *pb.SendEventRequest) (*pb.Empty, error) {
	if s.impl == nil {
		return &pb.Empty{}, nil
	}
	if err := s.impl.SendEvent(ctx, logical.EventType(req.GetEventType()), req.GetEvent()); err != nil {
		return nil, err
	}
	return &pb.Empty{}, nil
}

type observationsServer struct {
	pb.UnimplementedObservationsServer
	impl logical.ObservationRecorder
}

// RecordObservation drops the observation if the server has no recorder.
func (s *observationsServer) RecordObservation(ctx context.Context, req *pb.RecordObservationRequest) (*pb.Empty, error) {
	if s.impl == nil {
		return &pb.Empty{}, nil
	}
	if err := s.impl.RecordObservationFromPlugin(ctx, req.GetObservationType(), req.GetData().AsMap()); err != nil {
		return nil, err
	}
	return &pb.Empty{}, nil
}
