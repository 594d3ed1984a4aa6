// SPDX-License-Identifier: MPL-2.0

package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// longestSocket is how many bytes the path of a Unix socket may have: sun_path
	// of Linux with its terminating zero has 108, of other systems 104.
	longestSocket = 107 - bsdSocketDifference
	// socketsName begins the name of a Pool's directory; the server's pid follows.
	socketsName = "plugproof-ipc-"
	// ownSocket is what go-plugin adds to that directory for a socket of the
	// server, pluginSocket to the temporary directory for one of the plugin. The
	// numbers are of 32 bits.
	ownSocket    = "/" + socketsName + "4194304-4294967295/plugin-dir4294967295" + pluginSocket
	pluginSocket = "/plugin4294967295"
	// lockName is held locked while a Pool uses its directory. Its first line is when
	// it was made, in nanoseconds since 1970, the others are the temporary directories
	// of the Pool's plugins.
	lockName = "in-use"
	// newName begins the name of that file until it is locked.
	newName = "new-"
	// unlockedAge is the age from which a directory without the file is nobody's.
	unlockedAge = time.Minute
)

// sockets is the directory of a Pool for its sockets. Whatever ends the server, the
// next one that starts a plugin removes what was left: a process that is killed
// can't, and nor can its plugins, which are killed with it.
type sockets struct {
	mu   sync.Mutex
	dir  string
	lock *os.File
	// noted are the temporary directories in the file.
	noted map[string]bool
}

// open returns the directory, which the first call makes. temporary is the directory
// for temporary files of the plugin that is to be started.
func (s *sockets) open(temporary string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		if err := s.create(); err != nil {
			return "", fmt.Errorf("make a directory for the sockets of plugins: %w; set TMPDIR to a directory that this user can write to", err)
		}
	}
	if !s.noted[temporary] {
		if _, err := s.lock.WriteString(temporary + "\n"); err != nil {
			return "", err
		}
		s.noted[temporary] = true
	}
	return s.dir, nil
}

// create makes the directory, and removes those of servers that were killed.
func (s *sockets) create() error {
	base := socketBase()
	if base == "" {
		base = os.TempDir()
	}
	if len(base)+len(ownSocket) > longestSocket {
		base = shortBase(base)
	}
	if tellsAbandoned {
		removeAbandoned(base)
	}
	dir, err := os.MkdirTemp(base, fmt.Sprintf("%s%d-", socketsName, os.Getpid()))
	if err != nil {
		return err
	}
	// The file gets its name when it is locked, so that nobody takes it for an
	// abandoned one.
	lock, err := os.CreateTemp(dir, newName)
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	_, err = fmt.Fprintln(lock, time.Now().UnixNano())
	if err := errors.Join(err, lockFile(lock), os.Rename(lock.Name(), filepath.Join(dir, lockName))); err != nil {
		return errors.Join(err, lock.Close(), os.RemoveAll(dir))
	}
	s.dir, s.lock, s.noted = dir, lock, map[string]bool{}
	return nil
}

// close removes the directory.
func (s *sockets) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		return
	}
	_ = os.RemoveAll(s.dir) // what stays is the next server's to remove
	_ = s.lock.Close()
	s.dir = ""
}

// removeAbandoned removes the directories below base whose server has ended, and the
// sockets of its plugins.
func removeAbandoned(base string) {
	dirs, _ := filepath.Glob(filepath.Join(base, socketsName+"*"))
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() {
			continue
		}
		lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR, 0)
		switch {
		case errors.Is(err, fs.ErrNotExist) && (!makerLives(dir) || time.Since(info.ModTime()) > unlockedAge):
			removeUnlocked(dir)
			continue
		case err != nil: // another user's, or one that is being made
			continue
		}
		if lockFile(lock) == nil {
			if removeNoted(lock.Name()) || time.Since(info.ModTime()) > unlockedAge {
				_ = os.RemoveAll(dir)
			}
		}
		_ = lock.Close()
	}
}

// makerLives reports whether the server lives that made a directory.
func makerLives(dir string) bool {
	pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), socketsName), "-")
	number, err := strconv.Atoi(pid)
	return err == nil && processLives(number)
}

// removeUnlocked removes a directory whose server was killed while it made it.
func removeUnlocked(dir string) {
	files, _ := filepath.Glob(filepath.Join(dir, newName+"*"))
	for _, file := range files {
		_ = os.Remove(file)
	}
	_ = os.Remove(dir) // unless there is something else in it
}

// removeNoted removes the sockets of plugins of a Pool that is gone. It reports false
// if there are others that may be such: a process that was killed has them open for a
// moment, and its directory is kept for the next server then.
func removeNoted(lock string) (all bool) {
	noted, _ := os.ReadFile(lock)
	first, rest, _ := strings.Cut(strings.TrimSpace(string(noted)), "\n")
	made, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return true
	}
	all = true
	for temporary := range strings.SplitSeq(rest, "\n") {
		all = removeDeadSockets(temporary, time.Unix(0, made)) && all
	}
	return all
}

// isSocketName reports whether go-plugin gives sockets such names: plugin and digits.
func isSocketName(name string) bool {
	digits, ok := strings.CutPrefix(name, "plugin")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// removeDeadSockets removes sockets of go-plugin in a directory that were made since
// a time and that no process has open: those of plugins that were killed before
// their handshake was read, which would have told the path. It reports false if there
// are such sockets that are open.
func removeDeadSockets(dir string, since time.Time) (all bool) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return true
	}
	var dead []string
	for _, entry := range entries {
		if entry.Type() != fs.ModeSocket || !isSocketName(entry.Name()) {
			continue
		}
		info, err := entry.Info()
		// Time stamps of files are up to a tick of the kernel's clock behind.
		if err == nil && !info.ModTime().Before(since.Add(-fineStep)) && ownedByUser(info) {
			dead = append(dead, filepath.Join(dir, entry.Name()))
		}
	}
	if len(dead) == 0 {
		return true
	}
	open, known := openSockets()
	all = true
	for _, path := range dead {
		if !known || open[path] {
			all = false
			continue
		}
		_ = os.Remove(path)
	}
	return all
}

// temporaryDir returns where a process with that environment makes temporary files.
func temporaryDir(env []string) string {
	dir := ""
	for _, entry := range env { // the last one counts
		if value, ok := strings.CutPrefix(entry, "TMPDIR="); ok {
			dir = value
		}
	}
	if dir == "" {
		return "/tmp" // os.TempDir of Unix systems
	}
	return dir
}

// tooLong reports whether a plugin can't make a socket in its temporary directory.
func tooLong(temporary string) bool { return len(temporary)+len(pluginSocket) > longestSocket }
