// SPDX-License-Identifier: MPL-2.0

// Package ocitest serves a registry of OCI images for tests.
package ocitest

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
)

// Publish serves a registry on the loopback interface until the test ends or stop is
// called. It has one image, whose root holds one file. image is its name without a tag.
func Publish(t testing.TB, tag, file string, content []byte) (image string, stop func()) {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	image = strings.TrimPrefix(server.URL, "http://") + "/theirs/mine"
	if err := push(t, image+":"+tag, file, content); err != nil {
		t.Fatal(err)
	}
	return image, server.Close
}

func push(t testing.TB, reference, file string, content []byte) error {
	var layer bytes.Buffer
	archive := tar.NewWriter(&layer)
	err := errors.Join(archive.WriteHeader(&tar.Header{Name: "dir", Mode: 0o755, Typeflag: tar.TypeDir}),
		archive.WriteHeader(&tar.Header{Name: file, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg}))
	if err != nil {
		return err
	}
	if _, err := archive.Write(content); err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return err
	}
	image, err := mutate.AppendLayers(empty.Image, static.NewLayer(layer.Bytes(), "application/vnd.docker.image.rootfs.diff.tar"))
	if err != nil {
		return err
	}
	to, err := name.ParseReference(reference)
	if err != nil {
		return err
	}
	return remote.Write(to, image, remote.WithContext(t.Context()))
}
