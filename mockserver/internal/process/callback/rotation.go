// SPDX-License-Identifier: MPL-2.0

package callback

import (
	"context"
	"time"

	"github.com/hashicorp/vault/sdk/plugin/pb"
	"github.com/hashicorp/vault/sdk/rotation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func (s *systemViewServer) GetRotationInformation(ctx context.Context, req *pb.RotationInfoRequest) (*pb.RotationInfoReply, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	info, err := s.impl.GetRotationInformation(ctx, &rotation.RotationInfoRequest{ReqPath: req.GetMountPath()})
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &pb.RotationInfoReply{
		IssueTime: info.LastVaultRotation.Unix(), ExpireTime: info.NextVaultRotation.Unix(), TTL: info.TTL,
	}, nil
}

func (s *systemViewServer) RegisterRotationJob(ctx context.Context, req *pb.RegisterRotationJobRequest) (*pb.RegisterRotationJobResponse, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	if req.GetJob() == nil {
		return nil, missing("job")
	}
	id, err := s.impl.RegisterRotationJob(ctx, rotationJob(req.GetJob()))
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &pb.RegisterRotationJobResponse{RotationID: id}, nil
}

func (s *systemViewServer) RegisterRotationJobWithResponse(ctx context.Context, req *pb.RegisterRotationJobRequest) (*pb.RegisterRotationJobWithResponseReply, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	if req.GetJob() == nil {
		return nil, missing("job")
	}
	info, err := s.impl.RegisterRotationJobWithResponse(ctx, rotationJob(req.GetJob()))
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &pb.RegisterRotationJobWithResponseReply{Info: pb.RotationInfoToProto(info)}, nil
}

// rotationJob converts a job; its durations are seconds on the wire.
func rotationJob(job *pb.RotationJobInput) *rotation.RotationJobConfigureRequest {
	return &rotation.RotationJobConfigureRequest{
		Name: job.GetName(), MountPoint: job.GetMountPoint(), ReqPath: job.GetPath(),
		RotationSchedule: job.GetRotationSchedule(), RotationPolicy: job.GetRotationPolicy(),
		RotationWindow:                 time.Duration(job.GetRotationWindow()) * time.Second,
		RotationPeriod:                 time.Duration(job.GetRotationPeriod()) * time.Second,
		MigratedLegacyNextRotationTime: time.Unix(job.GetMigratedLegacyNextRotationTime(), 0).UTC(),
	}
}

func (s *systemViewServer) DeregisterRotationJob(ctx context.Context, req *pb.DeregisterRotationJobRequest) (*pb.Empty, error) {
	if s.impl == nil {
		return nil, errMissingSystemView
	}
	if req.GetReq() == nil {
		return nil, missing("request")
	}
	err := s.impl.DeregisterRotationJob(ctx, &rotation.RotationJobDeregisterRequest{
		MountPoint: req.GetReq().GetMountPoint(), ReqPath: req.GetReq().GetReqPath(),
	})
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &pb.Empty{}, nil
}
