// SPDX-License-Identifier: MPL-2.0

package callback_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
	"github.com/hashicorp/vault/sdk/plugin/pb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/plugproof/plugproof/mockserver/internal/process/callback"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// field returns a message with a field of text.
func field(number protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), value)
}

// firstField returns the first field of a message if it is text, else nil.
func firstField(message []byte) []byte {
	number, kind, n := protowire.ConsumeTag(message)
	if n < 0 || number != 1 || kind != protowire.BytesType {
		return nil
	}
	value, _ := protowire.ConsumeBytes(message[n:])
	return value
}

// plugin calls as a plugin built with OpenBao's SDK does.
type plugin struct {
	t    *testing.T
	conn grpc.ClientConnInterface
}

// call returns the reply of a method of the storage, and its error.
func (p plugin) call(method string, message ...[]byte) ([]byte, error) {
	var reply []byte
	err := p.conn.Invoke(p.t.Context(), "/pb.Storage/"+method, slices.Concat(message...), &reply, grpc.ForceCodec(raw{}))
	return reply, err
}

// begin begins a transaction and returns its name.
func (p plugin) begin(method string) string {
	p.t.Helper()
	reply, err := p.call(method)
	id := string(firstField(reply))
	if err != nil || len(id) != 36 {
		p.t.Fatalf("%s: %q %v", method, reply, err)
	}
	return id
}

// errOf returns what an answer says went wrong, whose field err has that number.
func (p plugin) errOf(number protowire.Number, reply []byte, err error) error {
	p.t.Helper()
	for len(reply) > 0 && err == nil {
		n, kind, tag := protowire.ConsumeTag(reply)
		if tag < 0 {
			p.t.Fatalf("the reply %q is none", reply)
		}
		if n == number && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(reply[tag:])
			return errors.New(string(value))
		}
		reply = reply[tag+protowire.ConsumeFieldValue(n, kind, reply[tag:]):]
	}
	return err
}

func (p plugin) put(key, value, txn string) error {
	p.t.Helper()
	entry := slices.Concat(field(1, key), field(2, value))
	reply, err := p.call("Put", field(1, string(entry)), field(2, txn))
	return p.errOf(1, reply, err)
}

func (p plugin) end(method, txn string) error {
	p.t.Helper()
	reply, err := p.call(method, field(1, txn))
	return p.errOf(1, reply, err)
}

// value returns the value of a key; empty for none.
func (p plugin) value(key, txn string) string {
	p.t.Helper()
	reply, err := p.call("Get", field(1, key), field(2, txn))
	if err := p.errOf(2, reply, err); err != nil {
		p.t.Fatal(err)
	}
	var decoded pb.StorageEntry
	if err := proto.Unmarshal(firstField(reply), &decoded); err != nil {
		p.t.Fatal(err)
	}
	return string(decoded.Value)
}

// page returns the names of a page.
func (p plugin) page(prefix, after string, limit int32, txn string) []string {
	p.t.Helper()
	reply, err := p.call("ListPage", field(1, prefix), field(2, after),
		protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), uint64(limit)), field(4, txn)) //nolint:gosec // as protobuf encodes it
	if err := p.errOf(2, reply, err); err != nil {
		p.t.Fatal(err)
	}
	var decoded pb.StorageListReply
	if err := proto.Unmarshal(reply, &decoded); err != nil {
		p.t.Fatal(err)
	}
	return decoded.Keys
}

func openBao(t *testing.T, impl logical.Storage) (plugin, *callback.Server) {
	t.Helper()
	server := callback.NewServer(callback.Services{Storage: impl, Callbacks: ofOpenBao(), Logger: hclog.NewNullLogger()})
	return plugin{t, dialServer(t, server)}, server
}

// TestTransactions does what was done with a plugin built with OpenBao's SDK on OpenBao
// 2.6.2, and expects what was seen there.
func TestTransactions(t *testing.T) {
	t.Parallel()
	p, _ := openBao(t, services().Storage)
	want := func(what string, err error, text string) {
		t.Helper()
		if err == nil && text != "" || err != nil && (text == "" || !strings.Contains(err.Error(), text)) {
			t.Errorf("%s: %v, want %q", what, err, text)
		}
	}
	want("put", p.put("a", "1", ""), "")
	want("put", p.put("b/c", "2", ""), "")
	want("put", p.put("z", "3", ""), "")
	if reply, err := p.call("IsTransactional"); err != nil || string(reply) != "\x08\x01" {
		t.Errorf("it is transactional: %q %v", reply, err)
	}
	if got := p.page("", "a", 1, ""); !slices.Equal(got, []string{"b/"}) {
		t.Errorf("the page is %q", got)
	}
	if got := p.page("", "b/", -1, ""); !slices.Equal(got, []string{"z"}) {
		t.Errorf("the page is %q", got)
	}

	reading := p.begin("BeginReadOnlyTx")
	want("put into a read-only transaction", p.put("a", "x", reading), "transaction is read-only")
	want("put beside it", p.put("a", "4", ""), "")
	if got := p.value("a", reading); got != "1" {
		t.Errorf("it sees %q", got)
	}
	want("commit", p.end("Commit", reading), "")
	want("commit again", p.end("Commit", reading), "missing storage implementation")
	want("rollback", p.end("Rollback", reading), "missing storage implementation")
	// An ended transaction is the storage itself.
	if got := p.value("a", reading); got != "4" {
		t.Errorf("it sees %q at its end", got)
	}
	want("put into an ended transaction", p.put("late", "5", reading), "")
	if got := p.value("late", ""); got != "5" {
		t.Errorf("late is %q", got)
	}

	writing, second := p.begin("BeginTx"), p.begin("BeginTx")
	want("put", p.put("a", "6", writing), "")
	reply, err := p.call("Delete", field(1, "b/c"), field(2, writing))
	want("delete", p.errOf(1, reply, err), "")
	if got := p.page("", "", 0, writing); !slices.Equal(got, []string{"a", "late", "z"}) {
		t.Errorf("the list is %q", got)
	}
	list, err := p.call("List", field(1, "b/"), field(2, second))
	if err != nil || string(firstField(list)) != "c" {
		t.Errorf("the other's list is %q %v", list, err)
	}
	if got := p.value("a", second); got != "4" {
		t.Errorf("the other sees %q", got)
	}
	want("put", p.put("own", "7", second), "")
	want("commit", p.end("Commit", writing), "")
	want("commit of the other", p.end("Commit", second), "transaction commit failed")
	if a, own := p.value("a", ""), p.value("own", ""); a != "6" || own != "" {
		t.Errorf("a is %q, own %q", a, own)
	}
	rolled := p.begin("BeginTx")
	want("put", p.put("a", "8", rolled), "")
	want("rollback", p.end("Rollback", rolled), "")
	if got := p.value("a", ""); got != "6" {
		t.Errorf("a is %q", got)
	}
	reply, err = p.call("Put", field(2, ""))
	want("put of nothing", p.errOf(1, reply, err), "cannot write nil entry")
}

// TestTransactionsOfAStoppedServer: they end with the server, and none begins.
func TestTransactionsOfAStoppedServer(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*callback.Server){"at once": (*callback.Server).Stop, "in order": (*callback.Server).GracefulStop} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			physical := storage.NewTransactor(storage.NewMemory())
			p, server := openBao(t, storage.NewView(physical, "m/"))
			for range storage.TransactionLimit {
				p.begin("BeginTx")
			}
			stop(server)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			for range storage.TransactionLimit { // waits for those that are open
				if _, err := physical.Begin(ctx, "", true); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestStorageWithoutTransactions: metadata mode has an empty one, the setup before it none.
func TestStorageWithoutTransactions(t *testing.T) {
	t.Parallel()
	p, _ := openBao(t, &sdkplugin.NOOPStorage{})
	if reply, err := p.call("IsTransactional"); err != nil || len(reply) != 0 {
		t.Errorf("it is transactional: %q %v", reply, err)
	}
	if _, err := p.call("BeginTx"); err == nil || !strings.Contains(err.Error(), "does not support transactions") {
		t.Errorf("a transaction begins: %v", err)
	}
	if got := p.page("", "", 1, ""); len(got) != 0 {
		t.Errorf("the page is %q", got)
	}
	none, _ := openBao(t, nil)
	for _, method := range []string{"List", "ListPage", "Get", "Put", "Delete", "IsTransactional", "BeginTx", "BeginReadOnlyTx", "Commit", "Rollback"} {
		if _, err := none.call(method); err == nil || !strings.Contains(err.Error(), "missing storage implementation") {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// TestBeginThatFails is answered in a field, which OpenBao's SDK does not look at.
func TestBeginThatFails(t *testing.T) {
	t.Parallel()
	view := storage.NewView(storage.NewTransactor(storage.NewMemory()), "")
	view.Hold(0)
	p, _ := openBao(t, view)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := view.Begin(ctx, true); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	plain, _ := openBao(t, storage.NewView(storage.NewMemory(), ""))
	reply, err := plain.call("BeginTx")
	if err := plain.errOf(2, reply, err); err == nil || status.Code(err) != codes.Unknown {
		t.Errorf("a storage without transactions: %q %v", reply, err)
	}
	view.Release()
	p.begin("BeginTx")
}

// TestStorageServicesOfDialects: pages came first, then transactions; Vault has neither.
func TestStorageServicesOfDialects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ callbacks, known, unknown []string }{
		{nil, []string{"List"}, []string{"ListPage", "IsTransactional", "BeginTx"}},
		{[]string{callback.Pages}, []string{"List", "ListPage"}, []string{"IsTransactional", "BeginTx", "BeginReadOnlyTx", "Commit", "Rollback"}},
		{ofOpenBao(), []string{"List", "ListPage", "IsTransactional", "BeginTx", "BeginReadOnlyTx"}, nil},
	} {
		p := plugin{t, dial(t, callback.Services{Storage: services().Storage, Callbacks: c.callbacks})}
		for _, method := range c.known {
			if _, err := p.call(method); err != nil {
				t.Errorf("with %q: %s: %v", c.callbacks, method, err)
			}
		}
		for _, method := range c.unknown {
			if _, err := p.call(method); status.Code(err) != codes.Unimplemented {
				t.Errorf("with %q: %s: %v", c.callbacks, method, err)
			}
		}
	}
}
