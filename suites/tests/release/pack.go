// SPDX-License-Identifier: MPL-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// entry is a file of an archive.
type entry struct {
	file string // on this machine
	name string // in the archive, with slashes
	mode fs.FileMode
}

// pack writes an archive whose entries are in one directory. The name's ending
// chooses the format.
func pack(file, directory string, entries []entry) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	out, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	write := packTar
	if strings.HasSuffix(file, ".zip") {
		write = packZip
	}
	if err := errors.Join(write(out, directory, entries), out.Close()); err != nil {
		return errors.Join(fmt.Errorf("write the archive: %w", err), os.Remove(file))
	}
	return nil
}

func packTar(out io.Writer, directory string, entries []entry) error {
	// Programs compress hardly better with more effort, but much slower.
	compressed, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for _, e := range entries {
		info, err := os.Stat(e.file)
		if err != nil {
			return err
		}
		header := &tar.Header{Name: directory + "/" + e.name, Mode: int64(e.mode), Size: info.Size(), ModTime: info.ModTime(), Typeflag: tar.TypeReg}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if err := e.copyTo(archive); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), compressed.Close())
}

func packZip(out io.Writer, directory string, entries []entry) error {
	archive := zip.NewWriter(out)
	for _, e := range entries {
		header := &zip.FileHeader{Name: directory + "/" + e.name, Method: zip.Deflate}
		header.SetMode(e.mode)
		w, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if err := e.copyTo(w); err != nil {
			return err
		}
	}
	return archive.Close()
}

func (e entry) copyTo(w io.Writer) error {
	in, err := os.Open(e.file)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(w, in)
	return err
}
