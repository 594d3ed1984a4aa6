// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver"
)

// lifecycles are lives of a server and its plugins, each with random operations.
type lifecycles struct {
	Seed      uint64
	Rounds    int
	Dir, Data string
	SHA       string
}

// left is what there is of each kind that could leak.
type left struct {
	Processes, Descriptors, Goroutines, Files int
}

// count counts what this process has, and the files in the temporary directory.
func (l lifecycles) count() left {
	descriptors, _ := os.ReadDir("/proc/self/fd")
	files, _ := os.ReadDir(os.TempDir())
	return left{len(processesOf(l.Dir)), len(descriptors), runtime.NumGoroutine(), len(files)}
}

// countDrained counts until there is not more than before, for some seconds.
func (l lifecycles) countDrained(before left) left {
	deadline := time.Now().Add(5 * time.Second)
	for {
		now := l.count()
		if now.Processes <= before.Processes && now.Descriptors <= before.Descriptors &&
			now.Goroutines <= before.Goroutines && now.Files <= before.Files || time.Now().After(deadline) {
			return now
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// liveAsChild lives lifecycles and prints what was there after the first ones, which
// start what stays, and in the end.
func liveAsChild() {
	var l lifecycles
	err := json.Unmarshal([]byte(os.Getenv(lifecyclesEnv)), &l)
	random := rand.New(rand.NewPCG(l.Seed, 0)) //nolint:gosec // repeatable
	before := left{}
	for i := 0; i < l.Rounds && err == nil; i++ {
		err = l.live(random)
		if i == 2 {
			before = l.countDrained(left{Descriptors: 100, Goroutines: 4}) // about what is usual
		}
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode([]left{before, l.countDrained(before)})
}

// live starts a server, does random things, and closes it, at times while a plugin
// starts.
func (l lifecycles) live(random *rand.Rand) error {
	opts := []mockserver.Option{mockserver.WithPluginDir(l.Dir), mockserver.WithRootToken("root")}
	if random.IntN(2) == 0 {
		opts = append(opts, mockserver.WithDataDir(l.Data))
	}
	s, err := mockserver.Start(context.Background(), opts...)
	if err != nil {
		return err
	}
	config := api.DefaultConfig()
	config.Address, config.MaxRetries = s.Address(), 0
	client, err := api.NewClient(config)
	if err != nil {
		return err
	}
	client.SetToken("root")
	lifecycle := &lifecycle{client: client, sha: l.SHA}
	for range 4 + random.IntN(8) {
		lifecycle.operation(context.Background(), random)
	}
	var last sync.WaitGroup
	own := rand.New(rand.NewPCG(random.Uint64(), 0)) //nolint:gosec // repeatable
	last.Go(func() { lifecycle.operation(context.Background(), own) })
	if random.IntN(2) == 0 {
		last.Wait()
	}
	err = s.Close()
	last.Wait()
	config.HttpClient.CloseIdleConnections()
	return err
}

// lifecycle is what happens to plugins. Its operations may fail.
type lifecycle struct {
	client *api.Client
	sha    string
}

func (l *lifecycle) operation(ctx context.Context, random *rand.Rand) {
	sys, logical := l.client.Sys(), l.client.Logical()
	path, style := []string{"a", "b"}[random.IntN(2)], []string{"multiplex", "automtls"}[random.IntN(2)]
	register := func(version string) {
		_ = sys.RegisterPluginWithContext(ctx, &api.RegisterPluginInput{
			Name: style, Type: api.PluginTypeSecrets, Command: "probe", SHA256: l.sha, Version: version,
			Env: []string{"PROBE_SERVE=" + style, "PROBE_VERSION=" + version},
		})
	}
	switch random.IntN(9) {
	case 0, 1, 2:
		register("")
		_ = sys.MountWithContext(ctx, path, &api.MountInput{Type: style})
	case 3:
		_, _ = logical.ReadWithContext(ctx, path+"/process")
	case 4:
		_, _ = logical.ReadWithContext(ctx, path+"/crash")
		_, _ = logical.ReadWithContext(ctx, path+"/process")
	case 5:
		_, _ = sys.ReloadPluginWithContext(ctx, &api.ReloadPluginInput{Mounts: []string{path}})
	case 6: // an upgrade
		version := "v1.0.0"
		register(version)
		_ = sys.TuneMountAllowNilWithContext(ctx, path, api.TuneMountConfigInput{PluginVersion: &version})
		_, _ = sys.ReloadPluginWithContext(ctx, &api.ReloadPluginInput{Mounts: []string{path}})
	case 7:
		_, _ = sys.StartRemountWithContext(ctx, path, path+"-moved")
		_ = sys.UnmountWithContext(ctx, path+"-moved")
	default:
		_ = sys.UnmountWithContext(ctx, path)
	}
}

// shortDir is a directory with a path that leaves room for sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// TestLifecyclesLeaveNothing lives lives of servers in one process, which end in
// order.
func TestLifecyclesLeaveNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	dir, sha := pluginDir(t)
	l := lifecycles{Seed: rand.Uint64(), Rounds: rounds(t, 6), Dir: dir, SHA: sha, Data: t.TempDir()}
	t.Logf("seed %d", l.Seed)
	raw, err := json.Marshal(l)
	g.Expect(err).NotTo(HaveOccurred())
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), lifecyclesEnv+"="+string(raw), "TMPDIR="+shortDir(t))
	out, err := cmd.Output()
	g.Expect(err).NotTo(HaveOccurred(), "%s", out)
	var counts []left
	g.Expect(json.Unmarshal(out, &counts)).To(Succeed(), "%s", out)
	before, after := counts[0], counts[1]
	t.Logf("%d lifecycles: after the first %+v, in the end %+v", l.Rounds, before, after)
	g.Expect(after.Processes).To(BeZero())
	g.Expect(after.Files).To(BeZero())
	g.Expect(after.Descriptors).To(BeNumerically("<=", before.Descriptors))
	g.Expect(after.Goroutines).To(BeNumerically("<=", before.Goroutines))
}

// TestEndedServersLeaveNothing ends servers by SIGTERM and SIGKILL in random moments,
// also while a plugin starts. What a killed one can't remove, the next one does.
func TestEndedServersLeaveNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // repeatable
	dir, sha := pluginDir(t)
	temporary, data := shortDir(t), t.TempDir()
	names := func() []string {
		entries, err := os.ReadDir(temporary)
		g.Expect(err).NotTo(HaveOccurred())
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	// end ends a server and waits until its plugins are gone too.
	end := func(server *child, signal syscall.Signal) {
		g.Expect(server.cmd.Process.Signal(signal)).To(Succeed())
		_ = server.cmd.Wait()
		// Sockets are closed after the process has lost its command line.
		g.Eventually(func() (string, error) {
			sockets, err := os.ReadFile("/proc/net/unix")
			return string(sockets), err
		}).WithTimeout(stormEnd).ShouldNot(ContainSubstring(temporary + "/"))
		g.Eventually(func() []int { return processesOf(dir) }).WithTimeout(stormEnd).Should(BeEmpty())
	}
	killed := 0
	n := rounds(t, 6)
	for range n {
		server := startChild(t, dir, data, "TMPDIR="+temporary)
		client := clientOf(t, server.address)
		ctx, cancel := context.WithCancel(t.Context())
		var threads sync.WaitGroup
		for range 3 {
			random := rand.New(rand.NewPCG(random.Uint64(), 0)) //nolint:gosec // repeatable
			threads.Go(func() {
				for l := (&lifecycle{client: client, sha: sha}); ctx.Err() == nil; {
					l.operation(ctx, random)
				}
			})
		}
		timer := time.NewTimer(time.Duration(random.IntN(400)) * time.Millisecond) // the moment is what varies
		<-timer.C
		signal := []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM}[random.IntN(2)]
		end(server, signal)
		cancel()
		threads.Wait()
		if signal == syscall.SIGKILL {
			killed++
		}
	}
	// The next server that starts a plugin clears up.
	server := startChild(t, dir, data, "TMPDIR="+temporary)
	client := clientOf(t, server.address)
	register(t, client, api.PluginTypeSecrets, "last", sha)
	before := names()
	end(server, syscall.SIGTERM)
	t.Logf("%d servers killed, %d terminated; in %s while the last one ran: %s", killed, n-killed, strconv.Quote(temporary), strings.Join(before, " "))
	g.Expect(names()).To(BeEmpty())
	entries, err := os.ReadDir(data)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(entries).To(HaveLen(1), "state.db alone")
}
