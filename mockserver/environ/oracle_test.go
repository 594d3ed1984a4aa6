// SPDX-License-Identifier: MPL-2.0

package environ_test

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/plugproof/plugproof/mockserver/environ"
)

const pureCases = 10_000

// TestExplainAgreesWithExec composes random environments and compares Explain
// with what os/exec makes of the same entries: the code that starts plugins.
func TestExplainAgreesWithExec(t *testing.T) {
	t.Parallel()
	seed := testSeed(t)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range pureCases {
		in := randomInput(rng)
		checkAgainstExec(t, in)
		if t.Failed() {
			t.Fatalf("seed %d, input %#v", seed, in)
		}
	}
}

// FuzzExplain feeds entries that no generator thinks of. Entries are separated
// by NUL, which no entry can contain.
func FuzzExplain(f *testing.F) {
	f.Add(false, false, "A=1\x00B\x00=C=2", "A=2\x00A=3", "A=4")
	f.Add(true, false, environ.OptOut+"=T\x00A=\x00==", "A=2\x00=\x00", "")
	f.Fuzz(func(t *testing.T, pluginWins, container bool, host, registered, server string) {
		in := environ.Input{
			Host:       strings.Split(host, "\x00"),
			Registered: strings.Split(registered, "\x00"),
			Server:     strings.Split(server, "\x00"),
			Container:  container,
		}
		if pluginWins {
			in.Rule = environ.PluginWins
		}
		checkAgainstExec(t, in)
	})
}

// checkAgainstExec says what the layers mean a second time, as the contract
// does, and lets os/exec drop what is shadowed.
func checkAgainstExec(t *testing.T, in environ.Input) {
	t.Helper()
	cmd := exec.Cmd{Env: environ.Compose(in)}
	seen := make(map[string]string)
	for _, entry := range cmd.Environ() {
		if i := strings.Index(entry, "="); i > 0 {
			seen[entry[:i]] = entry[i+1:]
		}
	}
	for name := range mentioned(in) {
		e := environ.Explain(in, name)
		value, set := seen[name]
		if e.Set != set || e.Winner.Value != value {
			t.Errorf("Explain(%q) = %v %q, os/exec gives %v %q", name, e.Set, e.Winner.Value, set, value)
		}
		if want, ok := strongest(in, name); ok && want != value {
			t.Errorf("%q: the contract says %q, os/exec gives %q", name, want, value)
		}
	}
}

// strongest applies the contract's table, from the strongest layer down.
func strongest(in environ.Input, name string) (string, bool) {
	order := [][]string{in.Server, in.Registered, in.Host}
	optOut := false
	if v, ok := lastOf(in.Host, environ.OptOut); ok {
		optOut, _ = strconv.ParseBool(v)
	}
	switch {
	case in.Container:
		order = order[:2]
	case in.Rule == environ.HostWins || optOut:
		order = [][]string{in.Host, in.Server, in.Registered}
	}
	for _, layer := range order {
		if v, ok := lastOf(layer, name); ok {
			return v, true
		}
	}
	return "", false
}

func lastOf(layer []string, name string) (string, bool) {
	value, found := "", false
	for _, entry := range layer {
		if strings.HasPrefix(entry, name+"=") {
			value, found = entry[len(name)+1:], true
		}
	}
	return value, found
}

// mentioned are the names a program can look up: not empty and without "=".
func mentioned(in environ.Input) map[string]bool {
	names := map[string]bool{"UNMENTIONED": true}
	for _, layer := range [][]string{in.Host, in.Registered, in.Server} {
		for _, entry := range layer {
			if name, _, _ := strings.Cut(entry, "="); name != "" {
				names[name] = true
			}
		}
	}
	return names
}

func randomInput(rng *rand.Rand) environ.Input {
	return environ.Input{
		Rule:       environ.Rule(rng.IntN(2)),
		Host:       randomLayer(rng),
		Registered: randomLayer(rng),
		Server:     randomLayer(rng),
		Container:  rng.IntN(5) == 0,
	}
}

// randomLayer takes few names, so that layers meet often.
func randomLayer(rng *rand.Rand) []string {
	names := []string{"A", "B", "a", "HTTP_PROXY", "http_proxy", "NO_PROXY", "VAULT_VERSION", "Ü", "with.dot", " lead", environ.OptOut}
	values := []string{"", "1", "true", "false", "yes", "x=y", "=", " v ", "✓\n", strings.Repeat("l", 5000)}
	layer := make([]string, rng.IntN(8))
	for i := range layer {
		switch rng.IntN(12) {
		case 0:
			layer[i] = names[rng.IntN(len(names))]
		case 1:
			layer[i] = "=" + values[rng.IntN(len(values))]
		case 2:
			layer[i] = ""
		default:
			layer[i] = names[rng.IntN(len(names))] + "=" + values[rng.IntN(len(values))]
		}
	}
	return layer
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
