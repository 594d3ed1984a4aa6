// SPDX-License-Identifier: MPL-2.0

package mocktest_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/mockserver/mocktest"
)

// greeter is a backend as a plugin author writes it.
func greeter(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
	b := &framework.Backend{
		BackendType: logical.TypeLogical,
		Paths: []*framework.Path{{
			Pattern: "hello/" + framework.GenericNameRegex("name"),
			Fields:  map[string]*framework.FieldSchema{"name": {Type: framework.TypeString}},
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation: &framework.PathOperation{Callback: func(_ context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
					conf.Logger.Info("greeting", "name", d.Get("name"))
					return &logical.Response{Data: map[string]any{"greeting": "hello, " + d.Get("name").(string)}}, nil
				}},
			},
		}},
	}
	return b, b.Setup(ctx, conf)
}

func ExampleStart() {
	t := newTest() // yours is that of TestGreeter(t *testing.T)
	defer t.end()

	s := mocktest.Start(t, mockserver.WithBackend("greeter", "secret", greeter))
	if err := s.Client.Sys().Mount("g", &api.MountInput{Type: "greeter"}); err != nil {
		t.Fatal(err)
	}
	secret, err := s.Client.Logical().Read("g/hello/bob")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(secret.Data["greeting"])
	// Output: hello, bob
}

// test is what a test sees of *testing.T, for an example and to look at what
// Start does with it.
type test struct {
	testing.TB
	ctx      context.Context
	cancel   context.CancelFunc
	cleanups []func()
	log      strings.Builder
	ended    bool
}

func newTest() *test {
	t := &test{}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t
}

func (t *test) Helper()                  {}
func (t *test) Context() context.Context { return t.ctx }
func (t *test) Cleanup(f func())         { t.cleanups = append(t.cleanups, f) }
func (t *test) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }

func (t *test) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (t *test) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (t *test) Log(args ...any) {
	if t.ended {
		panic("logged after the end")
	}
	fmt.Fprintln(&t.log, args...)
}

func (t *test) end() {
	t.cancel()
	for _, f := range t.cleanups {
		f()
	}
	t.ended = true
}

func TestServerEndsWithItsTest(t *testing.T) {
	t.Setenv("VAULT_ADDR", "http://192.0.2.1:1")
	t.Setenv("VAULT_NAMESPACE", "elsewhere")
	own := newTest()
	s := mocktest.Start(own, mockserver.WithBackend("greeter", "secret", greeter), mockserver.WithDialect("openbao-2.6"))
	if err := s.Client.Sys().Mount("g", &api.MountInput{Type: "greeter"}); err != nil {
		t.Fatal(err)
	}
	if secret, err := s.Client.Logical().Read("g/hello/bob"); err != nil || secret.Data["greeting"] != "hello, bob" {
		t.Fatalf("%+v %v", secret, err)
	}
	own.end()
	client := http.Client{Timeout: time.Second}
	if resp, err := client.Get(s.Address()); err == nil {
		resp.Body.Close()
		t.Error("the server is still there")
	}
	if !strings.Contains(own.log.String(), "greeting: name=bob") {
		t.Errorf("the backend's line is not in the log: %s", own.log.String())
	}
}

func TestWithLogger(t *testing.T) {
	t.Parallel()
	own := newTest()
	mocktest.Start(own, mockserver.WithLogger(hclog.NewNullLogger()))
	own.end()
	if own.log.Len() > 0 {
		t.Errorf("the test's log has %s", own.log.String())
	}
}

// TestNilArguments: what is nil means the default, or fails the test with a
// sentence.
func TestNilArguments(t *testing.T) {
	t.Parallel()
	s := mocktest.Start(t, mockserver.WithLogger(nil), mockserver.WithEnviron(nil), mockserver.WithClock(nil), mockserver.WithDialectData(nil))
	if _, err := s.Client.Sys().Health(); err != nil {
		t.Error(err)
	}
	for want, option := range map[string]mockserver.Option{
		"option 1 is nil":                    nil,
		"a backend needs a name and a facto": mockserver.WithBackend("x", "secret", nil),
	} {
		_, err := mockserver.New(option)
		var bad *mockserver.OptionError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	defer func() {
		if got := recover(); got == nil || !strings.Contains(got.(string), "option 2 is nil") {
			t.Errorf("Start failed the test with %v", got)
		}
	}()
	mocktest.Start(newTest(), nil) // behind the one for the log
}

func TestTLS(t *testing.T) {
	t.Parallel()
	other := httptest.NewTLSServer(nil) // for its certificate
	defer other.Close()
	pair := other.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, "key.pem": {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := mocktest.Start(t, mockserver.WithTLS(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")))
	if _, err := s.Client.Sys().ListMounts(); err != nil || !strings.HasPrefix(s.Address(), "https://") {
		t.Errorf("%s: %v", s.Address(), err)
	}
}
