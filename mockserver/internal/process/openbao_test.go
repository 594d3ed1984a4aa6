// SPDX-License-Identifier: MPL-2.0

package process_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/logical"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
	"github.com/hashicorp/vault/sdk/plugin/pb"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/plugproof/plugproof/mockserver/internal/process"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// serveOpenBao serves a plugin that begins a transaction with each request, as one built
// with OpenBao's SDK may, and forgets to end it.
func serveOpenBao() error {
	set := plugin.PluginSet{"backend": &leakingPlugin{}}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  sdkplugin.HandshakeConfig,
		VersionedPlugins: map[int]plugin.PluginSet{5: set},
		TLSProvider:      api.VaultPluginTLSProvider(nil),
		GRPCServer:       plugin.DefaultGRPCServer,
	})
	return nil
}

// leakingPlugin serves pb.Backend by hand: vault/sdk does not let a backend have the
// connection to its storage.
type leakingPlugin struct{ plugin.NetRPCUnsupportedPlugin }

func (*leakingPlugin) GRPCServer(broker *plugin.GRPCBroker, s *grpc.Server) error {
	pb.RegisterBackendServer(s, &leakingBackend{broker: broker})
	return nil
}

func (*leakingPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("a plugin serves only")
}

type leakingBackend struct {
	pb.UnimplementedBackendServer
	broker *plugin.GRPCBroker
	conn   *grpc.ClientConn
}

func (b *leakingBackend) Setup(_ context.Context, args *pb.SetupArgs) (*pb.SetupReply, error) {
	conn, err := b.broker.Dial(args.GetBrokerID())
	b.conn = conn
	return &pb.SetupReply{}, err
}

func (b *leakingBackend) Cleanup(context.Context, *pb.Empty) (*pb.Empty, error) {
	return &pb.Empty{}, b.conn.Close()
}

func (*leakingBackend) Type(context.Context, *pb.Empty) (*pb.TypeReply, error) {
	return &pb.TypeReply{Type: uint32(logical.TypeLogical)}, nil
}

func (*leakingBackend) SpecialPaths(context.Context, *pb.Empty) (*pb.SpecialPathsReply, error) {
	return &pb.SpecialPathsReply{}, nil
}

// HandleRequest begins a transaction, and writes into it.
func (b *leakingBackend) HandleRequest(ctx context.Context, args *pb.HandleRequestArgs) (*pb.HandleRequestReply, error) {
	if args.GetRequest().GetPath() == "crash" {
		os.Exit(7)
	}
	// A string in the first field, as StorageBeginTxReply and the others have it.
	txn := &wrapperspb.StringValue{}
	if err := b.conn.Invoke(ctx, "/pb.Storage/BeginTx", &pb.Empty{}, txn); err != nil {
		return nil, err
	}
	if txn.GetValue() == "" {
		return nil, errors.New("there is no transaction")
	}
	entry := &pb.StoragePutArgs{Entry: &pb.StorageEntry{Key: "k", Value: []byte("v")}}
	entry.ProtoReflect().SetUnknown(append([]byte{2<<3 | 2, byte(len(txn.GetValue()))}, txn.GetValue()...))
	reply := &pb.StoragePutReply{}
	if err := b.conn.Invoke(ctx, "/pb.Storage/Put", entry, reply); err != nil || reply.GetErr() != "" {
		return nil, errors.Join(err, errors.New(reply.GetErr()))
	}
	return &pb.HandleRequestReply{}, nil
}

// TestTransactionsOfPluginsEnd: what a plugin left open ends when it leaves its mount,
// crashes or is started anew.
func TestTransactionsOfPluginsEnd(t *testing.T) {
	t.Parallel()
	request := func(b *process.Backend, path string) error {
		_, err := b.HandleRequest(t.Context(), &logical.Request{Operation: logical.ReadOperation, Path: path})
		return err
	}
	for name, end := range map[string]func(*process.Backend){
		"unmounted": func(b *process.Backend) { b.Cleanup(t.Context()) },
		"reloaded": func(b *process.Backend) {
			b.Cleanup(context.WithValue(t.Context(), sdkplugin.ContextKeyPluginReload, "reload"))
		},
		"killed": func(b *process.Backend) { b.Kill(true) },
		"crashed": func(b *process.Backend) {
			if request(b, "crash") == nil {
				t.Error("the plugin lives")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPool(t, func(h *process.Host) { h.Callbacks = []string{"ListPage", "IsTransactional"} })
			physical := storage.NewTransactor(storage.NewMemory())
			conf := config("m")
			conf.StorageView = storage.NewView(physical, "m/")
			b, err := p.Backend(t.Context(), fixed(entry(t, "openbao")), conf)
			if err != nil {
				t.Fatal(err)
			}
			for range storage.TransactionLimit {
				if err := request(b, "leak"); err != nil {
					t.Fatal(err)
				}
			}
			end(b)
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			for range storage.TransactionLimit { // waits for those that are open
				if _, err := physical.Begin(ctx, "", true); err != nil {
					t.Fatal(err)
				}
			}
			if keys, err := conf.StorageView.List(t.Context(), ""); err != nil || len(keys) != 0 {
				t.Errorf("what was not committed was written: %q %v", keys, err)
			}
		})
	}
}
