// SPDX-License-Identifier: MPL-2.0

package callback_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/helper/wrapping"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"
	"github.com/hashicorp/vault/sdk/rotation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/plugproof/plugproof/mockserver/internal/process/callback"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// view is a system view that answers everything, with nothing where it can.
type view struct{ logical.StaticSystemView }

func (view) ResponseWrapData(context.Context, map[string]any, time.Duration, bool) (*wrapping.ResponseWrapInfo, error) {
	return nil, nil
}

func (view) GenerateIdentityToken(context.Context, *pluginutil.IdentityTokenRequest) (*pluginutil.IdentityTokenResponse, error) {
	return nil, nil
}

func (view) GetRotationInformation(context.Context, *rotation.RotationInfoRequest) (*rotation.RotationInfoResponse, error) {
	return nil, nil
}

func (view) RegisterRotationJob(context.Context, *rotation.RotationJobConfigureRequest) (string, error) {
	return "", nil
}

func (view) RegisterRotationJobWithResponse(context.Context, *rotation.RotationJobConfigureRequest) (*rotation.RotationInfo, error) {
	return nil, nil
}

func (view) DeregisterRotationJob(context.Context, *rotation.RotationJobDeregisterRequest) error {
	return nil
}

// dial serves the services and returns a plugin's connection to them.
func dial(t testing.TB, s callback.Services) *grpc.ClientConn {
	t.Helper()
	s.Logger = hclog.NewNullLogger()
	return dialServer(t, callback.NewServer(s))
}

// dialServer serves a server and returns a plugin's connection to it.
func dialServer(t testing.TB, server *callback.Server) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:callback",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// all returns everything that any server lets plugins call.
func all() []string {
	return []string{
		"Events", "Observations", "GenerateIdentityToken", "RegisterRotationJob", "DeregisterRotationJob",
		"GetRotationInformation", "RegisterRotationJobWithResponse",
	}
}

// ofOpenBao returns everything that any OpenBao lets plugins call.
func ofOpenBao() []string { return []string{callback.Pages, callback.Transactions} }

func services() callback.Services {
	return callback.Services{Storage: storage.NewView(storage.NewTransactor(storage.NewMemory()), ""), System: view{}, Callbacks: all()}
}

func TestStorage(t *testing.T) {
	t.Parallel()
	client := pb.NewStorageClient(dial(t, services()))
	ctx := t.Context()
	put, err := client.Put(ctx, &pb.StoragePutArgs{Entry: &pb.StorageEntry{Key: "a/b", Value: []byte("v")}})
	if err != nil || put.Err != "" {
		t.Fatalf("%v %v", put, err)
	}
	got, err := client.Get(ctx, &pb.StorageGetArgs{Key: "a/b"})
	if err != nil || got.Err != "" || string(got.GetEntry().GetValue()) != "v" {
		t.Fatalf("%v %v", got, err)
	}
	list, err := client.List(ctx, &pb.StorageListArgs{Prefix: "a/"})
	if err != nil || !slices.Equal(list.Keys, []string{"b"}) {
		t.Fatalf("%v %v", list, err)
	}
	if deleted, err := client.Delete(ctx, &pb.StorageDeleteArgs{Key: "a/b"}); err != nil || deleted.Err != "" {
		t.Fatalf("%v %v", deleted, err)
	}
	if got, err = client.Get(ctx, &pb.StorageGetArgs{Key: "a/b"}); err != nil || got.Entry != nil {
		t.Fatalf("a deleted entry is %v %v", got, err)
	}
	// Real servers answer these two so.
	if put, err = client.Put(ctx, &pb.StoragePutArgs{}); err != nil || put.Err != "cannot write nil entry" {
		t.Errorf("a nil entry: %v %v", put, err)
	}
	if got, err = client.Get(ctx, &pb.StorageGetArgs{Key: "../a"}); err != nil || got.Err != logical.ErrRelativePath.Error() {
		t.Errorf("a key outside of the mount: %v %v", got, err)
	}
}

// TestMessagesWithoutTheirPart: vault/sdk's server dereferences what these lack.
func TestMessagesWithoutTheirPart(t *testing.T) {
	t.Parallel()
	client := pb.NewSystemViewClient(dial(t, services()))
	for name, call := range map[string]func() error{
		"RegisterRotationJob": func() error {
			_, err := client.RegisterRotationJob(t.Context(), &pb.RegisterRotationJobRequest{})
			return err
		},
		"RegisterRotationJobWithResponse": func() error {
			_, err := client.RegisterRotationJobWithResponse(t.Context(), &pb.RegisterRotationJobRequest{})
			return err
		},
		"DeregisterRotationJob": func() error {
			_, err := client.DeregisterRotationJob(t.Context(), &pb.DeregisterRotationJobRequest{})
			return err
		},
	} {
		if err := call(); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPanicFailsOneCall: the view answers with nil, which the server can't use.
func TestPanicFailsOneCall(t *testing.T) {
	t.Parallel()
	client := pb.NewSystemViewClient(dial(t, services()))
	_, err := client.GenerateIdentityToken(t.Context(), &pb.GenerateIdentityTokenRequest{})
	if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "GenerateIdentityToken") {
		t.Fatalf("got %v", err)
	}
	if _, err := client.Tainted(t.Context(), &pb.Empty{}); err != nil {
		t.Fatalf("the next call: %v", err)
	}
}

func TestNothingImplemented(t *testing.T) {
	t.Parallel()
	conn := dial(t, callback.Services{Callbacks: all()})
	if _, err := pb.NewStorageClient(conn).Get(t.Context(), &pb.StorageGetArgs{}); err == nil || !strings.Contains(err.Error(), "missing storage implementation") {
		t.Errorf("storage: %v", err)
	}
	if _, err := pb.NewSystemViewClient(conn).Tainted(t.Context(), &pb.Empty{}); err == nil || !strings.Contains(err.Error(), "missing system view implementation") {
		t.Errorf("system view: %v", err)
	}
	if _, err := pb.NewEventsClient(conn).SendEvent(t.Context(), &pb.SendEventRequest{}); err != nil {
		t.Errorf("events are dropped: %v", err)
	}
	if _, err := pb.NewObservationsClient(conn).RecordObservation(t.Context(), &pb.RecordObservationRequest{}); err != nil {
		t.Errorf("observations are dropped: %v", err)
	}
}

// raw sends bytes as they are.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error)      { return v.([]byte), nil }
func (raw) Unmarshal(data []byte, v any) error { *v.(*[]byte) = slices.Clone(data); return nil }
func (raw) Name() string                       { return "proto" }

// methods are all that a plugin can call, sorted.
func methods() []string {
	var names []string
	for _, service := range []grpc.ServiceDesc{
		pb.Storage_ServiceDesc, pb.SystemView_ServiceDesc, pb.Events_ServiceDesc, pb.Observations_ServiceDesc,
	} {
		for _, m := range service.Methods {
			names = append(names, "/"+service.ServiceName+"/"+m.MethodName)
		}
	}
	for _, name := range []string{"ListPage", "IsTransactional", "BeginReadOnlyTx", "BeginTx", "Commit", "Rollback"} {
		names = append(names, "/pb.Storage/"+name)
	}
	slices.Sort(names)
	return names
}

// FuzzCalls lets a plugin send any bytes to any method. Nothing may end the
// process, and the services must answer afterwards.
func FuzzCalls(f *testing.F) {
	names := methods()
	for i := range names {
		f.Add(uint8(i), []byte(nil))
		f.Add(uint8(i), []byte("\x0a\x03a/b\x12\x00"))
		f.Add(uint8(i), []byte("\x0a\x04\x0a\x02..\x10\xff\xff\xff\xff\xff\xff\xff\xff\x7f"))
	}
	openBao := services()
	openBao.Callbacks = ofOpenBao()
	conns := []*grpc.ClientConn{dial(f, services()), dial(f, openBao)}
	f.Fuzz(func(t *testing.T, method uint8, message []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for _, conn := range conns {
			var reply []byte
			name := names[int(method)%len(names)]
			err := conn.Invoke(ctx, name, message, &reply, grpc.ForceCodec(raw{}))
			if code := status.Code(err); code == codes.Unavailable || code == codes.DeadlineExceeded {
				t.Fatalf("the services are gone: %v", err)
			}
			if began := firstField(reply); strings.HasSuffix(name, "Tx") && began != nil { // no more than some may be open
				if err := conn.Invoke(ctx, "/pb.Storage/Rollback", field(1, string(began)), &reply, grpc.ForceCodec(raw{})); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := pb.NewSystemViewClient(conn).Tainted(ctx, &pb.Empty{}); err != nil {
				t.Fatalf("the next call failed: %v", err)
			}
		}
	})
}

// TestCallbacksOfDialects: what a server's SDK did not have yet is unknown.
func TestCallbacksOfDialects(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	call := func(callbacks ...string) map[string]error {
		conn := dial(t, callback.Services{System: view{}, Callbacks: callbacks})
		system := pb.NewSystemViewClient(conn)
		_, token := system.GenerateIdentityToken(ctx, &pb.GenerateIdentityTokenRequest{})
		_, deregister := system.DeregisterRotationJob(ctx, &pb.DeregisterRotationJobRequest{Req: &pb.DeregisterRotationRequestInput{}})
		_, events := pb.NewEventsClient(conn).SendEvent(ctx, &pb.SendEventRequest{})
		_, observations := pb.NewObservationsClient(conn).RecordObservation(ctx, &pb.RecordObservationRequest{})
		_, ttl := system.MaxLeaseTTL(ctx, &pb.Empty{})
		return map[string]error{"GenerateIdentityToken": token, "DeregisterRotationJob": deregister, "Events": events, "Observations": observations, "MaxLeaseTTL": ttl}
	}
	for _, known := range [][]string{nil, {"Events"}, {"Events", "GenerateIdentityToken"}, {"Events", "Observations", "GenerateIdentityToken", "DeregisterRotationJob"}} {
		for name, err := range call(known...) {
			unknown := status.Code(err) == codes.Unimplemented
			if want := name != "MaxLeaseTTL" && !slices.Contains(known, name); unknown != want {
				t.Errorf("with %q: %s: %v, unknown: %v", known, name, err, want)
			}
		}
	}
	if err := call()["DeregisterRotationJob"]; err == nil || err.Error() != "rpc error: code = Unimplemented desc = unknown method DeregisterRotationJob for service pb.SystemView" {
		t.Errorf("the text of an unknown method: %v", err)
	}
}
