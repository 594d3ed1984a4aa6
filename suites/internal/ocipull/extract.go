// SPDX-License-Identifier: MPL-2.0

package ocipull

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/hashicorp/go-hclog"
	"github.com/shirou/gopsutil/v4/disk"

	"github.com/plugproof/plugproof/suites/internal/serverconfig"
)

// mebibyte is the unit of sizes in messages.
const mebibyte = 1 << 20

// extract puts the plugin's binary from the root of an image at a path. It is there only
// if it has the plugin's sum.
func extract(image v1.Image, p serverconfig.Plugin, to string, maxSize int64, logger hclog.Logger) (err error) {
	failed := func(err error) error { return fmt.Errorf("failed to extract plugin from OCI image: %w", err) }
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return failed(fmt.Errorf("failed to create plugin directory: %w", err))
	}
	files := mutate.Extract(image)
	defer func() { err = errors.Join(err, files.Close()) }()
	archive := tar.NewReader(files)
	for {
		header, err := archive.Next()
		if err == io.EOF {
			return failed(fmt.Errorf("binary %q not found in root of OCI image", p.BinaryName))
		}
		if err != nil {
			return failed(fmt.Errorf("error reading tar entry: %w", err))
		}
		named := header.Name == p.BinaryName || strings.TrimPrefix(header.Name, "/") == p.BinaryName
		if !named || header.Typeflag != tar.TypeReg {
			continue
		}
		if header.Size > maxSize {
			return failed(fmt.Errorf("plugin binary size of %d MiB exceeds allowed size of %d MiB", header.Size/mebibyte, maxSize/mebibyte))
		}
		if err := checkSpace(filepath.Dir(to), header.Size); err != nil {
			return failed(err)
		}
		logger.Info("found plugin binary in OCI image", "entry", header.Name, "size", header.Size)
		return place(archive, header.Size, p.SHA256Sum, to)
	}
}

func checkSpace(directory string, size int64) error {
	usage, err := disk.Usage(directory)
	switch {
	case err != nil:
		return fmt.Errorf("failed to get disk usage: %w", err)
	case usage.Free < uint64(size):
		return errors.New("not enough space left on disk to download plugin")
	}
	return nil
}

// place writes a file of that size beside its place and moves it there if it has the sum,
// so that no other file is ever there.
func place(content io.Reader, size int64, sum, to string) (err error) {
	file, err := os.CreateTemp(filepath.Dir(to), ".download-*")
	if err != nil {
		return fmt.Errorf("failed to extract plugin from OCI image: failed to create output file: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	n, err := io.Copy(file, io.LimitReader(content, size+1))
	switch {
	case err != nil:
		err = fmt.Errorf("failed to extract binary data: %w", err)
	case n != size:
		err = errors.New("file size was different than reported in tar header")
	}
	if err := errors.Join(err, file.Chmod(0o755), file.Close()); err != nil {
		return fmt.Errorf("failed to extract plugin from OCI image: %w", err)
	}
	if err := matches(file.Name(), sum); err != nil {
		return err
	}
	return os.Rename(file.Name(), to)
}

// matches returns an error if a file does not have the sum.
func matches(path, sum string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("failed to calculate plugin hash: %w", err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return fmt.Errorf("failed to calculate plugin hash: %w", err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); !strings.EqualFold(got, sum) {
		return fmt.Errorf("plugin hash mismatch: expected %s, got %s", sum, got)
	}
	return nil
}
