// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"github.com/plugproof/plugproof/steps/host"
	"github.com/plugproof/plugproof/suites/internal/build"
)

// innerInside is where the program that looks into the container is in it.
const innerInside = "/" + innerRoot + "/" + build.Inside

// findInside returns the program that looks into this image's containers, which is built
// for it if it was not installed with this one.
func (c *containerTarget) findInside() (string, error) {
	found, err := c.imageInfo()
	if err != nil {
		return "", err
	}
	name := build.Inside
	built, err := build.Find(context.Background(), "", build.Options{
		GOOS: found.os, GOARCH: found.machine, Names: []string{name}, Stage: c.opts.Progress,
	})
	return built[name], err
}

// lacksInside returns why containers can't be looked into, or "".
func (c *containerTarget) lacksInside() string {
	if _, err := c.imageInfo(); err != nil {
		return "" // Server reports why
	}
	if _, err := c.inside(); err != nil {
		return fmt.Sprintf("processes and files are inside the container, and the program that looks at them is missing: %v", err)
	}
	return ""
}

// insight is what is seen of a container: its files by root, and its processes by
// whoever may ask them.
type insight struct{ files, processes *host.Remote }

func (i insight) broken() bool { return i.files.Broken() != nil || i.processes.Broken() != nil }

func (i insight) close() {
	_ = i.files.Close()
	_ = i.processes.Close()
}

// Host implements steps.ElsewhereServer.
func (s *containerServer) Host(ctx context.Context) (host.Host, error) {
	s.looking.Lock()
	defer s.looking.Unlock()
	if s.insight == nil || s.insight.broken() {
		found, err := s.lookInside(ctx)
		if err != nil {
			return nil, s.target.named(fmt.Errorf("look into the container: %w", err))
		}
		s.insight = found
	}
	return containerHost{processTable: s.insight.processes, Files: changingFiles{s.insight.files, s.forget}}, nil
}

// lookInside starts a program of ours in the container as root. Where root may not
// ask the processes of the server's user, as it has few capabilities in a container,
// it is started as that user, too.
func (s *containerServer) lookInside(ctx context.Context) (*insight, error) {
	program, err := s.target.inside()
	if err != nil {
		return nil, err
	}
	if err := s.copyInside(ctx, program); err != nil {
		return nil, err
	}
	root, err := s.attach(ctx, "0")
	if err != nil {
		return nil, err
	}
	if root.Sees() {
		return &insight{files: root, processes: root}, nil
	}
	user, err := s.attach(ctx, "")
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &insight{files: root, processes: user}, nil
}

// copyInside copies the program into the container, once.
func (s *containerServer) copyInside(ctx context.Context, program string) error {
	if s.copied {
		return nil
	}
	content, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	err = s.engine.copyIn(ctx, s.box.GetContainerID(), "/", func(archive *tar.Writer) error {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: strings.TrimPrefix(innerInside, "/"), Mode: 0o755, Size: int64(len(content))}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		_, err := archive.Write(content)
		return err
	})
	s.copied = err == nil
	return err
}

// attach runs the program beside the server, as a user of the container or as the
// server's own, and greets it.
func (s *containerServer) attach(ctx context.Context, user string) (*host.Remote, error) {
	made, err := s.engine.ExecCreate(ctx, s.box.GetContainerID(), client.ExecCreateOptions{
		User: user, AttachStdin: true, AttachStdout: true, AttachStderr: true,
		Env: []string{"TMPDIR=/tmp"}, Cmd: []string{innerInside},
	})
	if err != nil {
		return nil, err
	}
	// The stream outlives the scenario that asks first.
	attached, err := s.engine.ExecAttach(context.WithoutCancel(ctx), made.ID, client.ExecAttachOptions{})
	if err != nil {
		return nil, err
	}
	return host.Dial(ctx, demultiplex(attached.HijackedResponse))
}

// execStream is what a program in a container reads and writes.
type execStream struct {
	*io.PipeReader
	response client.HijackedResponse
}

// demultiplex takes the program's output out of an engine's stream. What the program
// says on stderr, before it ends, becomes the error of reading on.
func demultiplex(response client.HijackedResponse) execStream {
	out, in := io.Pipe()
	go func() {
		var said strings.Builder
		_, err := stdcopy.StdCopy(in, &said, response.Reader)
		if text := strings.TrimSpace(said.String()); text != "" {
			err = errors.Join(errors.New(text), err)
		}
		in.CloseWithError(err)
	}()
	return execStream{PipeReader: out, response: response}
}

func (s execStream) Write(p []byte) (int, error) { return s.response.Conn.Write(p) }

// Close ends the program: its input ends.
func (s execStream) Close() error {
	s.response.Close()
	return s.PipeReader.Close()
}

// lookAway ends the program in the container, if there is one.
func (s *containerServer) lookAway() {
	s.looking.Lock()
	defer s.looking.Unlock()
	if s.insight != nil {
		s.insight.close()
		s.insight = nil
	}
}

// containerHost is a container as the machine of its server.
type containerHost struct {
	processTable
	host.Files
}

// processTable is a host.Processes with another name, since a field of that name
// would hide the method.
type processTable interface{ host.Processes }

// forget has Place copy a file again, if it is one of the plugin directory.
func (s *containerServer) forget(file string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if path.Dir(file) == innerPlugins {
		delete(s.placed, path.Base(file))
	}
}

// changingFiles are files that, once changed, don't count as placed any more.
type changingFiles struct {
	host.Files
	changed func(file string)
}

func (f changingFiles) Append(ctx context.Context, file, text string) error {
	defer f.changed(file)
	return f.Files.Append(ctx, file, text)
}

func (f changingFiles) Rename(ctx context.Context, from, file string) error {
	defer f.changed(file)
	defer f.changed(from)
	return f.Files.Rename(ctx, from, file)
}

func (f changingFiles) Remove(ctx context.Context, file string) error {
	defer f.changed(file)
	return f.Files.Remove(ctx, file)
}
