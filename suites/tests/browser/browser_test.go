// SPDX-License-Identifier: MPL-2.0

// Package browser_test looks at the pages of run, env and report in a real browser.
package browser_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/internal/build"
)

// look is how a page is looked at.
type look struct {
	dark bool
}

// browser returns the program of a browser, and skips the test where there is none.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no chromium is installed (Debian: apt-get install chromium)")
	return ""
}

// page makes a page with plugproof and returns its text.
func page(t *testing.T, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	program, err := build.Program(t.Context(), ".", "")
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, append(args, "--report", "html="+file)...)
	if out, err := command.CombinedOutput(); command.ProcessState == nil || command.ProcessState.ExitCode() > 1 {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var found = regexp.MustCompile(`(?s)<output id="found">(.*?)</output>`)

// ask opens a page, runs a script in it that returns an object, and decodes that.
func ask(t *testing.T, page string, l look, script string, into any) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "page.html")
	asking := fmt.Sprintf(`<script>window.addEventListener("load", function () {
		var o = document.createElement("output"); o.id = "found";
		try { o.textContent = JSON.stringify((function () { %s })()); } catch (e) { o.textContent = JSON.stringify({error: String(e)}); }
		document.body.appendChild(o);
	});</script></body>`, script)
	text := bytes.Replace([]byte(page), []byte("</body>"), []byte(asking), 1)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	scheme := 1
	if l.dark {
		scheme = 0
	}
	// No network: a page needs nothing but itself.
	command := exec.CommandContext(t.Context(), browser(t), "--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND",
		"--user-data-dir="+filepath.Join(dir, "profile"), fmt.Sprintf("--blink-settings=preferredColorScheme=%d", scheme),
		"--virtual-time-budget=2000", "--dump-dom", "file://"+file)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("the browser: %v\n%s", err, stderr.String())
	}
	parts := found.FindSubmatch(out)
	if parts == nil {
		t.Fatalf("the script did not run:\n%.2000s", out)
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(string(parts[1]))), into); err != nil {
		t.Fatalf("%s: %v", parts[1], err)
	}
}

// narrow puts the page into a frame of a phone's width, since windows of a browser
// can't be that narrow, and returns how wide its content is.
const narrow = `
	var frame = document.createElement("iframe");
	frame.style.cssText = "width:400px;height:800px;border:0";
	document.body.appendChild(frame);
	frame.contentDocument.open(); frame.contentDocument.write(document.documentElement.outerHTML.replace(/<script[^]*?<\/script>/g, "")); frame.contentDocument.close();
	var inner = frame.contentDocument.documentElement;
	return {width: inner.scrollWidth, seen: frame.contentWindow.innerWidth};
`

// narrowed opens a page as on a phone, where nothing may lie beside the screen.
func narrowed(t *testing.T, page string) {
	t.Helper()
	var size struct {
		Width, Seen int
		Error       string
	}
	ask(t, page, look{}, narrow, &size)
	g := NewWithT(t)
	g.Expect(size.Error).To(BeEmpty())
	g.Expect(size.Seen).To(Equal(400))
	g.Expect(size.Width).To(BeNumerically("<=", size.Seen), "no scrolling to the side at 400 px")
}

// onPaper applies the rules for paper to the screen, where a script sees them.
const onPaper = `
	Array.from(document.styleSheets).forEach(function (sheet) {
		Array.from(sheet.cssRules).forEach(function (r) { if (r.media && r.media.mediaText === "print") { r.media.mediaText = "all"; } });
	});
	window.dispatchEvent(new Event("beforeprint"));
`

// TestPageOfARun filters and searches a page with a failure, in light and dark.
func TestPageOfARun(t *testing.T) {
	t.Parallel()
	browser(t)
	g := NewWithT(t)
	text := page(t, "run", "--target", "mock:vault-1.15", "--expect-dialect", "vault-1.16", "--only", "ENV-021,REG-001,MNT-001,ACC-001")
	var state struct {
		Error                          string
		All, Searched, Failed, Nothing int
		Shown                          string
		Open                           bool
		Background                     string
	}
	const script = `
		function visible() { return Array.from(document.querySelectorAll("details[data-status]")).filter(function (d) { return d.offsetParent !== null; }).length; }
		function set(id, value) { var e = document.getElementById(id); e.value = value; e.dispatchEvent(new Event("input", {bubbles: true})); }
		var s = {All: visible(), Background: getComputedStyle(document.body).backgroundColor};
		set("text", "env-021"); s.Searched = visible(); s.Shown = document.getElementById("shown").textContent;
		set("text", ""); set("status", "FAIL"); s.Failed = visible(); s.Open = document.getElementById("ENV-021").open;
		set("text", "no such thing"); s.Nothing = visible();
		return s;`
	ask(t, text, look{}, script, &state)
	g.Expect(state.Error).To(BeEmpty())
	g.Expect(state.All).To(Equal(4))
	g.Expect(state.Searched).To(Equal(1))
	g.Expect(state.Shown).To(ContainSubstring("1 of 4"))
	g.Expect(state.Failed).To(Equal(1))
	g.Expect(state.Open).To(BeTrue(), "a failure is open")
	g.Expect(state.Nothing).To(BeZero())
	light := state.Background
	ask(t, text, look{dark: true}, script, &state)
	g.Expect(state.Background).NotTo(Equal(light), "dark is another background")
	narrowed(t, text)

	var paper struct {
		Error          string
		Form           string
		Closed, Failed int
		Background     string
		Links          []string
	}
	ask(t, text, look{}, `
		document.querySelectorAll("details").forEach(function (d) { d.open = false; });`+onPaper+`
		return {
			Form: getComputedStyle(document.getElementById("filter")).display, Background: getComputedStyle(document.body).backgroundColor,
			Failed: document.querySelectorAll("details[data-status=FAIL]").length,
			Closed: document.querySelectorAll("details[data-status=FAIL]:not([open]), details.failed:not([open])").length,
			Links: Array.from(document.querySelectorAll("details.failed a")).map(function (a) { return a.hash; }),
		};`, &paper)
	g.Expect(paper.Error).To(BeEmpty())
	g.Expect(paper.Form).To(Equal("none"), "nobody filters paper")
	g.Expect(paper.Background).To(Equal("rgb(255, 255, 255)"))
	g.Expect(paper.Failed).To(Equal(1))
	g.Expect(paper.Closed).To(BeZero(), "failures are open on paper")
	g.Expect(paper.Links).To(Equal([]string{"#ENV-021"}), "what failed is named at the top")
}

// TestPageOfEnvironments shows for two targets first what differs, and whole values
// when asked.
func TestPageOfEnvironments(t *testing.T) {
	t.Parallel()
	browser(t)
	g := NewWithT(t)
	text := page(t, "env", "--target", "mock:vault-1.15", "--target", "mock:vault-1.16")
	var state struct {
		Error        string
		First, All   int
		Differing    int
		Short, Whole string
		LightOrDark  string
	}
	const script = `
		function visible() { return Array.from(document.querySelectorAll("tbody tr.same, tbody tr.differs")).filter(function (d) { return d.offsetParent !== null; }).length; }
		function click(id) { document.getElementById(id).click(); }
		function space() { return getComputedStyle(document.querySelector("tr.differs .value")).whiteSpace; }
		var s = {First: visible(), Differing: document.querySelectorAll("tr.differs").length, Short: space()};
		click("only"); s.All = visible(); click("whole"); s.Whole = space();
		return s;`
	ask(t, text, look{}, script, &state)
	g.Expect(state.Error).To(BeEmpty())
	g.Expect(state.Differing).To(BeNumerically(">", 0))
	g.Expect(state.First).To(Equal(state.Differing), "what differs is shown first")
	g.Expect(state.All).To(BeNumerically(">", state.First))
	g.Expect(state.Short).To(Equal("pre"))
	g.Expect(state.Whole).To(Equal("pre-wrap"))
	narrowed(t, text)

	var searched struct {
		Error         string
		Found         []string
		Shown, Search string
		Background    string
	}
	const search = `
		var text = document.getElementById("text");
		text.value = "registered-OVER host"; text.dispatchEvent(new Event("input"));
		var s = {
			Shown: document.getElementById("shown").textContent, Background: getComputedStyle(document.body).backgroundColor,
			Found: Array.from(document.querySelectorAll("tr[id]")).filter(function (r) { return r.offsetParent !== null; }).map(function (r) { return r.id; }),
		};` + onPaper + `
		s.Search = getComputedStyle(document.querySelector(".search")).display;
		return s;`
	ask(t, text, look{}, search, &searched)
	g.Expect(searched.Error).To(BeEmpty())
	g.Expect(searched.Found).To(Equal([]string{"registered-over-host"}))
	g.Expect(searched.Shown).To(MatchRegexp(`^1 of \d+ rows shown$`))
	g.Expect(searched.Search).To(Equal("none"), "nobody searches paper")
	light := searched.Background
	ask(t, text, look{dark: true}, search, &searched)
	g.Expect(searched.Background).NotTo(Equal(light), "dark is another background")
}

// TestPageOfVersions shows for two results first what differs.
func TestPageOfVersions(t *testing.T) {
	t.Parallel()
	browser(t)
	g := NewWithT(t)
	var results []string
	for _, dialect := range []string{"vault-1.15", "vault-1.16"} {
		file := filepath.Join(t.TempDir(), dialect+".json")
		page(t, "run", "--target", "mock:"+dialect, "--expect-dialect", "vault-1.16", "--only", "ENV-021,ENV-001", "--report", "json="+file)
		results = append(results, file)
	}
	text := page(t, append([]string{"report"}, results...)...)
	var state struct {
		Error      string
		First, All []string
		Reason     bool
	}
	ask(t, text, look{}, `
		function visible() { return Array.from(document.querySelectorAll("tr[id]")).filter(function (r) { return r.offsetParent !== null; }).map(function (r) { return r.id; }); }
		var s = {First: visible()};
		document.getElementById("only").click(); s.All = visible();
		var cell = document.querySelector("#ENV-021 details"); cell.querySelector("summary").click();
		s.Reason = cell.open && cell.textContent.indexOf("SOURCE=host") >= 0;
		return s;`, &state)
	g.Expect(state.Error).To(BeEmpty())
	g.Expect(state.First).To(Equal([]string{"ENV-021"}))
	g.Expect(state.All).To(Equal([]string{"ENV-001", "ENV-021"}))
	g.Expect(state.Reason).To(BeTrue(), "a cell says why when it is opened")
	narrowed(t, text)
}
