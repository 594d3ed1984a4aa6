// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver"
)

// stormThreads change mounts at the same time, each stormOperations times.
const (
	stormThreads    = 32
	stormOperations = 6
	// stormEnd is how long what was begun may go on afterwards.
	stormEnd = 10 * time.Second
)

// storm is a server whose mounts are changed from many sides. Its operations may
// fail: what counts is what is left in the end.
type storm struct {
	server *mockserver.Server
	client *api.Client
	sha    string
}

// paths are few, so that threads meet.
func (*storm) paths() []string { return []string{"a", "b", "c", "d"} }

// plugins are registrations of the probe, with and without a process for all mounts.
func (*storm) plugins() map[string]string {
	return map[string]string{"many": "multiplex", "one": "automtls"}
}

// operation does one random thing.
func (s *storm) operation(ctx context.Context, random *rand.Rand) {
	pick := func(of []string) string { return of[random.IntN(len(of))] }
	path, plugin := pick(s.paths()), pick([]string{"many", "one"})
	switch random.IntN(10) {
	case 0, 1:
		_ = s.client.Sys().MountWithContext(ctx, path, &api.MountInput{Type: plugin})
	case 2:
		_ = s.client.Sys().UnmountWithContext(ctx, path)
	case 3:
		_, _ = s.client.Sys().StartRemountWithContext(ctx, path, pick(s.paths()))
	case 4:
		_, _ = s.client.Sys().ReloadPluginWithContext(ctx, &api.ReloadPluginInput{Plugin: plugin})
	case 5:
		_, _ = s.client.Sys().ReloadPluginWithContext(ctx, &api.ReloadPluginInput{Mounts: []string{path}})
	case 6:
		_ = s.register(ctx, plugin, "ROUND="+strconv.Itoa(random.IntN(3)))
	case 7:
		if running := s.server.Processes(); len(running) > 0 {
			if process, err := os.FindProcess(running[random.IntN(len(running))].PID); err == nil {
				_ = process.Kill()
			}
		}
	default:
		_, _ = s.client.Logical().ReadWithContext(ctx, path+"/process")
	}
}

func (s *storm) register(ctx context.Context, plugin string, env ...string) error {
	return s.client.Sys().RegisterPluginWithContext(ctx, &api.RegisterPluginInput{
		Name: plugin, Type: api.PluginTypeSecrets, Command: "probe", SHA256: s.sha, Env: append(env, "PROBE_SERVE="+s.plugins()[plugin]),
	})
}

// answering returns the pid behind each path that answers.
func (s *storm) answering(ctx context.Context) map[string]int {
	pids := map[string]int{}
	for _, path := range s.paths() {
		if secret, err := s.client.Logical().ReadWithContext(ctx, path+"/process"); err == nil && secret != nil {
			pids[path+"/"], _ = strconv.Atoi(fmt.Sprint(secret.Data["pid"]))
		}
	}
	return pids
}

// listed returns the paths of listed mounts of the probe.
func (s *storm) listed(ctx context.Context) ([]string, error) {
	list, err := s.client.Sys().ListMountsWithContext(ctx)
	maps.DeleteFunc(list, func(_ string, m *api.MountOutput) bool { return s.plugins()[m.Type] == "" })
	return slices.Sorted(maps.Keys(list)), err
}

// processesOf returns the pids of the processes that run a binary of the directory.
func processesOf(dir string) []int {
	programs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var pids []int
	for _, name := range programs {
		raw, err := os.ReadFile(name)
		if err == nil && strings.HasPrefix(string(raw), dir+"/") {
			pid, _ := strconv.Atoi(strings.Split(name, "/")[2])
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

// TestStormLeavesWhatIsListed changes few mounts from many threads. In the end the
// list is what answers, and there is no process but those of listed mounts.
func TestStormLeavesWhatIsListed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dir, sha := pluginDir(t)
	s := &storm{sha: sha}
	s.server, s.client, _ = start(t, mockserver.WithPluginDir(dir))
	for plugin := range s.plugins() {
		g.Expect(s.register(t.Context(), plugin)).To(Succeed())
	}
	var threads sync.WaitGroup
	for i := range stormThreads {
		threads.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(i))) //nolint:gosec // repeatable
			for range stormOperations {
				s.operation(t.Context(), random)
			}
		})
	}
	threads.Wait()

	// Moves go on after their requests.
	g.Eventually(func(g Gomega) {
		listed, err := s.listed(t.Context())
		g.Expect(err).NotTo(HaveOccurred())
		pids := s.answering(t.Context())
		g.Expect(slices.Sorted(maps.Keys(pids))).To(Equal(listed))
		needed := slices.Compact(slices.Sorted(maps.Values(pids)))
		g.Expect(processesOf(dir)).To(ConsistOf(needed))
	}).WithTimeout(stormEnd).Should(Succeed())
	for _, path := range s.paths() {
		g.Expect(s.client.Sys().UnmountWithContext(t.Context(), path)).To(Succeed())
	}
	g.Eventually(func() []int { return processesOf(dir) }).WithTimeout(stormEnd).Should(BeEmpty())
}
