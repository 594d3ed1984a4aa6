// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
)

// signedAlterations returns what resembles a signed token, as of RFC 7519, and is not signed
// rightly; nothing for a text that is none.
//
// Source: https://www.rfc-editor.org/rfc/rfc8725#section-2.1
func signedAlterations(token string) map[string]string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	header, claims := objectIn(parts[0]), objectIn(parts[1])
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if header["alg"] == nil || claims == nil || err != nil || len(signature) == 0 {
		return nil
	}
	unsigned := maps.Clone(header)
	unsigned["alg"] = "none"
	claims["plugproof"] = "other"
	join := func(parts ...string) string { return strings.Join(parts, ".") }
	return map[string]string{
		"the algorithm none and no signature":    join(inObject(unsigned), parts[1], ""),
		"the algorithm none and its signature":   join(inObject(unsigned), parts[1], parts[2]),
		"no signature":                           join(parts[0], parts[1], ""),
		"another signature of the same length":   join(parts[0], parts[1], base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{'x'}, len(signature)))),
		"a further claim and the same signature": join(parts[0], inObject(claims), parts[2]),
	}
}

// objectIn returns the JSON object in a part of a token; nil if there is none.
func objectIn(part string) map[string]any {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return nil
	}
	var object map[string]any
	if json.Unmarshal(text, &object) != nil {
		return nil
	}
	return object
}

// inObject returns a JSON object as a part of a token.
func inObject(object map[string]any) string {
	text, err := json.Marshal(object)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}
