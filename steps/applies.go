// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/go-version"
)

// Product is a family of servers.
type Product string

// The products. A server says which it is in the version of its own sys mount.
const (
	Vault   Product = "vault"
	OpenBao Product = "openbao"
)

// Identity is what a server says it is.
type Identity struct {
	Product Product
	// Version is without build metadata: 1.16.3.
	Version *version.Version
}

// String is for people: "vault 1.16.3".
func (i Identity) String() string { return fmt.Sprintf("%s %s", i.Product, i.Version) }

// ParseIdentity reads a dialect's name, vault-1.16 or openbao-2.5, as the
// identity of the servers that it imitates.
func ParseIdentity(dialect string) (Identity, error) {
	name, number, found := strings.Cut(dialect, "-")
	product := Product(name)
	if !found || (product != Vault && product != OpenBao) {
		return Identity{}, fmt.Errorf("%q is not a dialect: want vault-1.16 or openbao-2.5", dialect)
	}
	parsed, err := version.NewVersion(number)
	if err != nil {
		return Identity{}, fmt.Errorf("%q is not a dialect: %w", dialect, err)
	}
	return Identity{Product: product, Version: parsed}, nil
}

// Applies says which products and versions a requirement is about. The zero
// value applies to every server. Several conditions on one product must all
// hold. If a product is named, the requirement is not about the others.
type Applies struct {
	conditions []condition
}

// condition is one tag: a product, and maybe a comparison with a version.
type condition struct {
	product    Product
	text       string
	constraint version.Constraints
}

var productTag = regexp.MustCompile(`^(vault|openbao)(?:(>=|<=|>|<|=)([0-9]+(?:\.[0-9]+){1,2}))?$`)

// add takes a tag such as vault>=1.16. It returns false for a tag that is not
// about products.
func (a *Applies) add(tag string) (bool, error) {
	match := productTag.FindStringSubmatch(tag)
	if match == nil {
		return false, nil
	}
	added := condition{product: Product(match[1]), text: match[2] + match[3]}
	if match[2] != "" {
		constraint, err := version.NewConstraint(match[2] + match[3])
		if err != nil {
			return false, fmt.Errorf("not a comparison of versions: %w", err)
		}
		added.constraint = constraint
	}
	a.conditions = append(a.conditions, added)
	return true, nil
}

// ParseApplies reads conditions in the form of tags, without @: vault>=1.16.
func ParseApplies(tags ...string) (Applies, error) {
	var applies Applies
	for _, tag := range tags {
		about, err := applies.add(tag)
		if err != nil {
			return Applies{}, fmt.Errorf("%q: %w", tag, err)
		}
		if !about {
			return Applies{}, fmt.Errorf("%q names no server: want vault>=1.16 or openbao", tag)
		}
	}
	return applies, nil
}

// To reports whether the requirement is about the server.
func (a Applies) To(server Identity) bool {
	if len(a.conditions) == 0 {
		return true
	}
	named := false
	for _, c := range a.conditions {
		if c.product != server.Product {
			continue
		}
		named = true
		// A pre-release counts as its release: 2.0.0-HEAD keeps what 2.0.0 keeps.
		if c.constraint != nil && !c.constraint.Check(server.Version.Core()) {
			return false
		}
	}
	return named
}

// String is for people: "vault >=1.12 <1.16, openbao", or "all".
func (a Applies) String() string {
	if len(a.conditions) == 0 {
		return "all"
	}
	var texts []string
	for _, product := range []Product{Vault, OpenBao} {
		text, named := string(product), false
		for _, c := range a.conditions {
			if c.product != product {
				continue
			}
			named = true
			if c.text != "" {
				text += " " + c.text
			}
		}
		if named {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, ", ")
}
