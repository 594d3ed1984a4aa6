// SPDX-License-Identifier: MPL-2.0

package transactions

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// store is the storage of a mount as OpenBao's service offers it, the storage itself or
// one transaction of it (sdk/plugin/pb/backend.proto of openbao/openbao at v2.1.1). Its
// messages are those of vault/sdk, with OpenBao's further fields appended.
type store struct {
	conn grpc.ClientConnInterface
	// txn is the name of the transaction. Empty means none.
	txn string
}

// call calls a method of the service.
func (s *store) call(ctx context.Context, method string, args, reply proto.Message) error {
	return s.conn.Invoke(ctx, "/pb.Storage/"+method, args, reply)
}

// within appends the name of the transaction to a message, as its field of that number.
func (s *store) within(number protowire.Number, args proto.Message) proto.Message {
	if s.txn == "" {
		return args
	}
	return appendText(args, number, s.txn)
}

func appendText(m proto.Message, number protowire.Number, text string) proto.Message {
	return appendFields(m, protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), text))
}

func appendFields(m proto.Message, fields []byte) proto.Message {
	reflected := m.ProtoReflect()
	reflected.SetUnknown(append(reflected.GetUnknown(), fields...))
	return m
}

// List implements logical.Storage.
func (s *store) List(ctx context.Context, prefix string) ([]string, error) {
	reply := &pb.StorageListReply{}
	err := s.call(ctx, "List", s.within(2, &pb.StorageListArgs{Prefix: prefix}), reply)
	return reply.GetKeys(), orText(err, reply.GetErr())
}

// listPage returns those names that come behind after, and no more than limit.
func (s *store) listPage(ctx context.Context, prefix, after string, limit int) ([]string, error) {
	args := appendText(&pb.StorageListArgs{Prefix: prefix}, 2, after)
	args = appendFields(args, protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), uint64(max(limit, 0))))
	reply := &pb.StorageListReply{}
	err := s.call(ctx, "ListPage", s.within(4, args), reply)
	return reply.GetKeys(), orText(err, reply.GetErr())
}

// Get implements logical.Storage.
func (s *store) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	reply := &pb.StorageGetReply{}
	err := s.call(ctx, "Get", s.within(2, &pb.StorageGetArgs{Key: key}), reply)
	return pb.ProtoStorageEntryToLogicalStorageEntry(reply.GetEntry()), orText(err, reply.GetErr())
}

// Put implements logical.Storage.
func (s *store) Put(ctx context.Context, entry *logical.StorageEntry) error {
	reply := &pb.StoragePutReply{}
	err := s.call(ctx, "Put", s.within(2, &pb.StoragePutArgs{Entry: pb.LogicalStorageEntryToProtoStorageEntry(entry)}), reply)
	return orText(err, reply.GetErr())
}

// Delete implements logical.Storage.
func (s *store) Delete(ctx context.Context, key string) error {
	reply := &pb.StorageDeleteReply{}
	err := s.call(ctx, "Delete", s.within(2, &pb.StorageDeleteArgs{Key: key}), reply)
	return orText(err, reply.GetErr())
}

// transactional reports whether the storage has transactions.
func (s *store) transactional(ctx context.Context) (bool, error) {
	reply := &wrapperspb.BoolValue{} // its field is the first one, as that of the service's reply
	err := s.call(ctx, "IsTransactional", &pb.Empty{}, reply)
	return reply.GetValue(), err
}

// begin begins a transaction.
func (s *store) begin(ctx context.Context, writable bool) (*store, error) {
	method := "BeginTx"
	if !writable {
		method = "BeginReadOnlyTx"
	}
	reply := &pb.StorageListReply{} // a text in its first field and an error in the second, as in the service's reply
	err := orText(s.call(ctx, method, &pb.Empty{}, reply), reply.GetErr())
	if err == nil && (len(reply.GetKeys()) != 1 || reply.GetKeys()[0] == "") {
		err = errors.New("the server began a transaction without a name")
	}
	if err != nil {
		return nil, err
	}
	return &store{conn: s.conn, txn: reply.GetKeys()[0]}, nil
}

// end ends the transaction with Commit or Rollback.
func (s *store) end(ctx context.Context, method string) error {
	reply := &pb.StoragePutReply{}
	err := s.call(ctx, method, &pb.StorageGetArgs{Key: s.txn}, reply) // its first field is a text, as the service's
	return orText(err, reply.GetErr())
}

// orText returns err, or the error that a reply holds as text.
func orText(err error, text string) error {
	if err == nil && text != "" {
		err = errors.New(text)
	}
	return err
}
