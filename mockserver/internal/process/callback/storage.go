// SPDX-License-Identifier: MPL-2.0

package callback

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"

	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// The text is that of vault/sdk/plugin.
var errMissingStorage = errors.New("missing storage implementation: this method should not be called during plugin Setup, but only during and after Initialize")

type storageServer struct {
	pb.UnimplementedStorageServer
	impl logical.Storage
}

func (s *storageServer) List(ctx context.Context, args *pb.StorageListArgs) (*pb.StorageListReply, error) {
	if s.impl == nil {
		return nil, errMissingStorage
	}
	keys, err := s.impl.List(ctx, args.GetPrefix())
	return &pb.StorageListReply{Keys: keys, Err: pb.ErrToString(err)}, nil
}

func (s *storageServer) Get(ctx context.Context, args *pb.StorageGetArgs) (*pb.StorageGetReply, error) {
	if s.impl == nil {
		return nil, errMissingStorage
	}
	entry, err := s.impl.Get(ctx, args.GetKey())
	return &pb.StorageGetReply{Entry: pb.LogicalStorageEntryToProtoStorageEntry(entry), Err: pb.ErrToString(err)}, nil
}

func (s *storageServer) Put(ctx context.Context, args *pb.StoragePutArgs) (*pb.StoragePutReply, error) {
	if s.impl == nil {
		return nil, errMissingStorage
	}
	reply := &pb.StoragePutReply{WalIndex: &pb.WALIndex{}}
	entry := pb.ProtoStorageEntryToLogicalStorageEntry(args.GetEntry())
	if entry == nil {
		reply.Err = storage.ErrNilEntry.Error()
		return reply, nil
	}
	reply.Err = pb.ErrToString(s.impl.Put(ctx, entry))
	return reply, nil
}

func (s *storageServer) Delete(ctx context.Context, args *pb.StorageDeleteArgs) (*pb.StorageDeleteReply, error) {
	if s.impl == nil {
		return nil, errMissingStorage
	}
	err := s.impl.Delete(ctx, args.GetKey())
	return &pb.StorageDeleteReply{Err: pb.ErrToString(err), WalIndex: &pb.WALIndex{}}, nil
}
