// SPDX-License-Identifier: MPL-2.0

package targets_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/targets"
)

// realServer gives the program of a real server to test with.
func realServer(t *testing.T) string {
	t.Helper()
	path := os.Getenv("PLUGPROOF_TEST_SERVER")
	if path == "" {
		t.Skip("PLUGPROOF_TEST_SERVER names no vault or bao program")
	}
	return path
}

func parse(t *testing.T, spec string, opts targets.Options) steps.Target {
	t.Helper()
	target, err := targets.Parse(spec, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := target.Close(context.Background()); err != nil {
			t.Errorf("close %s: %v", spec, err)
		}
	})
	return target
}

func serve(t *testing.T, target steps.Target, spec steps.Spec) steps.Server {
	t.Helper()
	server, err := target.Server(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return server
}

// ask sends one request with the server's token and returns status and body.
func ask(t *testing.T, server steps.Server, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, server.Address()+"/v1/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Vault-Token", server.Token())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestBinaryServesZeroSpecsWithOneServer(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	target := parse(t, "binary:"+realServer(t), targets.Options{})
	one, other := serve(t, target, steps.Spec{}), serve(t, target, steps.Spec{})
	own := serve(t, target, steps.Spec{Fresh: true})
	g.Expect(one.Address()).To(Equal(other.Address()))
	g.Expect(own.Address()).NotTo(Equal(one.Address()))
	status, body := ask(t, one, "GET", "sys/mounts", "")
	g.Expect(status).To(Equal(200))
	g.Expect(body).To(ContainSubstring(`"secret/"`))
	g.Expect(one.Restart(t.Context(), false)).To(MatchError(ContainSubstring("shared")))
}

func TestBinaryKeepsStateOverRestartAndKill(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	target := parse(t, "binary:"+realServer(t), targets.Options{})
	server := serve(t, target, steps.Spec{State: true})
	status, body := ask(t, server, "POST", "sys/mounts/kept", `{"type":"kv"}`)
	g.Expect(status).To(Equal(204), body)
	for _, kill := range []bool{false, true} {
		g.Expect(server.Restart(t.Context(), kill)).To(Succeed())
		status, body = ask(t, server, "GET", "sys/mounts", "")
		g.Expect(status).To(Equal(200))
		g.Expect(body).To(And(ContainSubstring(`"kept/"`), ContainSubstring(`"secret/"`)))
	}
	logs, err := server.Logs(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(logs).NotTo(ContainSubstring(server.Token()))
}

func TestBinaryWithoutAPIAddressOrPluginDirectory(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	target := parse(t, "binary:"+realServer(t), targets.Options{})
	server := serve(t, target, steps.Spec{NoAPIAddr: true, NoPluginDir: true})
	g.Expect(server.PluginDir()).To(BeEmpty())
	status, body := ask(t, server, "PUT", "sys/plugins/catalog/secret/x", `{"command":"x","sha256":"00"}`)
	g.Expect(status).To(Equal(500))
	g.Expect(body).To(ContainSubstring("plugin directory is not configured"))
	logs, err := server.Logs(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(logs).To(ContainSubstring("no `api_addr` value specified"))
}
