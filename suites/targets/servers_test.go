// SPDX-License-Identifier: MPL-2.0

package targets_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/steps/host"
	"github.com/plugproof/plugproof/suites/internal/servertest"
	"github.com/plugproof/plugproof/suites/targets"
)

// kinds returns the targets that start servers on this machine, each with what
// makes it; those that can't run here skip their test.
func kinds(program string) map[string]func(*testing.T) steps.Target {
	return map[string]func(*testing.T) steps.Target{
		"mock": func(t *testing.T) steps.Target { return parse(t, "mock", targets.Options{}) },
		"changed mock": func(t *testing.T) steps.Target {
			target := targets.Mock("changed", newest(t), targets.Faults{
				Handler: func(s *mockserver.Server, _ string) http.Handler { return s },
				Environ: func(env []string) []string { return env },
			})
			return closing(t, target)
		},
		"mock-process": func(t *testing.T) steps.Target {
			return parse(t, "mock-process", targets.Options{Executable: program})
		},
		"binary": func(t *testing.T) steps.Target {
			return parse(t, "binary:"+servertest.RealServer(t), targets.Options{})
		},
		"container": func(t *testing.T) steps.Target {
			cli := engineClient(t)
			return parse(t, "container:"+scratchImage(t, cli, program, imageVariable(t, cli)...), targets.Options{})
		},
		"container of a real server": func(t *testing.T) steps.Target {
			cli := engineClient(t)
			return parse(t, "container:"+scratchImage(t, cli, servertest.RealServer(t), imageVariable(t, cli)...), targets.Options{})
		},
	}
}

func TestServers(t *testing.T) {
	t.Parallel()
	plugin := program(t, "plugins/probe/cmd/probe", "plugin")
	for name, make := range kinds(program(t, ".", "plugproof")) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := make(t)
			t.Run("zero specs share a server", func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				one, other := serve(t, target, steps.Spec{}), serve(t, target, steps.Spec{})
				own := serve(t, target, steps.Spec{Fresh: true})
				g.Expect(one.Address()).To(Equal(other.Address()))
				g.Expect(own.Address()).NotTo(Equal(one.Address()))
				status, body := ask(t, one, "GET", "sys/mounts", "")
				g.Expect(status).To(Equal(200))
				g.Expect(body).To(ContainSubstring(`"secret/"`))
				ctx := t.Context()
				for what, err := range map[string]error{
					"restart": steps.RestartServer(ctx, one, false), "seal": steps.SealServer(ctx, one, true),
					"fault": steps.SetFault(ctx, one, steps.StorageFails), "clock": steps.AdvanceClock(ctx, one, time.Hour),
					"environment": steps.SetHostEnv(one, nil),
				} {
					g.Expect(err).To(MatchError(ContainSubstring("share")), what)
				}
				for _, leased := range []steps.Server{one, own} {
					_, err := steps.ServerLog(ctx, leased)
					g.Expect(err).NotTo(HaveOccurred(), "the abilities of the server behind it")
				}
			})
			t.Run("plugins run in the environment that is asked for", func(t *testing.T) {
				t.Parallel()
				testPlugin(t, serve(t, target, steps.Spec{Env: []string{"REGION=host", "EMPTY="}}), plugin)
			})
			t.Run("processes and files of the server's host are in reach", func(t *testing.T) {
				t.Parallel()
				testHost(t, target, plugin)
			})
			t.Run("state survives restart and kill", func(t *testing.T) {
				t.Parallel()
				testState(t, serve(t, target, steps.Spec{State: true}))
			})
			t.Run("without api_addr and plugin directory", func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				server := serve(t, target, steps.Spec{NoAPIAddr: true, NoPluginDir: true})
				g.Expect(server.PluginDir()).To(BeEmpty())
				_, err := steps.PlacePlugin(t.Context(), server, "probe", plugin)
				g.Expect(err).To(HaveOccurred())
				status, body := ask(t, server, "PUT", "sys/plugins/catalog/secret/x", `{"command":"x","sha256":"00"}`)
				g.Expect(status).To(Equal(500))
				g.Expect(body).To(ContainSubstring("plugin directory is not configured"))
			})
		})
	}
}

func testPlugin(t *testing.T, server steps.Server, plugin string) {
	g := NewWithT(t)
	sum, err := steps.PlacePlugin(t.Context(), server, "probe", plugin)
	g.Expect(err).NotTo(HaveOccurred())
	status, body := ask(t, server, "PUT", "sys/plugins/catalog/secret/probe", fmt.Sprintf(`{"command":"probe","sha256":%q}`, sum))
	g.Expect(status).To(Equal(204), body)
	status, body = ask(t, server, "POST", "sys/mounts/p", `{"type":"probe"}`)
	g.Expect(status).To(Equal(204), body)
	again, err := steps.PlacePlugin(t.Context(), server, "probe", plugin)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(again).To(Equal(sum))
	_, body = ask(t, server, "GET", "p/env/REGION", "")
	g.Expect(body).To(ContainSubstring(`"value":"host"`))
	_, body = ask(t, server, "GET", "p/env/EMPTY", "")
	g.Expect(body).To(ContainSubstring(`"set":true`))
	// Neither the harness's variables nor an image's own.
	for _, name := range []string{"SECRET", "GOPATH", "USER"} {
		_, body = ask(t, server, "GET", "p/env/"+name, "")
		g.Expect(body).To(ContainSubstring(`"set":false`), name)
	}
	_, err = steps.PlacePlugin(t.Context(), server, "../outside", plugin)
	g.Expect(err).To(MatchError(ContainSubstring("no slash")))
}

func testHost(t *testing.T, target steps.Target, plugin string) {
	g := NewWithT(t)
	for _, needed := range []steps.Capability{steps.ProcessControl, steps.PluginFiles} {
		g.Expect(target.Unsupported(needed)).To(BeEmpty())
	}
	server := serve(t, target, steps.Spec{State: true})
	for range 2 { // before and after a restart, which ends a container with all that runs in it
		sum, err := steps.PlacePlugin(t.Context(), server, "seen", plugin)
		g.Expect(err).NotTo(HaveOccurred())
		status, body := ask(t, server, "PUT", "sys/plugins/catalog/secret/seen", fmt.Sprintf(`{"command":"seen","sha256":%q}`, sum))
		g.Expect(status).To(Equal(204), body)
		status, body = ask(t, server, "POST", "sys/mounts/p", `{"type":"seen"}`)
		g.Expect(status).To(Equal(204), body)
		machine, err := steps.HostOf(t.Context(), server)
		g.Expect(err).NotTo(HaveOccurred())
		file, err := machine.Resolve(t.Context(), server.PluginDir()+"/seen")
		g.Expect(err).NotTo(HaveOccurred())
		pids := executing(t, machine, file)
		_, body = ask(t, server, "GET", "p/process", "")
		g.Expect(pids).To(HaveLen(1))
		g.Expect(body).To(ContainSubstring(fmt.Sprintf(`"pid":%d`, pids[0])))
		g.Expect(machine.Kill(t.Context(), pids[0])).To(Succeed())
		g.Eventually(func() ([]int32, error) { return executing(t, machine, file), nil }, "10s").ShouldNot(ContainElement(pids[0]))
		// The server compares the file that it starts.
		g.Expect(machine.Append(t.Context(), server.PluginDir()+"/seen", "changed")).To(Succeed())
		status, body = ask(t, server, "POST", "sys/mounts/q", `{"type":"seen"}`)
		g.Expect(status).To(Equal(400), body)
		g.Expect(machine.Remove(t.Context(), server.PluginDir()+"/seen")).To(Succeed())
		status, body = ask(t, server, "DELETE", "sys/mounts/p", "")
		g.Expect(status).To(Equal(204), body)
		g.Expect(steps.RestartServer(t.Context(), server, true)).To(Succeed())
	}
}

// executing returns the processes of a file.
func executing(t *testing.T, machine host.Host, file string) (pids []int32) {
	t.Helper()
	all, err := machine.Processes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if executed, err := p.Executable(t.Context()); err == nil && executed == file {
			pids = append(pids, p.PID())
		}
	}
	return pids
}

func testState(t *testing.T, server steps.Server) {
	g := NewWithT(t)
	status, body := ask(t, server, "POST", "sys/mounts/kept", `{"type":"kv"}`)
	g.Expect(status).To(Equal(204), body)
	for _, kill := range []bool{false, true} {
		g.Expect(steps.RestartServer(t.Context(), server, kill)).To(Succeed())
		status, body = ask(t, server, "GET", "sys/mounts", "")
		g.Expect(status).To(Equal(200))
		g.Expect(body).To(And(ContainSubstring(`"kept/"`), ContainSubstring(`"secret/"`)))
	}
	logs, err := steps.ServerLog(t.Context(), server)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(logs).NotTo(BeEmpty())
	g.Expect(logs).NotTo(ContainSubstring(server.Token()))
}
