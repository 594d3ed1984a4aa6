// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// measured returns a table and the one beside it.
func measured() (mock, beside table) {
	ms := func(n int) []time.Duration { return []time.Duration{time.Duration(n) * time.Millisecond} }
	mock.times(row{what: "start <fast>", aim: "< 15 ms"}, ms(5), nil)
	beside.times(row{what: "start <fast>"}, ms(50), nil)
	mock.rates(row{what: "  requests"}, 1500, 3000)
	beside.rates(row{what: "  requests"}, 3000, 3000)
	mock.memory(row{what: "memory"}, 20, unitMemory)
	beside.memory(row{what: "memory"}, 80, unitMemory)
	mock.times(row{what: "within"}, ms(1), nil) // nothing beside it
	return mock, beside
}

func TestFiguresAreWritten(t *testing.T) {
	t.Parallel()
	mock, beside := measured()
	all := figures{When: time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC), Machine: thisMachine(), Beside: "OpenBao v2.6.2", Rows: mock.figures(beside)}
	dir := filepath.Join(t.TempDir(), "made")
	if err := all.write(filepath.Join(dir, "f.json"), filepath.Join(dir, "f.svg")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "f.json"))
	if err != nil {
		t.Fatal(err)
	}
	var read figures
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if want := (figure{Measure: "requests", Unit: "/s", Mock: 1500, Floor: 3000, Beside: 3000}); len(read.Rows) != 4 || read.Rows[1] != want {
		t.Errorf("rows %+v", read.Rows)
	}
	if read.Machine.Processors < 1 || read.Machine.Go == "" {
		t.Errorf("machine %+v", read.Machine)
	}
	picture, err := os.ReadFile(filepath.Join(dir, "f.svg"))
	if err != nil {
		t.Fatal(err)
	}
	checkPicture(t, string(picture))
}

// checkPicture wants well-formed XML with a bar for each row that has something
// beside it.
func checkPicture(t *testing.T, svg string) {
	t.Helper()
	var texts []string
	bars := 0
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "rect" {
				bars++
			}
		case xml.CharData:
			texts = append(texts, string(token))
		}
	}
	if bars != 3 {
		t.Errorf("%d bars, want 3", bars)
	}
	all := strings.Join(texts, "\n")
	for _, want := range []string{
		"OpenBao v2.6.2", "2026-11-27", "start <fast>", "10.00 ×  (5.00 ms, 50.00 ms)", "0.50 ×  (1500 /s, 3000 /s)", "4.00 ×  (20 MB, 80 MB)",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
}

func TestWithoutAServerBesideThePictureShowsTheFloor(t *testing.T) {
	t.Parallel()
	mock, _ := measured()
	svg := figures{Rows: mock.figures(table{})}.picture()
	if !strings.Contains(svg, "go-plugin alone") || !strings.Contains(svg, "0.50 ×") || strings.Count(svg, "<rect") != 1 {
		t.Error(svg)
	}
}
