// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/plugproof/plugproof/steps"
)

// versionTimeout bounds how long a program may take to print its version.
const versionTimeout = 15 * time.Second

// binaryTarget is a target that starts a server program on this machine.
type binaryTarget struct {
	name, path string
	opts       Options
	pool       *pool
	program    func() (program, error)
	freePort   func() (string, error)
	sums       *checksums
	pluginImages
}

func newBinary(name, path string, opts Options) (steps.Target, error) {
	absolute, err := exec.LookPath(path)
	if err == nil {
		absolute, err = filepath.Abs(absolute)
	}
	if err != nil {
		remedy := "name a vault or bao program"
		if errors.Is(err, fs.ErrPermission) {
			remedy = "make it executable: chmod +x " + path
		}
		return nil, &Error{Target: name, Kind: ErrUsage, Problem: "the program can't be run", Err: err, Remedy: remedy}
	}
	b := &binaryTarget{name: name, path: absolute, opts: opts, freePort: freePort, sums: newChecksums()}
	b.pool = newPool(b.start)
	b.program = sync.OnceValues(b.identify)
	return b, nil
}

// Name implements steps.Target.
func (b *binaryTarget) Name() string { return b.name }

// Unsupported implements steps.Target: a program that the harness starts itself
// lacks only what it can't be asked. Asking for ContainerPlugins contacts the container
// engine.
func (b *binaryTarget) Unsupported(c steps.Capability) string {
	switch c {
	case steps.Sealing:
		return sealable(b.program())
	case steps.ContainerPlugins:
		return b.unsupported()
	}
	return notInAPI(c)
}

// Server implements steps.Target.
func (b *binaryTarget) Server(ctx context.Context, spec steps.Spec) (steps.Server, error) {
	return b.pool.server(ctx, spec)
}

// Close implements steps.Target.
func (b *binaryTarget) Close(ctx context.Context) error {
	return errors.Join(b.pool.close(ctx), b.removeImages(ctx))
}

// identify asks the program what it is.
func (b *binaryTarget) identify() (program, error) {
	ctx, cancel := context.WithTimeout(context.Background(), versionTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.path, "version")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir()}
	cmd.WaitDelay = time.Second
	output, err := cmd.CombinedOutput()
	if known, ok := recognise(string(output)); ok && err == nil {
		return known, nil
	}
	failure := &Error{
		Target: b.name, Kind: ErrNotAServer, Err: err, Log: lastLines(string(output), 5),
		Problem: fmt.Sprintf("%s does not say that it is vault or bao when run as '%s version'", b.path, filepath.Base(b.path)),
		Remedy:  "name the program of HashiCorp Vault or OpenBao",
	}
	if errors.Is(err, syscall.ENOEXEC) {
		failure.Kind = ErrWrongArchitecture
		failure.Problem = b.path + " can't run on this machine"
		failure.Remedy = "take the build for " + Platform()
	}
	return nil, failure
}

// start returns a new server.
func (b *binaryTarget) start(ctx context.Context, spec steps.Spec) (running, error) {
	known, err := b.program()
	if err != nil {
		return nil, err
	}
	home, err := os.MkdirTemp("", "plugproof-server-")
	if err == nil {
		// The server compares real paths with those it is given.
		home, err = filepath.EvalSymlinks(home)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: directory for the server: %w", b.name, err)
	}
	s := &binaryServer{target: b, program: known, spec: spec, dir: home, log: filepath.Join(home, "server.log")}
	for _, dir := range []string{s.pluginDir(), s.stateDir(), s.homeDir()} {
		if err = os.Mkdir(dir, 0o700); err != nil {
			break
		}
	}
	if err == nil {
		err = s.begin(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	return s, nil
}

// environment is what the server process gets: its own HOME, the user's PATH
// and what the scenario asks for, the later entry winning.
func environment(spec steps.Spec, home string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home}, spec.Env...)
}

// saveLog keeps what a failed server wrote and returns where, as a sentence for
// an error's remedy.
func saveLog(opts Options, text string) string {
	if opts.LogDir == "" || strings.TrimSpace(text) == "" {
		return ""
	}
	if err := os.MkdirAll(opts.LogDir, 0o700); err != nil {
		return "Its log could not be kept: " + err.Error()
	}
	f, err := os.CreateTemp(opts.LogDir, "server-*.log")
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return "Its log could not be kept: " + err.Error()
	}
	return "Its whole log is in " + f.Name()
}
