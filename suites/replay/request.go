// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/steps"
)

// session is the state of one case while its steps run.
type session struct {
	server steps.Server
	// token is what steps use that name none.
	token  string
	client *http.Client
	masks  *Masks
	// shas are the sha256 sums of the placed binaries by name.
	shas map[string]string
	// saved are the values that steps saved.
	saved map[string]string
	// unshared reports that the plugin directory holds copies by now.
	unshared bool
}

// newClient returns the client of a server that has one of its own, with a TLS
// configuration, a namespace or a proxy, or one that goes to the server by the
// shortest way: no proxy, which the environment of whoever runs this may name, and no
// connection left behind. Redirects on the server are followed, as the recorder
// did: the servers redirect paths with double slashes to clean ones.
func newClient(server steps.Server) *http.Client {
	if own, ok := steps.OwnHTTPClient(server); ok {
		return own
	}
	return steps.SameServer(&http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}})
}

// fill replaces {sha_NAME}, {plugin_dir} and $saved in a step's string.
func (s *session) fill(text string) string {
	if strings.Contains(text, "{") {
		for name, sum := range s.shas {
			text = strings.ReplaceAll(text, "{sha_"+name+"}", sum)
		}
		text = strings.ReplaceAll(text, "{plugin_dir}", s.server.PluginDir())
	}
	if strings.Contains(text, "$") {
		// The longer name first: $code is not $c with something behind it.
		names := slices.SortedFunc(maps.Keys(s.saved), func(a, b string) int { return cmp.Compare(len(b), len(a)) })
		for _, name := range names {
			text = strings.ReplaceAll(text, "$"+name, s.saved[name])
		}
	}
	return lengthen(text)
}

// fillAll replaces in all strings of a decoded JSON value.
func (s *session) fillAll(v any) any {
	switch v := v.(type) {
	case string:
		return s.fill(v)
	case []any:
		for i := range v {
			v[i] = s.fillAll(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = s.fillAll(v[k])
		}
	}
	return v
}

// request sends an HTTP step and returns the answer, not masked yet.
func (s *session) request(ctx context.Context, step Step) (Answer, error) {
	req, err := s.build(ctx, step)
	if err != nil {
		return Answer{}, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return Answer{}, fmt.Errorf("%s: %w", step.HTTP, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("%s: reading the answer: %w", step.HTTP, err)
	}
	got := Answer{Status: resp.StatusCode}
	if len(data) == 0 {
		return got, nil
	}
	if got.Body, err = decode(data); err != nil {
		got.Body, got.Type = string(data), resp.Header.Get("Content-Type")
	}
	return got, nil
}

func (s *session) build(ctx context.Context, step Step) (*http.Request, error) {
	method, path, _ := strings.Cut(step.HTTP, " ")
	path = s.fill(path)
	if !strings.HasPrefix(path, "/") {
		path = "/v1/" + path
	}
	var body io.Reader
	switch {
	case step.RawBody != nil:
		body = strings.NewReader(*step.RawBody)
	case step.Body != nil:
		v, err := decode(step.Body)
		if err != nil {
			return nil, fmt.Errorf("%s: body: %w", step.HTTP, err)
		}
		data, err := encode(s.fillAll(v))
		if err != nil {
			return nil, fmt.Errorf("%s: body: %w", step.HTTP, err)
		}
		body = strings.NewReader(string(data))
	}
	req, err := http.NewRequestWithContext(ctx, method, s.server.Address()+"/", body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", step.HTTP, err)
	}
	// An opaque URL is written to the wire as it is, where a parsed one would
	// be escaped anew.
	path, query, _ := strings.Cut(path, "?")
	req.URL = &url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host, Opaque: path, RawQuery: query}
	s.header(req, step)
	return req, nil
}

func (s *session) header(req *http.Request, step Step) {
	switch step.Token {
	case "none":
	case "":
		req.Header.Set("X-Vault-Token", s.token)
	default:
		req.Header.Set("X-Vault-Token", s.fill(step.Token))
	}
	if step.Body != nil || step.RawBody != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if step.Wrap != "" {
		req.Header.Set("X-Vault-Wrap-TTL", step.Wrap)
	}
	for k, v := range step.Headers {
		if v == "Bearer root" {
			v = "Bearer " + s.token
		}
		req.Header.Set(k, s.fill(v))
	}
}

// save keeps the values that the step names.
func (s *session) save(step Step, body any) {
	for name, path := range step.Save {
		v := part(body, path)
		if v == nil {
			continue
		}
		text := fmt.Sprint(v)
		s.saved[name] = text
		s.masks.literally(text, "<"+name+">")
	}
}

// keep reduces a body to the parts that the step names.
func keep(step Step, body any) any {
	if len(step.Keep) == 0 {
		return body
	}
	out := map[string]any{}
	for _, path := range step.Keep {
		out[path] = part(body, path)
	}
	return out
}

// part finds a dotted path in a decoded JSON value; nil if it isn't there.
func part(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}
