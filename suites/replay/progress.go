// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// Progress gives a function for Options.Done that counts the finished cases of
// total on one line, and one that clears the line. They write nothing if w is no
// terminal.
func Progress(w io.Writer, total int) (done func(id string), end func()) {
	if !terminal(w) {
		return func(string) {}, func() {}
	}
	// \033[K clears what a longer name left.
	var mu sync.Mutex
	finished := 0
	done = func(id string) {
		mu.Lock()
		defer mu.Unlock()
		finished++
		fmt.Fprintf(w, "\r%d of %d cases: %s\033[K", finished, total, id)
	}
	return done, func() { fmt.Fprint(w, "\r\033[K") }
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
