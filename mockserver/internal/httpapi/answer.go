// SPDX-License-Identifier: MPL-2.0

package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/envelope"
)

// writeErrorIfAny writes the error of a request and reports whether there was one. It is the only place
// where errors of the core become HTTP.
func writeErrorIfAny(w http.ResponseWriter, req *logical.Request, resp *logical.Response, err error) bool {
	var coded logical.HTTPCodedError
	if errors.As(err, &coded) && !validStatus(coded.Code()) { // a plugin chose it
		err = errors.New(err.Error())
	}
	status, err := logical.RespondErrorCommon(req, resp, err)
	if status == 0 && err == nil {
		return false
	}
	if resp != nil && resp.Data["data"] != nil {
		logical.RespondErrorAndData(w, status, resp.Data["data"], err)
		return true
	}
	writeError(w, status, err)
	return true
}

// writeError writes {"errors": […]}; without an error the list is empty.
func writeError(w http.ResponseWriter, status int, err error) {
	logical.AdjustErrorStatusCode(&status, err)
	texts := []string{}
	if err != nil {
		texts = append(texts, err.Error())
	}
	writeJSON(w, status, map[string][]string{"errors": texts})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A caller that is gone needs no answer.
	_ = json.NewEncoder(w).Encode(body)
}

// writeAnswer writes what the core answered.
func (h *handler) writeAnswer(w http.ResponseWriter, r *http.Request, req *logical.Request, resp *logical.Response, inject bool) {
	switch {
	case resp == nil:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNoContent)
	case resp.Redirect != "":
		http.Redirect(w, r, resp.Redirect, http.StatusTemporaryRedirect)
	case resp.Data[logical.HTTPStatusCode] != nil:
		writeRaw(w, resp)
	case inject && len(resp.Data) > 0:
		writeInjected(w, envelope.Of(req.ID, resp, h.core.Dialect().Requests.MountType), resp.Data)
	default:
		writeJSON(w, http.StatusOK, envelope.Of(req.ID, resp, h.core.Dialect().Requests.MountType))
	}
}

// writeInjected writes an answer whose data stands beside the envelope as well
// as in it. Lists of mounts are long: their data is encoded once and written
// twice, and copied nowhere in between.
func writeInjected(w http.ResponseWriter, e envelope.Envelope, data map[string]any) {
	encoded, err := json.Marshal(data)
	var before, after []byte
	if err == nil {
		before, after, err = e.Around()
	}
	if err != nil {
		writeError(w, http.StatusInternalServerError, err)
		return
	}
	beside := encoded[:len(encoded)-1] // without its brace, where the envelope goes on
	before[0] = ','
	after = append(after, '\n')
	w.Header().Set("Content-Type", "application/json")
	// Known beforehand, the answer isn't cut into chunks.
	w.Header().Set("Content-Length", strconv.Itoa(len(beside)+len(before)+len(encoded)+len(after)))
	w.WriteHeader(http.StatusOK)
	for _, part := range [][]byte{beside, before, encoded, after} {
		if _, err := w.Write(part); err != nil {
			return // a caller that is gone needs no answer
		}
	}
}

// writeRaw writes an answer that its backend made itself: status, content type
// and body.
func writeRaw(w http.ResponseWriter, resp *logical.Response) {
	if resp.Secret != nil || resp.Auth != nil {
		rawError(w, "raw responses cannot contain secrets or auth")
		return
	}
	status, ok := number(resp.Data[logical.HTTPStatusCode])
	if !ok || !validStatus(status) {
		rawError(w, "cannot decode status code")
		return
	}
	kind, hasKind := resp.Data[logical.HTTPContentType].(string)
	if !hasKind && status != http.StatusNoContent {
		rawError(w, "no content type given")
		return
	}
	var body []byte
	switch raw := resp.Data[logical.HTTPRawBody].(type) {
	case string:
		// Backends behind gRPC send bytes in base64; a body that isn't is as
		// it should be.
		decoded, err := base64.StdEncoding.DecodeString(raw)
		if err != nil {
			decoded = []byte(raw)
		}
		body = decoded
	case []byte:
		body = raw
	case nil:
	default:
		rawError(w, "cannot decode body")
		return
	}
	if kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	for key, header := range map[string]string{
		logical.HTTPCacheControlHeader: "Cache-Control", logical.HTTPPragmaHeader: "Pragma",
		logical.HTTPWWWAuthenticateHeader: "WWW-Authenticate",
	} {
		if v, ok := resp.Data[key].(string); ok {
			w.Header().Set(header, v)
		}
	}
	w.WriteHeader(status)
	if status != http.StatusNoContent {
		_, _ = w.Write(body)
	}
}

func rawError(w http.ResponseWriter, text string) {
	w.Header().Set("X-Vault-Raw-Error", text)
	w.WriteHeader(http.StatusInternalServerError)
}

// validStatus reports whether net/http writes the status; it panics on others.
func validStatus(status int) bool { return status >= 200 && status <= 999 }

// number reads a status that may have gone through JSON.
func number(v any) (int, bool) {
	switch n := v.(type) {
	case int:
		return n, true
	case float64:
		return int(n), true
	case json.Number:
		f, err := n.Float64()
		return int(f), err == nil
	}
	return 0, false
}
