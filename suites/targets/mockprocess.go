// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"os"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/steps"
)

// newMockProcess makes the target of the mock in processes of its own, which
// differ from the mock in this process where a process matters: it can be
// killed, and it has an environment.
func newMockProcess(name, wanted string, opts Options) (steps.Target, error) {
	chosen := dialect.Newest().Name
	if wanted != "" {
		chosen = wanted
	}
	if err := knownDialect(name, chosen); err != nil {
		return nil, err
	}
	path := opts.Executable
	if path == "" {
		var err error
		if path, err = os.Executable(); err != nil {
			return nil, &Error{Target: name, Kind: ErrUsage, Problem: "the running program can't be found", Err: err, Remedy: "name plugproof's path"}
		}
	}
	b := &binaryTarget{name: name, path: path, opts: opts, freePort: freePort, sums: newChecksums()}
	b.pool = newPool(b.start)
	b.program = func() (program, error) { return ownProgram{dialect: chosen}, nil }
	return b, nil
}
