// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"github.com/cucumber/godog"
)

// parameter is what a placeholder of a sentence takes.
type parameter struct{ pattern, about string }

// parameters are the placeholders that sentences may have. Every other word in
// capitals stands in quotes and takes any text without quotes.
func parameters() map[string]parameter {
	return map[string]parameter{
		"ACTOR":    {`(nobody|a stranger|"[^"]+")`, `nobody, a stranger, or the name of a token in quotes`},
		"CODE":     {`(\d+)`, "an exit code"},
		"COMMAND":  {`(.*)`, "a command line that begins with vault"},
		"COUNT":    {`(\d+)`, "a number"},
		"DURATION": {`(\w+)`, "60s, 5m, 1h"},
		"JSON":     {`(\{.*\})`, "a JSON object on the same line"},
		"JSONTYPE": {`(text|number|boolean|list|object)`, "text, number, boolean, list or object"},
		"METHOD":   {`(GET|LIST|HEAD|DELETE|POST|PUT|PATCH|OPTIONS)`, "GET, LIST, HEAD, DELETE, POST, PUT, PATCH or OPTIONS"},
		"PATH":     {`([^"]*)`, "a path below /v1/, or of a mount"},
		"STATUS":   {`(\d+)`, "an HTTP status"},
		"TEXT":     {`(.*)`, "any text"},
		"TYPE":     {`(secret|auth|database)`, "secret, auth or database"},
		"VALUE":    {`(.*)`, "any text"},
	}
}

// placeholderWord is a placeholder in a sentence. "I" is a word.
var placeholderWord = regexp.MustCompile(`"?[A-Z]{2,}"?|\([a-z]+\)`)

// expression returns the regular expression of a sentence. Each placeholder is a
// group of it, in order.
func expression(sentence string) *regexp.Regexp {
	known := parameters()
	var text strings.Builder
	at := 0
	for _, span := range placeholderWord.FindAllStringIndex(sentence, -1) {
		text.WriteString(regexp.QuoteMeta(sentence[at:span[0]]))
		word := sentence[span[0]:span[1]]
		at = span[1]
		if strings.HasPrefix(word, "(") {
			text.WriteString("(?:" + word[1:len(word)-1] + ")?")
			continue
		}
		pattern := `([^"]+)`
		if !strings.HasPrefix(word, `"`) {
			pattern = `([^ =]+)`
		}
		if special, ok := known[strings.Trim(word, `"`)]; ok {
			pattern = special.pattern
		}
		if strings.HasPrefix(word, `"`) {
			pattern = `"` + pattern + `"`
		}
		text.WriteString(pattern)
	}
	text.WriteString(regexp.QuoteMeta(sentence[at:]))
	return regexp.MustCompile("^" + text.String() + "$")
}

// argument says what has to follow a sentence: "a table", "a text" or nothing.
func (b binding) argument() string {
	step := reflect.TypeOf(b.step)
	switch step.In(step.NumIn() - 1) {
	case reflect.TypeFor[*godog.Table]():
		return "a table"
	case reflect.TypeFor[*godog.DocString]():
		return "a text"
	}
	return ""
}

// withoutReceiver returns the type of the step as a function without its receiver.
func (b binding) withoutReceiver() reflect.Type {
	method := reflect.TypeOf(b.step)
	var in, out []reflect.Type
	for i := 1; i < method.NumIn(); i++ {
		in = append(in, method.In(i))
	}
	for i := range method.NumOut() {
		out = append(out, method.Out(i))
	}
	return reflect.FuncOf(in, out, false)
}

// on returns the step as a function without its receiver, which is w.
func (b boundStep) on(w *world) any {
	step, receiver := reflect.ValueOf(b.step), reflect.ValueOf(w)
	return reflect.MakeFunc(b.function, func(args []reflect.Value) []reflect.Value {
		return step.Call(append([]reflect.Value{receiver}, args...))
	}).Interface()
}

// boundStep is a binding with its compiled expression, and the type of its step as a
// function without its receiver.
type boundStep struct {
	binding
	expression *regexp.Regexp
	function   reflect.Type
}

// boundSteps returns all bindings in order. Nobody changes them.
//
//nolint:gochecknoglobals // compiled once for all suites, as regular expressions are
var boundSteps = sync.OnceValue(func() []boundStep {
	var all []boundStep
	for _, group := range vocabulary() {
		for _, binding := range group.bindings {
			all = append(all, boundStep{binding, expression(binding.sentence), binding.withoutReceiver()})
		}
	}
	return all
})

// countProcesses writes a number of processes: 1 process, 2 processes.
func countProcesses(n int) string {
	if n == 1 {
		return "1 process"
	}
	return fmt.Sprintf("%d processes", n)
}
