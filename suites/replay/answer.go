// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Answer is a masked answer: an HTTP answer (Status is set), the end of a command
// (Exit is set), or nothing.
type Answer struct {
	// Status is the HTTP status code.
	Status int
	// Body is the decoded JSON body with numbers as json.Number, a string if the
	// body is not JSON, nil if there is none.
	Body any
	// Type is the Content-Type of a body that is not JSON.
	Type string
	// Exit is the command's exit code.
	Exit *int
	// Stdout and Stderr are what the command wrote.
	Stdout, Stderr string
}

// Empty reports whether nothing was recorded.
func (g Answer) Empty() bool { return g.Status == 0 && g.Exit == nil }

// MarshalJSON writes the members that the kind of answer has.
func (g Answer) MarshalJSON() ([]byte, error) {
	m := map[string]any{}
	switch {
	case g.Exit != nil:
		m["exit"], m["stdout"], m["stderr"] = *g.Exit, g.Stdout, g.Stderr
	case g.Status != 0:
		m["status"], m["body"] = g.Status, g.Body
		if g.Type != "" {
			m["type"] = g.Type
		}
	}
	return encode(m)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (g *Answer) UnmarshalJSON(data []byte) error {
	var in struct {
		Status int             `json:"status"`
		Body   json.RawMessage `json:"body"`
		Type   string          `json:"type"`
		Exit   *int            `json:"exit"`
		Stdout string          `json:"stdout"`
		Stderr string          `json:"stderr"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	*g = Answer{Status: in.Status, Type: in.Type, Exit: in.Exit, Stdout: in.Stdout, Stderr: in.Stderr}
	if len(in.Body) == 0 {
		return nil
	}
	body, err := decode(in.Body)
	if err != nil {
		return fmt.Errorf("answer's body: %w", err)
	}
	g.Body = body
	return nil
}

// decode reads one JSON value, keeping numbers as they are written.
func decode(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("more than one JSON value")
	}
	return v, nil
}

// encode writes v on one line, with < and > as they are: masks are made of them.
func encode(v any) ([]byte, error) { return write(v, "") }

// indented writes v as recordings are written.
func indented(v any) ([]byte, error) {
	data, err := write(v, " ")
	return append(data, '\n'), err
}

func write(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
