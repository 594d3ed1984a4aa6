// SPDX-License-Identifier: MPL-2.0

package env_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/environ"
)

// The size of the test with processes: environments of a server, and plugins
// started in each of them, each once by vault/sdk and once by us.
const (
	hostEnvironments = 25
	pluginsPerHost   = 8
)

// job and start are what testdata/launcher reads.
type job struct {
	Plugin string  `json:"plugin"`
	SHA256 []byte  `json:"sha256"`
	Dir    string  `json:"dir"`
	Cases  []start `json:"cases"`
}

type start struct {
	Registered []string `json:"registered"`
	Metadata   bool     `json:"metadata"`
	AutoMTLS   bool     `json:"auto_mtls"`
	Mlock      bool     `json:"mlock"`
}

// TestLayeringEqualsVaultsOwnCode starts real processes with the code with
// which Vault starts plugins and with our layering, in the same random
// environments, and compares the blocks that the kernel gave them.
func TestLayeringEqualsVaultsOwnCode(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts some hundred processes; leave out -short to run it")
	}
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("the plugin of this test reads /proc/self/environ, which this system lacks")
	}
	plugin := build(t, "testdata/dump", "go.mod")
	for _, version := range []struct {
		name, modfile string
		rule          environ.Rule
	}{
		{"vault-sdk-0.7.0", "before.mod", environ.HostWins},
		{"vault-sdk-0.25.1", "go.mod", environ.PluginWins},
	} {
		t.Run(version.name, func(t *testing.T) {
			t.Parallel()
			launcher := build(t, "testdata/launcher", version.modfile)
			seed := testSeed(t)
			rng := rand.New(rand.NewPCG(seed, 1))
			for range hostEnvironments {
				compareInOneHost(t, rng, launcher, plugin, version.rule)
			}
		})
	}
}

func compareInOneHost(t *testing.T, rng *rand.Rand, launcher, plugin string, rule environ.Rule) {
	t.Helper()
	g := NewWithT(t)
	binary, err := os.ReadFile(plugin)
	g.Expect(err).NotTo(HaveOccurred())
	sum := sha256.Sum256(binary)
	j := job{Plugin: plugin, SHA256: sum[:], Dir: t.TempDir()}
	for range pluginsPerHost {
		c := start{Registered: randomEntries(rng), Metadata: rng.IntN(3) == 0, AutoMTLS: rng.IntN(2) == 0, Mlock: rng.IntN(2) == 0}
		j.Cases = append(j.Cases, c)
	}
	input, err := json.Marshal(j)
	g.Expect(err).NotTo(HaveOccurred())

	cmd := exec.CommandContext(t.Context(), launcher)
	cmd.Env = append([]string{}, randomEntries(rng)...)
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), string(out))

	host := block(t, filepath.Join(j.Dir, "host"))
	for i, c := range j.Cases {
		theirs := block(t, filepath.Join(j.Dir, strconv.Itoa(i)))
		ours := startOurselves(t, plugin, rule, host, c)
		g.Expect(masked(ours)).To(Equal(masked(theirs)), "host %q, started %+v", host, c)
	}
}

// startOurselves starts the plugin as the mock does, and returns what it got.
func startOurselves(t *testing.T, plugin string, rule environ.Rule, host []string, c start) []string {
	t.Helper()
	own := environ.ServerInfo{Prefixes: []string{"VAULT_"}, Version: "1.2.3", Metadata: c.Metadata, AutoMTLS: c.AutoMTLS, Mlock: c.Mlock}
	if !c.Metadata && !c.AutoMTLS {
		own.UnwrapToken = "wrapped"
	}
	env := environ.Compose(environ.Input{Rule: rule, Host: host, Registered: c.Registered, Server: own.Entries()})
	env = append(env, "VAULT_BACKEND_PLUGIN=6669da05-b1c8-4f49-97d9-c8e5bed98e20",
		"PLUGIN_MIN_PORT=10000", "PLUGIN_MAX_PORT=25000", "PLUGIN_PROTOCOL_VERSIONS=5")
	if c.AutoMTLS {
		env = append(env, "PLUGIN_CLIENT_CERT=…")
	}
	file := filepath.Join(t.TempDir(), "env")
	cmd := exec.CommandContext(t.Context(), plugin, file)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return block(t, file)
}

// masked hides the certificate, which is another one at each start.
func masked(env []string) []string {
	env = slices.Clone(env)
	for i, entry := range env {
		if strings.HasPrefix(entry, "PLUGIN_CLIENT_CERT=-----BEGIN") {
			env[i] = "PLUGIN_CLIENT_CERT=…"
		}
	}
	return env
}

// block reads entries separated by NUL.
func block(t *testing.T, file string) []string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimSuffix(string(raw), "\x00")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\x00")
}

// randomEntries draws from few names, so that layers meet often, among them
// every name that a server or go-plugin sets.
func randomEntries(rng *rand.Rand) []string {
	names := []string{
		"A", "a", "HTTP_PROXY", "http_proxy", "NO_PROXY", "Ü", "with.dot", "9digit", environ.OptOut,
		"VAULT_VERSION", "VAULT_PLUGIN_METADATA_MODE", "VAULT_PLUGIN_AUTOMTLS_ENABLED", "VAULT_PLUGIN_MLOCK_ENABLED",
		"VAULT_UNWRAP_TOKEN", "VAULT_BACKEND_PLUGIN", "PLUGIN_MIN_PORT", "PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_CLIENT_CERT",
	}
	values := []string{"", "1", "true", "false", "yes", "x=y", "=", " v ", "✓\n", strings.Repeat("l", 50_000)}
	entries := make([]string, rng.IntN(10))
	for i := range entries {
		switch rng.IntN(14) {
		case 0:
			entries[i] = names[rng.IntN(len(names))]
		case 1:
			entries[i] = "=" + values[rng.IntN(len(values))]
		default:
			entries[i] = names[rng.IntN(len(names))] + "=" + values[rng.IntN(len(values))]
		}
	}
	return entries
}

// build builds the program in dir and returns its path. A program with a
// go.mod of its own needs modules that may be missing without a network.
func build(t *testing.T, dir, modfile string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), filepath.Base(dir))
	args := []string{"build", "-o", binary}
	if _, err := os.Stat(filepath.Join(dir, modfile)); err == nil {
		if out, err := goTool(t, dir, "mod", "download", "-modfile="+modfile); err != nil {
			t.Skipf("the modules of %s/%s can't be had here: %s", dir, modfile, out)
		}
		args = append(args, "-modfile="+modfile)
	}
	if out, err := goTool(t, dir, append(args, ".")...); err != nil {
		t.Fatalf("go build %s: %v\n%s", dir, err, out)
	}
	return binary
}

func goTool(t *testing.T, dir string, args ...string) ([]byte, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	return cmd.CombinedOutput()
}

// testSeed returns the seed of this run and prints it; PLUGPROOF_SEED repeats an
// earlier one.
func testSeed(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("PLUGPROOF_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("PLUGPROOF_SEED: %v", err)
		}
	}
	t.Logf("PLUGPROOF_SEED=%d", seed)
	return seed
}
