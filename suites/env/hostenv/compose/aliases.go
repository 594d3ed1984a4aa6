// SPDX-License-Identifier: MPL-2.0

package compose

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// maxNodes is how many nodes a file may have when its aliases are replaced by what
// they stand for.
const maxNodes = 1 << 20

// checkAliases returns an error for a file with an alias that stands for what it is
// part of, or with aliases that make too much of it: compose-go follows them for ever.
// What is not YAML is for compose-go to refuse.
func checkAliases(f File) error {
	decoder := yaml.NewDecoder(strings.NewReader(f.Text))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if err != nil {
			return nil //nolint:nilerr // its end, or what Compose refuses
		}
		c := aliasCheck{above: map[*yaml.Node]bool{}, sizes: map[*yaml.Node]int{}}
		if _, err := c.size(&document); err != nil {
			return fmt.Errorf("%w: %s: %w", hostenv.ErrInput, f.Name, err)
		}
	}
}

// aliasCheck counts the nodes of a document.
type aliasCheck struct {
	// above are the nodes that the present one is part of.
	above map[*yaml.Node]bool
	sizes map[*yaml.Node]int
}

// size returns how many nodes a node has with all aliases replaced.
func (c aliasCheck) size(n *yaml.Node) (int, error) {
	if n.Kind == yaml.AliasNode {
		if c.above[n.Alias] {
			return 0, fmt.Errorf("line %d: the alias *%s is part of what it stands for", n.Line, n.Value)
		}
		return c.sizes[n.Alias], nil // what it stands for comes before it
	}
	c.above[n] = true
	defer delete(c.above, n)
	size := 1
	for _, child := range n.Content {
		more, err := c.size(child)
		if err != nil {
			return 0, err
		}
		if size += more; size > maxNodes {
			return 0, fmt.Errorf("line %d: its aliases stand for more than %d nodes", n.Line, maxNodes)
		}
	}
	c.sizes[n] = size
	return size, nil
}
