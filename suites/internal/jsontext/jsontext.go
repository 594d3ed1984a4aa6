// SPDX-License-Identifier: MPL-2.0

// Package jsontext says where JSON is wrong, by line and column, without what stands
// there, which may be secret, and without the names of Go's types.
package jsontext

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Error returns the error of decoding text in words. Errors of other kinds stay as they
// are.
func Error(text []byte, err error) error {
	kind, syntax := new(json.UnmarshalTypeError), new(json.SyntaxError)
	switch {
	case errors.As(err, &kind):
		problem := "there must be no " + kind.Value
		if kind.Field != "" {
			problem += " at " + kind.Field
		}
		// Of a part that a type decodes itself, the offset is in that part.
		if any(err) != any(kind) {
			return errors.New(problem)
		}
		return fmt.Errorf("%s: %s", place(text, kind.Offset), problem)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF),
		errors.As(err, &syntax) && (syntax.Offset > int64(len(bytes.TrimSpace(text))) || strings.Contains(syntax.Error(), "unexpected end")):
		return errors.New("it ends in the middle of its JSON: it is cut off")
	case errors.As(err, &syntax):
		return fmt.Errorf("%s: it is not JSON", place(text, syntax.Offset))
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("there is no field %s", name)
	}
	return err
}

// place returns the line and the column of the last of so many bytes.
func place(text []byte, offset int64) string {
	before := text[:max(0, min(offset-1, int64(len(text))))]
	return fmt.Sprintf("line %d, column %d", bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n'))
}
