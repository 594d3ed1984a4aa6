// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"archive/tar"
	"context"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// pullSilence is how long a registry may say nothing while an image is pulled.
const pullSilence = 10 * time.Second

// have makes sure that the image is in the engine, pulling it where it is not.
// It gives up when the registry says nothing for a while, not when a download is
// long.
func (e *engine) have(ctx context.Context, image string, progress func(string)) error {
	_, err := e.ImageInspect(ctx, image)
	if err == nil || !errdefs.IsNotFound(err) {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(pullSilence, func() {
		cancel(fmt.Errorf("the registry says nothing for %s", pullSilence))
	})
	defer silence.Stop()
	if progress != nil {
		progress("pulling " + image)
	}
	err = e.pull(ctx, image, func() { silence.Reset(pullSilence) })
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return &Error{
			Kind: ErrImageMissing, Err: err,
			Problem: fmt.Sprintf("image %s is not in the engine and can't be pulled", image),
			Remedy:  fmt.Sprintf("get it where there is a registry and bring it here: docker pull %[1]s; docker save %[1]s | ssh … docker load", image),
		}
	}
	return nil
}

func (e *engine) pull(ctx context.Context, image string, heard func()) error {
	stream, err := e.ImagePull(ctx, image, client.ImagePullOptions{})
	if err != nil {
		return err
	}
	defer stream.Close()
	for message, err := range stream.JSONMessages(ctx) {
		if err != nil {
			return err
		}
		if message.Error != nil {
			return message.Error
		}
		heard()
	}
	return nil
}

// imageInfo is what an image holds that concerns us.
type imageInfo struct {
	image        string
	os           string
	architecture string
	// command is the server's program in the image, as an absolute path.
	command string
	program program
	// machine is the architecture that the program is built for. An image made
	// from nothing is labelled with its maker's.
	machine string
	// search is the image's PATH, unset the names of its other variables.
	search string
	unset  []string
}

// defaultPath is what engines give images that set no PATH.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// look finds out which server an image holds: its entrypoint if that is a known
// program, else one in the image's PATH or its root directory.
func (e *engine) look(ctx context.Context, image string) (*imageInfo, error) {
	found, err := e.ImageInspect(ctx, image)
	if err != nil {
		return nil, err
	}
	c := &imageInfo{image: image, os: found.Os, architecture: found.Architecture, search: defaultPath}
	var candidates []string
	if config := found.Config; config != nil {
		for _, entry := range config.Env {
			if name, value, _ := strings.Cut(entry, "="); name == "PATH" {
				c.search = value
			} else {
				c.unset = append(c.unset, name)
			}
		}
		candidates = append(candidates, config.Entrypoint...)
	}
	for _, dir := range append(strings.Split(c.search, ":"), "/") {
		for _, name := range slices.Sorted(maps.Keys(programNames())) {
			candidates = append(candidates, path.Join(dir, name))
		}
	}
	// A container that is never started, to look into the image.
	made, err := e.ContainerCreate(ctx, client.ContainerCreateOptions{Config: &container.Config{
		Image: image, Entrypoint: []string{"/"}, Labels: map[string]string{ownerLabel: owner()},
	}})
	if err != nil {
		return nil, err
	}
	defer func() {
		_, _ = e.ContainerRemove(context.WithoutCancel(ctx), made.ID, client.ContainerRemoveOptions{Force: true})
	}()
	for _, file := range candidates {
		known, ok := programNames()[path.Base(file)]
		if !ok || !path.IsAbs(file) {
			continue
		}
		_, err := e.ContainerStatPath(ctx, made.ID, client.ContainerStatPathOptions{Path: file})
		if err == nil {
			c.command, c.program = file, known
			c.machine = e.machine(ctx, made.ID, file, c.architecture)
			return c, nil
		}
		if !errdefs.IsNotFound(err) {
			return nil, err
		}
	}
	return nil, &Error{
		Kind: ErrNotAServer, Problem: fmt.Sprintf("image %s holds no known server", image),
		Remedy: "take an image with vault, bao, plugproof or plugproof-serve as its entrypoint or in its PATH",
	}
}

// machine reads which architecture a program in a container is built for, and
// returns otherwise where it doesn't say: scripts don't.
func (e *engine) machine(ctx context.Context, id, file, otherwise string) string {
	copied, err := e.CopyFromContainer(ctx, id, client.CopyFromContainerOptions{SourcePath: file})
	if err != nil {
		return otherwise
	}
	defer copied.Content.Close()
	archive := tar.NewReader(copied.Content)
	if _, err := archive.Next(); err != nil {
		return otherwise
	}
	head := make([]byte, 20)
	if _, err := io.ReadFull(archive, head); err != nil || string(head[:4]) != elf.ELFMAG {
		return otherwise
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	built := elf.Machine(order.Uint16(head[18:]))
	for name, machine := range machines() {
		if machine == built {
			return name
		}
	}
	return built.String()
}
