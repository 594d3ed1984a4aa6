// SPDX-License-Identifier: MPL-2.0

// Package host is the machine that a server and its plugins run on: its process
// table and its files. It is this machine (Local), or a container, in which Serve
// answers what a Remote asks.
package host

import "context"

// Host is a machine. Its methods may be called by several goroutines.
type Host interface {
	Processes
	Files
}

// Processes is a process table.
type Processes interface {
	// Processes returns all processes of the table.
	Processes(ctx context.Context) ([]Process, error)
	// Began returns when the process of that identifier began, in milliseconds of
	// Unix time, and 0 if there is none: identifiers are given again, soon in a
	// container that is restarted.
	Began(ctx context.Context, pid int32) (int64, error)
	// Kill kills a process the way the kernel does when memory runs out.
	Kill(ctx context.Context, pid int32) error
	// Quit makes a program in Go print what its goroutines do and end (SIGQUIT). It
	// succeeds if the process has ended already.
	Quit(ctx context.Context, pid int32) error
}

// Process is a process of a table. It may have ended since the table was read; its
// methods then fail, as they do for the processes of others.
type Process interface {
	// PID returns its identifier.
	PID() int32
	// Parent returns the identifier of its parent.
	Parent(ctx context.Context) (int32, error)
	// Executable returns the path of the file that it executes, also if that was
	// removed since.
	Executable(ctx context.Context) (string, error)
	// Args returns its command line.
	Args(ctx context.Context) ([]string, error)
	// Environ returns its environment, as NAME=value.
	Environ(ctx context.Context) ([]string, error)
	// Zombie reports whether it has ended and its parent did not notice yet.
	Zombie(ctx context.Context) bool
	// Usage returns what it uses now, as far as that can be found out.
	Usage(ctx context.Context) (Usage, error)
}

// Usage is what a process uses.
type Usage struct {
	// Listens reports whether it listens on a socket.
	Listens bool
	// Descriptors is the number of its open files, 0 if that is not known.
	Descriptors int32
	// Memory is the resident memory in bytes, 0 if that is not known.
	Memory uint64
}

// Files are the files of a machine. All paths are absolute.
type Files interface {
	// Resolve returns the path that a path leads to when its symbolic links are
	// followed.
	Resolve(ctx context.Context, path string) (string, error)
	// Create creates an empty executable file, if there is none.
	Create(ctx context.Context, path string) error
	// MakeDirectory creates a directory.
	MakeDirectory(ctx context.Context, path string) error
	// Temporary creates an empty directory that every user may write to, and returns
	// its path.
	Temporary(ctx context.Context) (string, error)
	// Symlink creates a symbolic link at path.
	Symlink(ctx context.Context, destination, path string) error
	// Link creates a hard link to a file, if there is no file at path.
	Link(ctx context.Context, file, path string) error
	// Rename moves a file to path, where it replaces another one.
	Rename(ctx context.Context, file, path string) error
	// Append replaces a file by a copy of it with text at its end.
	Append(ctx context.Context, path, text string) error
	// Remove removes a file, or a directory with all that is in it. It succeeds if
	// there is none.
	Remove(ctx context.Context, path string) error
	// List returns the paths of all files and directories below a directory,
	// relative to it, without sockets.
	List(ctx context.Context, directory string) ([]string, error)
}
