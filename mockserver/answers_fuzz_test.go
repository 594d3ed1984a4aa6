// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"
	"google.golang.org/protobuf/proto"

	"github.com/plugproof/plugproof/mockserver"
)

// answering is a backend that answers every request with the decoded message, as
// a plugin's answer reaches the server.
type answering struct {
	logical.Backend
	kind    logical.BackendType
	message *atomic.Pointer[pb.HandleRequestReply]
}

func (b *answering) HandleRequest(context.Context, *logical.Request) (*logical.Response, error) {
	reply := b.message.Load()
	resp, err := pb.ProtoResponseToLogicalResponse(reply.GetResponse())
	if err != nil {
		return nil, err
	}
	return resp, pb.ProtoErrToErr(reply.GetErr())
}

func (b *answering) HandleExistenceCheck(context.Context, *logical.Request) (found, exists bool, err error) {
	return true, false, pb.ProtoErrToErr(b.message.Load().GetErr())
}

func (b *answering) Initialize(context.Context, *logical.InitializationRequest) error { return nil }
func (b *answering) Cleanup(context.Context)                                          {}
func (b *answering) Type() logical.BackendType                                        { return b.kind }
func (b *answering) SpecialPaths() *logical.Paths {
	return &logical.Paths{Unauthenticated: []string{"login"}}
}

// FuzzPluginAnswers: whatever a plugin answers, the request gets an HTTP answer
// that is JSON where it says so, and the server serves on.
func FuzzPluginAnswers(f *testing.F) {
	for _, m := range []*pb.HandleRequestReply{
		{},
		{Response: &pb.Response{Data: "{}"}},
		{Response: &pb.Response{Data: `{"keys":[1,null]}`, Redirect: ":", Warnings: []string{""}}},
		{Response: &pb.Response{Data: `{"http_status_code":7,"http_content_type":"a","http_raw_body":1}`}},
		{Response: &pb.Response{Data: `{"http_status_code":1e99,"http_content_type":"a","http_raw_body":"!"}`}},
		{Response: &pb.Response{Data: `{"error":1,"data":2}`}, Err: &pb.ProtoError{ErrType: 3, ErrCode: -1}},
		{Response: &pb.Response{Data: "{}", Auth: &pb.Auth{InternalData: "null", Policies: []string{"", "root"}, Period: -1, NumUses: -1, TokenType: 77}}},
		{Response: &pb.Response{Data: "{}", Auth: &pb.Auth{InternalData: "{}", Alias: &logical.Alias{Name: "a"}, GroupAliases: []*logical.Alias{{}}, LeaseOptions: &pb.LeaseOptions{TTL: 1 << 62, MaxTTL: 1 << 62}}}},
		{Response: &pb.Response{Data: "{}", Secret: &pb.Secret{InternalData: "{}", LeaseOptions: &pb.LeaseOptions{TTL: 1 << 62, Renewable: true}}}},
		{Response: &pb.Response{Data: "{}", WrapInfo: &pb.ResponseWrapInfo{TTL: 1 << 62, Format: "jwt"}}},
		{Err: &pb.ProtoError{ErrType: 99}},
	} {
		seed, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	var message atomic.Pointer[pb.HandleRequestReply]
	message.Store(&pb.HandleRequestReply{})
	factory := func(kind logical.BackendType) logical.Factory {
		return func(context.Context, *logical.BackendConfig) (logical.Backend, error) {
			return &answering{kind: kind, message: &message}, nil
		}
	}
	s, err := mockserver.New(mockserver.WithRootToken("root"),
		mockserver.WithBackend("engine", "secret", factory(logical.TypeLogical)),
		mockserver.WithBackend("method", "auth", factory(logical.TypeCredential)))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		message.Store(&pb.HandleRequestReply{})
		s.Close()
	})
	call := func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(context.Background(), method, "/v1/"+path, strings.NewReader(body))
		r.Header.Set("X-Vault-Token", "root")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	for path, body := range map[string]string{"sys/mounts/m": `{"type":"engine"}`, "sys/auth/a": `{"type":"method"}`} {
		if w := call("POST", path, body); w.Code >= 300 {
			f.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		reply := &pb.HandleRequestReply{}
		if proto.Unmarshal(raw, reply) != nil {
			t.Skip("no answer")
		}
		message.Store(reply)
		for _, path := range []string{"m/x", "m/login", "auth/a/x", "auth/a/login"} {
			for _, method := range []string{"GET", "LIST", "POST"} {
				w := call(method, path, "{}")
				body := w.Body.Bytes()
				if w.Header().Get("Content-Type") == "application/json" && reply.GetResponse().GetData() == "{}" && len(body) > 0 && !json.Valid(body) {
					t.Errorf("%s %s: %d with %q", method, path, w.Code, body)
				}
			}
		}
		if w := call("GET", "sys/mounts", ""); w.Code != http.StatusOK {
			t.Fatalf("the server answers %d %s", w.Code, w.Body)
		}
	})
}
