// SPDX-License-Identifier: MPL-2.0

package profile

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/yamlfile"
)

// works is the key of that name as YAML has it.
type works struct {
	Path    string            `yaml:"path,omitempty"`
	URL     string            `yaml:"url,omitempty"`
	Method  string            `yaml:"method,omitempty"`
	Headers map[string]string `yaml:"headers,omitempty"`
	Body    string            `yaml:"body,omitempty"`
}

// readWorks returns what is said of how to try credentials; nil for nothing.
func readWorks(node *yaml.Node) (*steps.Proof, error) {
	if node.IsZero() {
		return nil, nil //nolint:nilnil // most say nothing
	}
	if node.Kind != yaml.MappingNode {
		return nil, errors.New("works is a mapping with the keys path, or url, method, headers, body")
	}
	if err := yamlfile.Fields(node, "path", "url", "method", "headers", "body"); err != nil {
		return nil, err
	}
	var w works
	if err := yamlfile.Into(node, &w); err != nil {
		return nil, err
	}
	proof := &steps.Proof{Path: strings.Trim(w.Path, "/"), URL: w.URL, Method: cmp.Or(w.Method, http.MethodGet), Headers: w.Headers, Body: w.Body}
	if (proof.Path == "") == (proof.URL == "") {
		return nil, errors.New("works has either path, which is read below the mount, or url")
	}
	if proof.Path != "" {
		return proof, checkPath(proof.Path)
	}
	parsed, err := url.Parse(strings.NewReplacer("{{", "", "}}", "", " ", "").Replace(proof.URL))
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return nil, errors.New("works: url is an address that begins with http:// or https://")
	}
	return proof, nil
}

// worksOf returns a proof as it is written.
func worksOf(p *steps.Proof) *works {
	if p == nil {
		return nil
	}
	return &works{Path: p.Path, URL: p.URL, Method: p.Method, Headers: p.Headers, Body: p.Body}
}
