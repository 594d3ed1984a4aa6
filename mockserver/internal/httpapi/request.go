// SPDX-License-Identifier: MPL-2.0

package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/policy"
)

// maxBody is how many bytes of a request's body are read: 32 MiB, the server's
// default.
const maxBody = 32 << 20

// mergePatch is the only content type that PATCH takes.
const mergePatch = "application/merge-patch+json"

// request makes a logical.Request. A status without an error is answered with
// no text.
func (h *handler) request(w http.ResponseWriter, r *http.Request) (*logical.Request, int, error) {
	id, err := uuid.GenerateUUID()
	if err != nil {
		return nil, http.StatusInternalServerError, fmt.Errorf("failed to generate identifier for the request: %w", err)
	}
	req := &logical.Request{ID: id, Path: r.URL.Path[len(prefix):], Headers: h.headers(r), Connection: connection(r)}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if status, err := h.operation(req, r); status != 0 || err != nil {
		return nil, status, err
	}
	req.ClientToken, req.ClientTokenSource = token(r)
	if req.Operation == logical.HelpOperation {
		return req, 0, nil // no further header is read
	}
	if err := wrapInfo(req, r); err != nil {
		return nil, http.StatusBadRequest, fmt.Errorf("error parsing X-Vault-Wrap-TTL header: %w", err)
	}
	if req.MFACreds, err = mfaCredentials(r.Header); err != nil {
		return nil, http.StatusBadRequest, fmt.Errorf("failed to parse X-Vault-MFA header: %w", err)
	}
	if override := r.Header.Get("X-Vault-Policy-Override"); override != "" && h.core.Dialect().Requests.PolicyOverride {
		// There is nothing to override without Sentinel, but the header is read.
		if req.PolicyOverride, err = parseutil.ParseBool(override); err != nil {
			return nil, http.StatusBadRequest, fmt.Errorf("failed to parse X-Vault-Policy-Override header: %w", err)
		}
	}
	return req, 0, nil
}

// mfaCredentials reads what a client sends for second factors: "method:value" or
// "method" (parseMFAHeader in http/handler.go).
func mfaCredentials(h http.Header) (logical.MFACreds, error) {
	var credentials logical.MFACreds
	for _, header := range h.Values("X-Vault-MFA") {
		if header == "" {
			continue
		}
		if credentials == nil {
			credentials = logical.MFACreds{}
		}
		method, value, hasValue := strings.Cut(header, ":")
		switch {
		case hasValue && method == "":
			return nil, errors.New(`invalid data in header "X-Vault-MFA"; missing method name or ID`)
		case hasValue && value == "":
			return nil, errors.New(`invalid data in header "X-Vault-MFA"; missing method value`)
		case hasValue:
			credentials[method] = append(credentials[method], value)
		default:
			credentials[method] = append([]string{}, credentials[method]...)
		}
	}
	return credentials, nil
}

// headers are the request's, with its host where the dialect has it among them: Go
// takes it out.
func (h *handler) headers(r *http.Request) http.Header {
	if !h.core.Dialect().Requests.HostHeader {
		return r.Header
	}
	headers := r.Header.Clone()
	headers.Set("Host", r.Host)
	return headers
}

// operation sets what the request does and with what data, from method, query
// and body.
func (h *handler) operation(req *logical.Request, r *http.Request) (status int, err error) {
	if asksHelp(r) {
		req.Operation = logical.HelpOperation
		return 0, nil
	}
	query := r.URL.Query()
	switch r.Method {
	case http.MethodGet:
		req.Operation = logical.ReadOperation
		if !h.applyListQuery(req, query) {
			return http.StatusBadRequest, nil
		}
		req.Data = queryData(query)
	case "LIST":
		collect(req, logical.ListOperation)
		req.Data = queryData(query)
	case "SCAN":
		if !h.core.Dialect().Requests.Scan {
			return http.StatusMethodNotAllowed, nil
		}
		collect(req, policy.ScanOperation)
		req.Data = queryData(query)
	case http.MethodDelete:
		req.Operation, req.Data = logical.DeleteOperation, queryData(query)
	case http.MethodHead:
		req.Operation, req.Data = logical.HeaderOperation, queryData(query)
	case http.MethodPost, http.MethodPut:
		req.Operation = logical.UpdateOperation
		req.Data, status, err = h.body(r, true)
	case http.MethodPatch:
		req.Operation = logical.PatchOperation
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil {
			return http.StatusBadRequest, err
		}
		if kind != mergePatch {
			return http.StatusUnsupportedMediaType, fmt.Errorf("PATCH requires Content-Type of %s, provided %s", mergePatch, kind)
		}
		req.Data, status, err = h.body(r, false)
		return status, err
	case http.MethodOptions:
	default:
		return http.StatusMethodNotAllowed, nil
	}
	return status, err
}

// applyListQuery makes a list or a scan of a GET that asks for it in its query. It is
// false if the query makes no sense.
func (h *handler) applyListQuery(req *logical.Request, query url.Values) bool {
	if len(query) == 0 {
		return true
	}
	asked := map[logical.Operation]bool{}
	for name, op := range map[string]logical.Operation{"list": logical.ListOperation, "scan": policy.ScanOperation} {
		value := query.Get(name)
		if value == "" || op == policy.ScanOperation && !h.core.Dialect().Requests.Scan {
			continue
		}
		yes, err := strconv.ParseBool(value)
		if err != nil {
			return false
		}
		if yes {
			query.Del(name)
			asked[op] = true
		}
	}
	for op := range asked {
		collect(req, op)
	}
	return len(asked) < 2
}

// collect makes a list or a scan of a request; both have a slash at the end.
func collect(req *logical.Request, op logical.Operation) {
	req.Operation = op
	if !strings.HasSuffix(req.Path, "/") {
		req.Path += "/"
	}
}

// readAhead returns the body of a request, or as much of it as can be read, and leaves the
// request as it was.
func readAhead(r *http.Request) []byte {
	read, _ := io.ReadAll(io.LimitReader(r.Body, maxBody)) // whoever reads on finds the error
	r.Body = unread(bytes.NewReader(read), r.Body)
	return read
}

// unread returns a body of which something was read, with that at its beginning.
func unread(read io.Reader, body io.ReadCloser) io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(read, body), body}
}

// body reads a request's data. Forms are only taken where the body doesn't look
// like JSON, whatever the header says: curl sends JSON as a form.
func (h *handler) body(r *http.Request, forms bool) (map[string]any, int, error) {
	reasons := h.core.Dialect().Requests.JSONReasons
	raw, err := io.ReadAll(r.Body)
	switch {
	case err != nil && reasons:
		return nil, http.StatusBadRequest, fmt.Errorf("failed to decode JSON input: %w", err)
	case err != nil:
		return nil, statusOf(err), errors.New("error parsing JSON")
	}
	if forms && isForm(raw, r.Header.Get("Content-Type")) {
		values, err := url.ParseQuery(string(raw))
		if err != nil {
			return nil, http.StatusBadRequest, errors.New("error parsing form data")
		}
		return formData(values), 0, nil
	}
	if len(raw) == 0 {
		return nil, 0, nil
	}
	data, err := decode(raw, h.core.Dialect())
	switch {
	case err != nil && reasons:
		return nil, http.StatusBadRequest, err
	case err != nil:
		return nil, http.StatusBadRequest, errors.New("error parsing JSON")
	}
	return data, 0, nil
}

// decode reads the JSON of a body, after the limits of its dialect; a body without
// a value is nil. The errors are those of OpenBao 2.6 (http/json.go).
func decode(raw []byte, d *dialect.Dialect) (map[string]any, error) {
	if err := checkJSON(raw, d); err != nil {
		return nil, err
	}
	var data map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&data); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("failed to decode JSON input: %w", err)
	}
	return data, nil
}

// checkJSON holds a body to what servers count before they use the first of its
// values: all of it is JSON then, and the strings are not too many.
func checkJSON(raw []byte, d *dialect.Dialect) error {
	if !d.Requests.StrictJSON && d.Requests.JSONStrings == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	for found := 0; ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) || err != nil && !d.Requests.StrictJSON {
			return nil
		}
		if err != nil {
			return fmt.Errorf("failed to decode JSON input: %w", err)
		}
		if _, ok := token.(string); !ok {
			continue
		}
		if found++; d.Requests.JSONStrings > 0 && found > d.Requests.JSONStrings {
			return errors.New("refused JSON input due to high complexity: exceeded maximum number of strings")
		}
	}
}

// statusOf is the status for a body that can't be read.
func statusOf(err error) int {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// isForm reports whether a body is a form by its header and does not look like JSON; one
// of nothing but blanks is a form too, with a field of that name.
//
// Source: isForm in http/handler.go of Vault and OpenBao.
func isForm(body []byte, contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return false
	}
	body = bytes.TrimLeft(body, " \t\r\n")
	return len(body) == 0 || body[0] != '{' && body[0] != '['
}

// formData joins repeated values with commas; nearly all lists are taken in
// this form.
func formData(values url.Values) map[string]any {
	if len(values) == 0 {
		return nil
	}
	data := make(map[string]any, len(values))
	for name, list := range values {
		data[name] = strings.Join(list, ",")
	}
	return data
}

func queryData(values url.Values) map[string]any {
	var data map[string]any
	for name, list := range values {
		if name == "help" || len(list) == 0 { // a reserved name
			continue
		}
		if data == nil {
			data = map[string]any{}
		}
		if len(list) == 1 {
			data[name] = list[0]
		} else {
			data[name] = list
		}
	}
	return data
}

// token is the caller's, from the server's own header or from that of bearers.
func token(r *http.Request) (string, logical.ClientTokenSource) {
	if t := r.Header.Get(consts.AuthHeaderName); t != "" {
		return t, logical.ClientTokenFromVaultHeader
	}
	for _, v := range r.Header["Authorization"] {
		if t, ok := strings.CutPrefix(v, "Bearer "); ok {
			return strings.TrimSpace(t), logical.ClientTokenFromAuthzHeader
		}
	}
	return "", logical.NoClientToken
}

func wrapInfo(req *logical.Request, r *http.Request) error {
	asked := r.Header.Get("X-Vault-Wrap-TTL")
	if asked == "" {
		return nil
	}
	ttl, err := parseutil.ParseDurationSecond(asked)
	if err != nil {
		return err
	}
	if ttl < 0 {
		return errors.New("requested wrap ttl cannot be negative")
	}
	req.WrapInfo = &logical.RequestWrapInfo{TTL: ttl}
	if r.Header.Get("X-Vault-Wrap-Format") == "jwt" {
		req.WrapInfo.Format = "jwt"
	}
	return nil
}

func connection(r *http.Request) *logical.Connection {
	host, port, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return &logical.Connection{ConnState: r.TLS}
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		number = 0 // not an address of a network
	}
	return &logical.Connection{RemoteAddr: host, RemotePort: number, ConnState: r.TLS}
}
