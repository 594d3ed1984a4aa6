// SPDX-License-Identifier: MPL-2.0

// Command recordings proves or refutes the mock's dialects with real servers. It
// records what each image answers, runs the requirements on it, compares the
// recording with the dialect of its version, and makes one table of all versions:
//
//	go run ./suites/tests/recordings
//	go run ./suites/tests/recordings hashicorp/vault:1.20 openbao/openbao:latest
//	go run ./suites/tests/recordings binary:/usr/bin/bao=openbao-2.6
//	go run ./suites/tests/recordings -deviations known.yaml acme/vault:1.20
//
// Without names it takes the released image of every dialect but Vault
// Enterprise's, which needs a license, and the newest of both products. A name may
// be a target too, and end with =DIALECT where the server does not tell its
// version. In the file of -deviations, target: container:acme/vault:* is about
// images. What fails for one does not stop the others. Results
// of earlier runs in the same directory stay in the table; with -join nothing else
// is done than to make it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/suites/internal/deviations"
	"github.com/plugproof/plugproof/suites/targets"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs one command line and returns its exit code: 0 if all servers conform
// and answer as their dialects, 1 if not, 2 for wrong usage, 3 if something could
// not be measured.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("recordings", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var r recipe
	flags.StringVar(&r.directory, "out", "bin/recordings", "`directory` of the results")
	flags.StringVar(&r.only, "only", "", "only these requirements, to try it")
	flags.StringVar(&r.cases, "case", "", "only these cases, to try it")
	flags.StringVar(&r.deviations, "deviations", "", "`file` of failures and differences that are meant to be, as for plugproof run and diff")
	list := flags.Bool("list", false, "print the names as a JSON array, for the matrix of a workflow, and do nothing")
	join := flags.Bool("join", false, "only make the table of what is in the directory")
	flags.Usage = func() {
		fmt.Fprint(stderr, "Record images, run the requirements on them, and compare them with the mock's dialects.\n\n"+
			"Usage: go run ./suites/tests/recordings [FLAGS] [IMAGE or TARGET[=DIALECT]]...\n\nFlags:\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return 2
	}
	names := flags.Args()
	if len(names) == 0 {
		names = released()
	}
	if *list {
		_ = json.NewEncoder(stdout).Encode(names)
		return 0
	}
	var subjects []subject
	for _, name := range names {
		s, err := parse(name)
		if err != nil {
			fmt.Fprintln(stderr, "recordings: "+err.Error())
			return 2
		}
		subjects = append(subjects, s)
	}
	if r.deviations != "" {
		if _, err := deviations.Load(r.deviations); err != nil {
			fmt.Fprintln(stderr, "recordings: -deviations: "+err.Error())
			return 2
		}
	}
	r.stdout, r.stderr = stdout, stderr
	if !*join {
		for _, s := range subjects {
			if ctx.Err() != nil {
				break
			}
			r.measure(ctx, s)
		}
	}
	code, err := r.join()
	if err != nil {
		fmt.Fprintln(stderr, "recordings: "+err.Error())
		return 3
	}
	if ctx.Err() != nil {
		return 3
	}
	return code
}

// enterprise ends the names of dialects of Vault Enterprise.
const enterprise = "+ent"

// released lists the images of all dialects that need no license, and the newest of
// both products.
func released() []string {
	var images []string
	for _, name := range dialect.Names() {
		if !strings.HasSuffix(name, enterprise) {
			images = append(images, targets.ReleasedImage(name))
		}
	}
	return append(images, targets.ReleasedImage("vault-latest"), targets.ReleasedImage("openbao-latest"))
}

// subject is a server to be measured.
type subject struct {
	target string
	// dialect is the one that the user names; empty is that of its version.
	dialect string
}

// parse reads IMAGE or TARGET[=DIALECT] and refuses what can't be a server's name.
func parse(name string) (subject, error) {
	target, named, _ := strings.Cut(name, "=")
	if named != "" {
		if _, err := dialect.Lookup(named); err != nil {
			return subject{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	isTarget := false
	for _, form := range targets.Forms() {
		kind, _, _ := strings.Cut(form[0], ":")
		isTarget = isTarget || strings.TrimSuffix(kind, "[") == target || strings.HasPrefix(target, strings.TrimSuffix(kind, "[")+":")
	}
	if !isTarget {
		target = "container:" + target
	}
	_, err := targets.Parse(target, targets.Options{})
	return subject{target, named}, err
}
