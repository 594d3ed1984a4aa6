// SPDX-License-Identifier: MPL-2.0

package callback

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The text is that of vault/sdk/plugin.
var errMissingSystemView = errors.New("missing system view implementation: this method should not be called during plugin Setup, but only during and after Initialize")

type systemViewServer struct {
	pb.UnimplementedSystemViewServer
	impl logical.SystemView
}

func (s *systemViewServer) DefaultLeaseTTL(context.Context, *pb.Empty) (*pb.TTLReply, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	return &pb.TTLReply{TTL: int64(s.impl.DefaultLeaseTTL())}, nil
}

func (s *systemViewServer) MaxLeaseTTL(context.Context, *pb.Empty) (*pb.TTLReply, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	return &pb.TTLReply{TTL: int64(s.impl.MaxLeaseTTL())}, nil
}

func (s *systemViewServer) Tainted(context.Context, *pb.Empty) (*pb.TaintedReply, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	return &pb.TaintedReply{Tainted: s.impl.Tainted()}, nil
}

func (s *systemViewServer) CachingDisabled(context.Context, *pb.Empty) (*pb.CachingDisabledReply, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	return &pb.CachingDisabledReply{Disabled: s.impl.CachingDisabled()}, nil
}

func (s *systemViewServer) ReplicationState(context.Context, *pb.Empty) (*pb.ReplicationStateReply, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	return &pb.ReplicationStateReply{State: int32(s.impl.ReplicationState())}, nil
}

// ResponseWrapData never makes a JWT, as in real servers.
func (s *systemViewServer) ResponseWrapData(ctx context.Context, args *pb.ResponseWrapDataArgs) (*pb.ResponseWrapDataReply, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	data := map[string]any{}
	if err := json.Unmarshal([]byte(args.GetData()), &data); err != nil {
		return nil, err
	}
	info, err := s.impl.ResponseWrapData(ctx, data, time.Duration(args.GetTTL()), false)
	if err != nil {
		return &pb.ResponseWrapDataReply{Err: err.Error()}, nil
	}
	converted, err := pb.LogicalResponseWrapInfoToProtoResponseWrapInfo(info)
	if err != nil {
		return nil, err
	}
	return &pb.ResponseWrapDataReply{WrapInfo: converted}, nil
}

func (s *systemViewServer) MlockEnabled(context.Context, *pb.Empty) (*pb.MlockEnabledReply, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	return &pb.MlockEnabledReply{Enabled: s.impl.MlockEnabled()}, nil
}

func (s *systemViewServer) LocalMount(context.Context, *pb.Empty) (*pb.LocalMountReply, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	return &pb.LocalMountReply{Local: s.impl.LocalMount()}, nil
}

func (s *systemViewServer) EntityInfo(_ context.Context, args *pb.EntityInfoArgs) (*pb.EntityInfoReply, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	entity, err := s.impl.EntityInfo(args.GetEntityID())
	if err != nil {
		return &pb.EntityInfoReply{Err: err.Error()}, nil
	}
	return &pb.EntityInfoReply{Entity: entity}, nil
}

func (s *systemViewServer) GroupsForEntity(_ context.Context, args *pb.EntityInfoArgs) (*pb.GroupsForEntityReply, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	groups, err := s.impl.GroupsForEntity(args.GetEntityID())
	if err != nil {
		return &pb.GroupsForEntityReply{Err: err.Error()}, nil
	}
	return &pb.GroupsForEntityReply{Groups: groups}, nil
}

func (s *systemViewServer) PluginEnv(ctx context.Context, _ *pb.Empty) (*pb.PluginEnvReply, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	env, err := s.impl.PluginEnv(ctx)
	if err != nil {
		return &pb.PluginEnvReply{Err: err.Error()}, nil
	}
	return &pb.PluginEnvReply{PluginEnvironment: env}, nil
}

func (s *systemViewServer) GeneratePasswordFromPolicy(ctx context.Context, req *pb.GeneratePasswordFromPolicyRequest) (*pb.GeneratePasswordFromPolicyReply, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	if req.GetPolicyName() == "" {
		return nil, status.Error(codes.InvalidArgument, "no password policy specified")
	}
	password, err := s.impl.GeneratePasswordFromPolicy(ctx, req.GetPolicyName())
	if err != nil {
		return nil, status.Error(codes.Internal, "failed to generate password")
	}
	return &pb.GeneratePasswordFromPolicyReply{Password: password}, nil
}

func (s *systemViewServer) ClusterInfo(ctx context.Context, _ *pb.Empty) (*pb.ClusterInfoReply, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	id, err := s.impl.ClusterID(ctx)
	if err != nil {
		return nil, status.Error(codes.Internal, "failed to fetch cluster id")
	}
	return &pb.ClusterInfoReply{ClusterID: id}, nil
}

func (s *systemViewServer) GenerateIdentityToken(ctx context.Context, req *pb.GenerateIdentityTokenRequest) (*pb.GenerateIdentityTokenResponse, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	token, err := s.impl.GenerateIdentityToken(ctx, &pluginutil.IdentityTokenRequest{
		Audience: req.GetAudience(), TTL: time.Duration(req.GetTTL()) * time.Second,
	})
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &pb.GenerateIdentityTokenResponse{Token: token.Token.Token(), TTL: int64(token.TTL.Seconds())}, nil
}
