// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"
)

// roundsEnv raises the number of rounds of tests that repeat something random: a few
// in each run of all tests, a thousand where it is meant.
const roundsEnv = "PLUGPROOF_TEST_ROUNDS"

func rounds(t *testing.T, usual int) int {
	t.Helper()
	set := os.Getenv(roundsEnv)
	if set == "" {
		return usual
	}
	n, err := strconv.Atoi(set)
	if err != nil {
		t.Fatalf("%s: %v", roundsEnv, err)
	}
	return n
}

// writers write numbers that grow, each below a path of its own, until the server
// is gone.
type writers struct {
	acknowledged, tried [8]atomic.Int64
	// reached gets a value when until more writes are acknowledged.
	until   atomic.Int64
	reached chan struct{}
}

// place is where a writer writes: a plugin's storage, a builtin's, and policies.
func (*writers) place(i int) string {
	return []string{"a/kv/w", "cubbyhole/w", "sys/policies/acl/w"}[i%3] + strconv.Itoa(i)
}

// write writes until a write fails.
func (w *writers) write(ctx context.Context, client *api.Client, i int) {
	for {
		n := w.tried[i].Add(1)
		value := map[string]any{"value": strconv.FormatInt(n, 10)}
		if strings.HasPrefix(w.place(i), "sys/") {
			value = map[string]any{"policy": fmt.Sprintf(`path "%d" { capabilities = ["read"] }`, n)}
		}
		if _, err := client.Logical().WriteWithContext(ctx, w.place(i), value); err != nil {
			return
		}
		w.acknowledged[i].Store(n)
		if w.until.Add(-1) == 0 {
			w.reached <- struct{}{}
		}
	}
}

// check compares what is stored: what was acknowledged last, or what came after it.
func (w *writers) check(ctx context.Context, g Gomega, client *api.Client) {
	for i := range w.acknowledged {
		acknowledged := w.acknowledged[i].Load()
		if acknowledged == 0 {
			continue
		}
		secret, err := client.Logical().ReadWithContext(ctx, w.place(i))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(secret).NotTo(BeNil(), "%s is lost, which was written %d times", w.place(i), acknowledged)
		text, _ := secret.Data["value"].(string)
		if policy, ok := secret.Data["policy"].(string); ok {
			text = strings.Split(policy, `"`)[1]
		}
		stored, err := strconv.ParseInt(text, 10, 64)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(stored).To(And(BeNumerically(">=", acknowledged), BeNumerically("<=", w.tried[i].Load())), w.place(i))
		w.tried[i].Store(stored)
		w.acknowledged[i].Store(stored)
	}
}

// TestKillsLoseNothingAcknowledged kills a server under writers, again and again.
func TestKillsLoseNothingAcknowledged(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // repeatable
	dir, sha := pluginDir(t)
	data := t.TempDir()
	server := startChild(t, dir, data)
	client := clientOf(t, server.address)
	register(t, client, api.PluginTypeSecrets, "probe", sha)
	mount(t, client, "a", "probe")
	w := &writers{reached: make(chan struct{}, 1)}
	n := rounds(t, 4)
	for range n {
		w.until.Store(random.Int64N(200) + 1)
		var group sync.WaitGroup
		for i := range w.tried {
			group.Go(func() { w.write(t.Context(), client, i) })
		}
		<-w.reached // the others are in the middle of theirs
		server.kill()
		group.Wait()
		server = startChild(t, dir, data)
		client = clientOf(t, server.address)
		w.check(t.Context(), g, client)
	}
	total := int64(0)
	for i := range w.acknowledged {
		total += w.acknowledged[i].Load()
	}
	t.Logf("%d kills, %d writes acknowledged, none lost", n, total)
	g.Expect(total).To(BeNumerically(">", 0))
}

// TestFullDisk: where the file can't grow, writes are answered with an error, reads
// go on, and once there is room again so do writes.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ctx := t.Context()
	dir, sha := pluginDir(t)
	data := t.TempDir()
	server := startChild(t, dir, data)
	client := clientOf(t, server.address)
	register(t, client, api.PluginTypeSecrets, "probe", sha)
	mount(t, client, "a", "probe")
	info, err := os.Stat(filepath.Join(data, "state.db"))
	g.Expect(err).NotTo(HaveOccurred())
	limit := func(size uint64) {
		t.Helper()
		g.Expect(unix.Prlimit(server.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}, nil)).To(Succeed())
	}
	write := func(i int) error {
		_, err := client.Logical().WriteWithContext(ctx, fmt.Sprintf("a/kv/%d", i), map[string]any{"value": strings.Repeat("x", 5000) + strconv.Itoa(i)})
		return err
	}
	limit(uint64(info.Size())) //nolint:gosec // not negative
	var failed error
	written := 0
	for ; failed == nil && written < 100; written++ {
		failed = write(written)
	}
	written-- // the last one was not
	g.Expect(failed).To(MatchError(And(ContainSubstring("Code: 500"), ContainSubstring("file too large"))))
	readAll := func() {
		t.Helper()
		for i := range written {
			secret, err := client.Logical().ReadWithContext(ctx, fmt.Sprintf("a/kv/%d", i))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(secret.Data["value"]).To(HaveSuffix("x" + strconv.Itoa(i)))
		}
	}
	readAll()
	for range 3 { // it stays an error
		g.Expect(write(written)).NotTo(Succeed())
	}
	limit(unix.RLIM_INFINITY)
	g.Expect(write(written)).To(Succeed())
	written++
	readAll()
	server.kill()
	server = startChild(t, dir, data)
	client = clientOf(t, server.address)
	readAll()
}
