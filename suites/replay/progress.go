// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// Progress gives a function for Options.Done that counts the finished cases on
// one line. It writes nothing if w is no terminal.
func Progress(w io.Writer, rec *Recording, selected func(string, *Case) bool) func(id string) {
	if !terminal(w) {
		return func(string) {}
	}
	total := 0
	for id, c := range rec.Cases {
		if selected == nil || selected(id, c) {
			total++
		}
	}
	var mu sync.Mutex
	done := 0
	return func(id string) {
		mu.Lock()
		defer mu.Unlock()
		done++
		// \033[K clears what a longer name left.
		fmt.Fprintf(w, "\r%d of %d cases: %s\033[K", done, total, id)
		if done == total {
			fmt.Fprint(w, "\r\033[K")
		}
	}
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
