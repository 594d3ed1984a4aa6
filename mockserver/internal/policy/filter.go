// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-secure-stdlib/base62"
	"github.com/hashicorp/vault/sdk/helper/template"
	"github.com/hashicorp/vault/sdk/logical"
)

// Filter chooses among the keys of a list those whose path a caller may read, or list
// for one that ends in a slash: list_scan_response_keys_filter_path of OpenBao's
// policies, which makes that path of the list's and the key.
//
// Source: vault/policy/policy.go and vault/request_handling_list_filtering.go of OpenBao
// at v2.6.2.
type Filter struct{ template template.StringTemplate }

// newFilter returns the filter of a stanza with a path. Its template must depend on the
// key.
func newFilter(text, path string) (*Filter, error) {
	compiled, err := template.NewTemplate(template.Template(text))
	if err != nil {
		return nil, fmt.Errorf("unable to compile template for %s: %w", filterKey, err)
	}
	f := &Filter{template: compiled}
	var made [2]string
	for i := range made {
		key, err := base62.Random(32)
		if err != nil {
			return nil, fmt.Errorf("failed to generate random string to validate policy: %w", err)
		}
		if made[i], err = f.Path(strings.TrimSuffix(path, "*"), key); err != nil {
			return nil, fmt.Errorf("failed to validate %s: %w", filterKey, err)
		}
	}
	if made[0] == made[1] {
		return nil, errors.New(filterKey + " resulted in same path for two different keys")
	}
	return f, nil
}

// Path returns the path that a caller must be allowed to use to see a key of a list.
func (f *Filter) Path(list, key string) (string, error) {
	return f.template.Generate(map[string]any{"key": key, "path": list})
}

// FiltersLists reports whether the server's policies may filter lists.
func (s *Store) FiltersLists() bool { return slices.Contains(s.extras.Keys, filterKey) }

// Filter returns what the keys of a list or a scan are filtered by, nil if by nothing.
func (a *ACL) Filter(req *logical.Request) *Filter {
	if a.root {
		return nil
	}
	if g := a.find(req.Path, req.Operation); g != nil {
		return g.filter
	}
	return nil
}
