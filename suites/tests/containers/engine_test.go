// SPDX-License-Identifier: MPL-2.0

//go:build linux

package containers_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/plugproof/plugproof/suites/internal/build"
)

// imageName begins the name of the tests' image; the pid of their process follows.
const imageName = "plugproof-test/plugin-"

// engine returns a client of the container engine; without one the test is skipped.
func engine(t *testing.T) *client.Client {
	t.Helper()
	docker, err := client.New(client.FromEnv)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = docker.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := docker.Ping(ctx, client.PingOptions{}); err != nil {
		t.Skip("no container engine: ", err)
	}
	return docker
}

// image makes an image of the probe plugin, which the end of the test removes, and
// those of tests that were killed. It returns its name and digest.
func image(t *testing.T, docker *client.Client) (name, digest string) {
	t.Helper()
	removeAbandoned(t, docker)
	plugins, err := build.Plugins(t.Context(), build.Options{Names: []string{"probe"}})
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(plugins["probe"])
	if err != nil {
		t.Fatal(err)
	}
	var root bytes.Buffer
	archive := tar.NewWriter(&root)
	err = archive.WriteHeader(&tar.Header{Name: "probe", Mode: 0o755, Size: int64(len(binary))})
	if err == nil {
		_, err = archive.Write(binary)
	}
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	name = fmt.Sprint(imageName, os.Getpid())
	answer, err := docker.ImageImport(t.Context(), client.ImageImportSource{Source: &root, SourceName: "-"}, name,
		client.ImageImportOptions{Tag: "latest", Changes: []string{`ENTRYPOINT ["/probe"]`, "ENV OF_IMAGE=image"}})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	t.Cleanup(func() { remove(docker, name) })
	if _, err := io.Copy(io.Discard, answer); err != nil {
		t.Fatal(err)
	}
	info, err := docker.ImageInspect(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return name, strings.TrimPrefix(info.ID, "sha256:")
}

func remove(docker *client.Client, name string) {
	_, _ = docker.ImageRemove(context.Background(), name, client.ImageRemoveOptions{Force: true})
}

func removeAbandoned(t *testing.T, docker *client.Client) {
	t.Helper()
	list, err := docker.ImageList(t.Context(), client.ImageListOptions{
		Filters: make(client.Filters).Add("reference", imageName+"*"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range list.Items {
		for _, tag := range item.RepoTags {
			var pid int
			if n, _ := fmt.Sscanf(tag, imageName+"%d:latest", &pid); n == 1 && syscall.Kill(pid, 0) == syscall.ESRCH {
				remove(docker, tag)
			}
		}
	}
}
