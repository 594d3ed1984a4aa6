// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"archive/tar"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/moby/moby/client"
)

// prepareContainer makes the directories that a server needs in a container that was created
// from an image, and its configuration file.
func (e *engine) prepareContainer(ctx context.Context, id string, start launch) error {
	return e.copyIn(ctx, id, "/", func(archive *tar.Writer) error {
		directories := []struct {
			name string
			mode int64
		}{
			// Writable for whatever user the image runs as.
			{innerRoot, 0o755}, {strings.TrimPrefix(innerPlugins, "/"), 0o755},
			{strings.TrimPrefix(innerState, "/"), 0o777}, {strings.TrimPrefix(innerHome, "/"), 0o777},
			// Plugins open their sockets there; bare images have none.
			{"tmp", 0o1777},
		}
		for _, directory := range directories {
			header := &tar.Header{Typeflag: tar.TypeDir, Name: directory.name + "/", Mode: directory.mode}
			if err := archive.WriteHeader(header); err != nil {
				return err
			}
		}
		if start.config == "" {
			return nil
		}
		header := &tar.Header{
			Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(start.config)),
			Name: strings.TrimPrefix(start.configFile, "/"),
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		_, err := io.WriteString(archive, start.config)
		return err
	})
}

// copyPlugin copies a file into the container's plugin directory. testcontainers'
// own copying compresses, which takes ten times as long for a plugin.
func (e *engine) copyPlugin(ctx context.Context, id, name, file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	return e.copyIn(ctx, id, innerPlugins, func(archive *tar.Writer) error {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: path.Base(name), Mode: int64(info.Mode().Perm()),
			Size: info.Size(), ModTime: info.ModTime(),
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		_, err := io.Copy(archive, in)
		return err
	})
}

// copyIn streams what write puts into an archive to a directory of the container.
func (e *engine) copyIn(ctx context.Context, id, directory string, write func(*tar.Writer) error) error {
	out, in := io.Pipe()
	go func() {
		archive := tar.NewWriter(in)
		err := write(archive)
		in.CloseWithError(errors.Join(err, archive.Close()))
	}()
	_, err := e.CopyToContainer(ctx, id, client.CopyToContainerOptions{DestinationPath: directory, Content: out})
	// An engine that stops reading early must not leave the writer waiting.
	return errors.Join(err, out.Close())
}

// machines are the ELF machines of the architectures as Go and the engines call
// them.
func machines() map[string]elf.Machine {
	return map[string]elf.Machine{
		"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm": elf.EM_ARM, "arm64": elf.EM_AARCH64,
		"ppc64le": elf.EM_PPC64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390,
	}
}

// checkPlatform refuses a program that was built for another machine than the
// image's: the server would only say that it could not start it. A file that is
// no program at all passes; scenarios place such files on purpose.
func checkPlatform(file string, c *imageInfo) error {
	program, err := elf.Open(file)
	if err != nil {
		if _, statErr := os.Stat(file); statErr != nil {
			return statErr
		}
		return nil
	}
	defer program.Close()
	want, known := machines()[c.machine]
	if !known || program.Machine == want {
		return nil
	}
	return &Error{
		Kind: ErrWrongArchitecture, Problem: fmt.Sprintf("plugin %s is built for %s, and image %s is for %s/%s", file, program.Machine, c.image, c.os, c.machine),
		Remedy: fmt.Sprintf("build it with GOOS=%s GOARCH=%s CGO_ENABLED=0", c.os, c.machine),
	}
}
