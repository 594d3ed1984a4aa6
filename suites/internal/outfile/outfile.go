// SPDX-License-Identifier: MPL-2.0

// Package outfile writes the files that a command line names: recordings and
// baselines, which take long to make and must not be lost for a name.
package outfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Stdout is the name that stands for the standard output.
const Stdout = "-"

// maxLinks is how many symbolic links in a row are followed, as Linux does.
const maxLinks = 40

// Check reports whether name can be written, without changing what is there: to
// be asked before the work whose result it is to hold. The error names the file
// and the cause.
func Check(name string) error {
	if name == Stdout {
		return nil
	}
	target, whole, err := resolve(name)
	if err != nil || !whole { // opening a pipe would wait for its reader
		return err
	}
	f, err := temporary(target)
	if err != nil {
		return unwritable(name, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// Write writes data to name, for Stdout to stdout. A file is there whole or as
// it was before; a link stays one; what is not a file, a device or a pipe, is
// written to. The error names the file and the cause.
func Write(name string, data []byte, stdout io.Writer) error {
	if name == Stdout {
		_, err := stdout.Write(data)
		return err
	}
	target, whole, err := resolve(name)
	if err != nil {
		return err
	}
	if !whole {
		f, err := os.OpenFile(target, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return unwritable(name, err)
		}
		_, err = f.Write(data)
		if err = errors.Join(err, f.Close()); err != nil {
			return unwritable(name, err)
		}
		return nil
	}
	f, err := temporary(target)
	if err != nil {
		return unwritable(name, err)
	}
	defer os.Remove(f.Name())
	mode := fs.FileMode(0o644)
	if old, err := os.Stat(target); err == nil {
		mode = old.Mode().Perm()
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Close()); err == nil {
		err = os.Rename(f.Name(), target)
	}
	if err != nil {
		return unwritable(name, err)
	}
	return nil
}

// temporary is a file beside the target, to take its place.
func temporary(target string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*")
}

// resolve follows links to what is to be written, which need not exist; whole
// reports whether it is a file to be replaced as a whole.
func resolve(name string) (target string, whole bool, err error) {
	if name == "" {
		return "", false, errors.New("a file without a name can't be written")
	}
	// What leads to a pipe or a device may have no path of its own: /dev/stdout.
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() || isDescriptor(name) {
		return name, false, nil
	}
	target = name
	for range maxLinks {
		info, err := os.Lstat(target)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return target, true, nil
		case err != nil:
			return "", false, unwritable(name, err)
		case info.IsDir():
			return "", false, unwritable(name, errors.New("it is a directory"))
		case info.Mode().IsRegular():
			return target, true, nil
		case info.Mode().Type() != fs.ModeSymlink:
			return target, false, nil
		}
		to, err := os.Readlink(target)
		if err != nil {
			return "", false, unwritable(name, err)
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(target), to)
		}
		target = to
	}
	return "", false, unwritable(name, errors.New("too many links"))
}

// isDescriptor reports whether a name is that of a file which the program has open
// already, and which is therefore not to be replaced.
func isDescriptor(name string) bool {
	for _, prefix := range []string{"/dev/fd/", "/proc/self/fd/"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == "/dev/stdout" || name == "/dev/stderr"
}

// unwritable says that the file can't be written; the path is that of the
// command line, not of the file beside it.
func unwritable(name string, err error) error {
	if pathErr := new(fs.PathError); errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	if linkErr := new(os.LinkError); errors.As(err, &linkErr) {
		err = linkErr.Err
	}
	return fmt.Errorf("%s can't be written: %w", name, err)
}
