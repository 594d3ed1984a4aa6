// SPDX-License-Identifier: MPL-2.0

package callback

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"
	"google.golang.org/grpc"

	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// What plugins may call of OpenBao's storage service, beyond vault/sdk's: pages since
// OpenBao 2.0, transactions since 2.1.
const (
	Pages        = "ListPage"
	Transactions = "IsTransactional"
)

// errNotTransactional has the text of OpenBao's sdk/plugin/grpc_storage.go.
var errNotTransactional = errors.New("underlying storage implementation does not support transactions; refusing to call transaction method")

// errStopped is returned for transactions of a server that has been stopped.
var errStopped = errors.New("the plugin's callbacks have ended")

// paged is storage that can be listed in pages: of a mount, and of a transaction.
type paged interface {
	logical.Storage
	ListPage(ctx context.Context, prefix, after string, limit int) ([]string, error)
}

// transactional is storage with transactions.
type transactional interface {
	Begin(ctx context.Context, writable bool) (*storage.ViewTransaction, error)
}

// openBaoStorage serves a mount's storage as OpenBao does (sdk/plugin/grpc_storage.go at
// v2.6.2): as there, a call that names a transaction which has ended reads and writes the
// storage itself, and ending one twice fails as if there were no storage.
type openBaoStorage struct {
	impl logical.Storage

	mu      sync.Mutex
	open    map[string]*storage.ViewTransaction
	stopped bool
}

// description describes the service for plugins that may call what is in callbacks.
func (*openBaoStorage) description(callbacks []string) *grpc.ServiceDesc {
	service := pb.Storage_ServiceDesc
	service.HandlerType = (*any)(nil)
	service.Methods = []grpc.MethodDesc{
		unary("List", (*openBaoStorage).list), unary("Get", (*openBaoStorage).get),
		unary("Put", (*openBaoStorage).put), unary("Delete", (*openBaoStorage).delete),
	}
	if slices.Contains(callbacks, Pages) {
		service.Methods = append(service.Methods, unary("ListPage", (*openBaoStorage).listPage))
	}
	if slices.Contains(callbacks, Transactions) {
		service.Methods = append(service.Methods,
			unary("IsTransactional", (*openBaoStorage).isTransactional),
			unary("BeginReadOnlyTx", (*openBaoStorage).beginReadOnly), unary("BeginTx", (*openBaoStorage).begin),
			unary("Commit", (*openBaoStorage).commit), unary("Rollback", (*openBaoStorage).rollback))
	}
	return &service
}

// unary describes a method as the generated code of a service does.
func unary[Args, Reply any](name string, call func(*openBaoStorage, context.Context, *Args) (*Reply, error)) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(server any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
		args := new(Args)
		if err := decode(args); err != nil {
			return nil, err
		}
		handle := func(ctx context.Context, args any) (any, error) {
			return call(server.(*openBaoStorage), ctx, args.(*Args))
		}
		if intercept == nil {
			return handle(ctx, args)
		}
		return intercept(ctx, args, &grpc.UnaryServerInfo{Server: server, FullMethod: "/" + pb.Storage_ServiceDesc.ServiceName + "/" + name}, handle)
	}}
}

// in returns what a call with that transaction reads and writes.
func (s *openBaoStorage) in(txn string) (logical.Storage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if tx, open := s.open[txn]; open {
		return tx, nil
	}
	if s.stopped && txn != "" { // it was rolled back
		return nil, errStopped
	}
	if s.impl == nil {
		return nil, errMissingStorage
	}
	return s.impl, nil
}

func (s *openBaoStorage) list(ctx context.Context, args *txnListArgs) (*pb.StorageListReply, error) {
	impl, err := s.in(args.Txn)
	if err != nil {
		return nil, err
	}
	keys, err := impl.List(ctx, args.Prefix)
	return &pb.StorageListReply{Keys: keys, Err: pb.ErrToString(err)}, nil
}

func (s *openBaoStorage) listPage(ctx context.Context, args *txnListPageArgs) (*pb.StorageListReply, error) {
	impl, err := s.in(args.Txn)
	if err != nil {
		return nil, err
	}
	var keys []string
	if pages, ok := impl.(paged); ok {
		keys, err = pages.ListPage(ctx, args.Prefix, args.After, int(args.Limit))
	} else { // that of metadata mode, which is empty
		keys, err = impl.List(ctx, args.Prefix)
	}
	return &pb.StorageListReply{Keys: keys, Err: pb.ErrToString(err)}, nil
}

func (s *openBaoStorage) get(ctx context.Context, args *txnKeyArgs) (*pb.StorageGetReply, error) {
	impl, err := s.in(args.Txn)
	if err != nil {
		return nil, err
	}
	entry, err := impl.Get(ctx, args.Key)
	return &pb.StorageGetReply{Entry: pb.LogicalStorageEntryToProtoStorageEntry(entry), Err: pb.ErrToString(err)}, nil
}

func (s *openBaoStorage) put(ctx context.Context, args *txnPutArgs) (*txnErrReply, error) {
	impl, err := s.in(args.Txn)
	if err != nil {
		return nil, err
	}
	entry := pb.ProtoStorageEntryToLogicalStorageEntry(args.Entry)
	if entry == nil {
		return &txnErrReply{Err: storage.ErrNilEntry.Error()}, nil
	}
	return &txnErrReply{Err: pb.ErrToString(impl.Put(ctx, entry))}, nil
}

func (s *openBaoStorage) delete(ctx context.Context, args *txnKeyArgs) (*txnErrReply, error) {
	impl, err := s.in(args.Txn)
	if err != nil {
		return nil, err
	}
	return &txnErrReply{Err: pb.ErrToString(impl.Delete(ctx, args.Key))}, nil
}

func (s *openBaoStorage) isTransactional(context.Context, *pb.Empty) (*txnIsTransactionalReply, error) {
	if s.impl == nil {
		return nil, errMissingStorage
	}
	_, ok := s.impl.(transactional)
	return &txnIsTransactionalReply{Transactional: ok}, nil
}

func (s *openBaoStorage) beginReadOnly(ctx context.Context, _ *pb.Empty) (*txnBeginReply, error) {
	return s.enter(ctx, false)
}

func (s *openBaoStorage) begin(ctx context.Context, _ *pb.Empty) (*txnBeginReply, error) {
	return s.enter(ctx, true)
}

// enter begins a transaction and gives it a name.
func (s *openBaoStorage) enter(ctx context.Context, writable bool) (*txnBeginReply, error) {
	if s.impl == nil {
		return nil, errMissingStorage
	}
	impl, ok := s.impl.(transactional)
	if !ok {
		return nil, errNotTransactional
	}
	id, err := uuid.GenerateUUID()
	if err != nil {
		return nil, err
	}
	tx, err := impl.Begin(ctx, writable)
	if err != nil {
		return &txnBeginReply{Err: err.Error()}, nil
	}
	if !s.keep(id, tx) {
		_ = tx.Rollback(ctx) // nobody has seen it
		return nil, errStopped
	}
	return &txnBeginReply{Txn: id}, nil
}

// keep keeps an open transaction. It reports false when the server was stopped.
func (s *openBaoStorage) keep(id string, tx *storage.ViewTransaction) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	if s.open == nil {
		s.open = map[string]*storage.ViewTransaction{}
	}
	s.open[id] = tx
	return true
}

// take returns an open transaction, which is known no more.
func (s *openBaoStorage) take(id string) (*storage.ViewTransaction, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx, open := s.open[id]
	if !open {
		return nil, errMissingStorage
	}
	delete(s.open, id)
	return tx, nil
}

func (s *openBaoStorage) commit(ctx context.Context, args *txnEndArgs) (*txnErrReply, error) {
	tx, err := s.take(args.Txn)
	if err != nil {
		return nil, err
	}
	return &txnErrReply{Err: pb.ErrToString(tx.Commit(ctx))}, nil
}

func (s *openBaoStorage) rollback(ctx context.Context, args *txnEndArgs) (*txnErrReply, error) {
	tx, err := s.take(args.Txn)
	if err != nil {
		return nil, err
	}
	return &txnErrReply{Err: pb.ErrToString(tx.Rollback(ctx))}, nil
}

// stop ends all transactions: the plugin that began them has ended, or left its mount.
func (s *openBaoStorage) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for _, tx := range s.open {
		_ = tx.Rollback(context.Background()) // one that has ended is what is wanted
	}
	clear(s.open)
}
