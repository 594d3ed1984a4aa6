// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"

	"github.com/plugproof/plugproof/steps"
)

// backendFactory is logical.Factory without its name, so that functions of that
// form are one too.
type backendFactory = func(context.Context, *logical.BackendConfig) (logical.Backend, error)

// servedVariable names, in the environment of a plugin process, the test whose
// backend it serves.
const servedVariable = "PLUGPROOF_TEST_BACKEND"

// served returns the binary that serves the backend, which is this program, and the
// profile with the arguments and the variable that make it do so. In a process
// that was started so, it serves and does not return.
func served(t *testing.T, factory backendFactory, profile steps.Profile) (string, steps.Profile) {
	t.Helper()
	if factory == nil {
		t.Fatal("conformance.CheckPlugin: the factory is nil")
	}
	if os.Getenv(servedVariable) == t.Name() {
		if err := plugin.ServeMultiplex(&plugin.ServeOpts{BackendFactoryFunc: factory}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(profile.Args) > 0 {
		t.Fatal("conformance.CheckPlugin: the profile has arguments, which only a binary can be given")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatalf("conformance.CheckPlugin: %v", err)
	}
	names := strings.Split(t.Name(), "/")
	for i := range names {
		names[i] = "^" + regexp.QuoteMeta(names[i]) + "$"
	}
	profile.Args = []string{"-test.run=" + strings.Join(names, "/"), "-test.timeout=0"}
	profile.Env = append([]string{servedVariable + "=" + t.Name()}, profile.Env...)
	return program, profile
}
