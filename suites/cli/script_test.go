// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os/exec"
	"reflect"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// exits is the script command 'exits N COMMAND ARGS…'.
func exits(script *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		script.Fatalf("usage: exits CODE COMMAND [ARGS…]")
	}
	want, err := strconv.Atoi(args[0])
	if err != nil {
		script.Fatalf("exits %s: %v", args[0], err)
	}
	code := 0
	if err := script.Exec(args[1], args[2:]...); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			script.Fatalf("%v", err)
		}
		code = ended.ExitCode()
	}
	if code != want {
		script.Fatalf("exit code %d, want %d", code, want)
	}
}

// samerun is the script command 'samerun FILE FILE': the results have the same
// verdict, of the same choice, for the same scenarios.
func samerun(script *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 2 {
		script.Fatalf("usage: samerun FILE FILE")
	}
	type scenario struct{ Name, Status string }
	type run struct {
		Choice, Verdict map[string]any
		Requirements    []struct {
			ID, Status string
			Scenarios  []scenario
		}
	}
	var runs [2]run
	for i, name := range args {
		if err := json.Unmarshal([]byte(script.ReadFile(name)), &runs[i]); err != nil {
			script.Fatalf("%s: %v", name, err)
		}
	}
	if len(runs[0].Requirements) == 0 || !reflect.DeepEqual(runs[0], runs[1]) {
		script.Fatalf("%+v\nis not\n%+v", runs[0], runs[1])
	}
}

// nosecret is the script command 'nosecret FILE…': no file has a planted secret.
// Those of the scripts begin with "planted", or are pin7.
func nosecret(script *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) == 0 {
		script.Fatalf("usage: nosecret FILE…")
	}
	for _, name := range args {
		text := script.ReadFile(name)
		if text == "" {
			script.Fatalf("%s is empty", name)
		}
		for _, secret := range []string{"planted", "pin7", base64.StdEncoding.EncodeToString([]byte("planted"))[:9]} {
			if at := strings.Index(text, secret); at >= 0 {
				script.Fatalf("%s has a secret: %s", name, text[max(0, at-100):min(len(text), at+100)])
			}
		}
	}
}
