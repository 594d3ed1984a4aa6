// SPDX-License-Identifier: MPL-2.0

package callback

import (
	"fmt"

	"github.com/hashicorp/vault/sdk/plugin/pb"
)

// The messages of OpenBao's storage service that vault/sdk has not, or without the field
// txn (sdk/plugin/pb/backend.proto of openbao/openbao at v2.1.1). They are described by
// their tags: OpenBao's own package registers the names of vault/sdk's, which a process
// can't have twice.

// txnKeyArgs is StorageGetArgs and StorageDeleteArgs.
type txnKeyArgs struct {
	Key string `protobuf:"bytes,1,opt,name=key,proto3"`
	Txn string `protobuf:"bytes,2,opt,name=txn,proto3"`
}

type txnListArgs struct {
	Prefix string `protobuf:"bytes,1,opt,name=prefix,proto3"`
	Txn    string `protobuf:"bytes,2,opt,name=txn,proto3"`
}

type txnListPageArgs struct {
	Prefix string `protobuf:"bytes,1,opt,name=prefix,proto3"`
	After  string `protobuf:"bytes,2,opt,name=after,proto3"`
	Limit  int32  `protobuf:"varint,3,opt,name=limit,proto3"`
	Txn    string `protobuf:"bytes,4,opt,name=txn,proto3"`
}

type txnPutArgs struct {
	Entry *pb.StorageEntry `protobuf:"bytes,1,opt,name=entry,proto3"`
	Txn   string           `protobuf:"bytes,2,opt,name=txn,proto3"`
}

// txnEndArgs is StorageCommitTxArgs and StorageRollbackTxArgs.
type txnEndArgs struct {
	Txn string `protobuf:"bytes,1,opt,name=txn,proto3"`
}

// txnErrReply is the reply of all calls that return nothing: StoragePutReply,
// StorageDeleteReply, StorageCommitTxReply and StorageRollbackTxReply.
type txnErrReply struct {
	Err string `protobuf:"bytes,1,opt,name=err,proto3"`
}

type txnBeginReply struct {
	Txn string `protobuf:"bytes,1,opt,name=txn,proto3"`
	Err string `protobuf:"bytes,2,opt,name=err,proto3"`
}

type txnIsTransactionalReply struct {
	Transactional bool `protobuf:"varint,1,opt,name=transactional,proto3"`
}

func (*txnKeyArgs) ProtoMessage()              {}
func (*txnListArgs) ProtoMessage()             {}
func (*txnListPageArgs) ProtoMessage()         {}
func (*txnPutArgs) ProtoMessage()              {}
func (*txnEndArgs) ProtoMessage()              {}
func (*txnErrReply) ProtoMessage()             {}
func (*txnBeginReply) ProtoMessage()           {}
func (*txnIsTransactionalReply) ProtoMessage() {}

func (m *txnKeyArgs) Reset()              { *m = txnKeyArgs{} }
func (m *txnListArgs) Reset()             { *m = txnListArgs{} }
func (m *txnListPageArgs) Reset()         { *m = txnListPageArgs{} }
func (m *txnPutArgs) Reset()              { *m = txnPutArgs{} }
func (m *txnEndArgs) Reset()              { *m = txnEndArgs{} }
func (m *txnErrReply) Reset()             { *m = txnErrReply{} }
func (m *txnBeginReply) Reset()           { *m = txnBeginReply{} }
func (m *txnIsTransactionalReply) Reset() { *m = txnIsTransactionalReply{} }

func (m *txnKeyArgs) String() string              { return fmt.Sprintf("%+v", *m) }
func (m *txnListArgs) String() string             { return fmt.Sprintf("%+v", *m) }
func (m *txnListPageArgs) String() string         { return fmt.Sprintf("%+v", *m) }
func (m *txnPutArgs) String() string              { return fmt.Sprintf("%+v", *m) }
func (m *txnEndArgs) String() string              { return fmt.Sprintf("%+v", *m) }
func (m *txnErrReply) String() string             { return fmt.Sprintf("%+v", *m) }
func (m *txnBeginReply) String() string           { return fmt.Sprintf("%+v", *m) }
func (m *txnIsTransactionalReply) String() string { return fmt.Sprintf("%+v", *m) }

// GetKey, GetPrefix, GetEntry and GetErr are what traces ask messages for.

func (m *txnKeyArgs) GetKey() string             { return m.Key }
func (m *txnListArgs) GetPrefix() string         { return m.Prefix }
func (m *txnListPageArgs) GetPrefix() string     { return m.Prefix }
func (m *txnPutArgs) GetEntry() *pb.StorageEntry { return m.Entry }
func (m *txnErrReply) GetErr() string            { return m.Err }
func (m *txnBeginReply) GetErr() string          { return m.Err }
