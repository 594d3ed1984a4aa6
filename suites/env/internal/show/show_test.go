// SPDX-License-Identifier: MPL-2.0

package show_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/internal/show"
)

func TestValuesAreQuotedAndCut(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(show.Value("")).To(Equal(`""`))
	g.Expect(show.Value(" a\n\x1b[31m")).To(Equal(`" a\n\x1b[31m"`), "no value can colour a terminal")
	g.Expect(show.Value(strings.Repeat("ü", 48))).To(Equal(`"` + strings.Repeat("ü", 48) + `"`))
	g.Expect(show.Value(strings.Repeat("ü", 49))).To(Equal(`"` + strings.Repeat("ü", 24) + `"… (49 characters)`))
}

func TestColoursAreForTerminals(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r, w, err := os.Pipe()
	g.Expect(err).NotTo(HaveOccurred())
	defer r.Close()
	defer w.Close()
	g.Expect(show.PaintFor(w).Good("x")).To(Equal("x"))
	g.Expect(show.PaintFor(&bytes.Buffer{}).Bad("x")).To(Equal("x"))
}

type full struct{ writes int }

func (f *full) Write([]byte) (int, error) {
	f.writes++
	return 0, errors.New("disk full")
}

func TestTheFirstErrorStays(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	f := &full{}
	w := &show.Writer{Out: f}
	w.Printf("a")
	w.Printf("b")
	g.Expect(w.Err).To(MatchError("disk full"))
	g.Expect(f.writes).To(Equal(1))
}
