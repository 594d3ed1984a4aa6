// SPDX-License-Identifier: MPL-2.0

package profile

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/steps"
)

// readPair reads what is said of two paths of which one takes back what the other gave.
func readPair(e entry) (steps.Pair, error) {
	pair := steps.Pair{Write: steps.Write{Path: e.Path, Data: e.Data}, Gives: e.Gives}
	if e.Back.IsZero() || len(e.Gives) == 0 {
		return pair, errors.New("back is the request that takes back what was given, gives has fields of its answer")
	}
	back, err := readWrites([]yaml.Node{e.Back})
	if err != nil {
		return pair, fmt.Errorf("back: %w", err)
	}
	pair.Back = back[0]
	if pair.Between, err = readWrites(e.Between); err != nil {
		return pair, fmt.Errorf("between: %w", err)
	}
	return pair, nil
}

// readWrites reads a list of requests.
func readWrites(nodes []yaml.Node) ([]steps.Write, error) {
	var writes []steps.Write
	for _, node := range nodes {
		read, err := readEntry(&node, []string{"path", "data"})
		if err != nil {
			return nil, err
		}
		writes = append(writes, steps.Write{Path: read.Path, Data: read.Data})
	}
	return writes, nil
}

// written is one member of the lists of requests as it is written.
type written struct {
	Path     string         `yaml:"path"`
	Data     map[string]any `yaml:"data,omitempty,flow"`
	Update   map[string]any `yaml:"update,omitempty,flow"`
	Wrong    map[string]any `yaml:"wrong,omitempty,flow"`
	Policies []string       `yaml:"policies,omitempty,flow"`
	Works    *works         `yaml:"works,omitempty,flow"`
	Alias    string         `yaml:"alias,omitempty"`
	Back     *written       `yaml:"back,omitempty"`
	Gives    map[string]any `yaml:"gives,omitempty,flow"`
	Between  []written      `yaml:"between,omitempty"`
	Setup    []written      `yaml:"setup,omitempty"`
}

// writtenOf returns writes as they are written.
func writtenOf(writes []steps.Write) []written {
	var all []written
	for _, w := range writes {
		all = append(all, written{Path: w.Path, Data: w.Data, Works: worksOf(w.Works)})
	}
	return all
}

func pairsOf(pairs []steps.Pair) []written {
	var all []written
	for _, p := range pairs {
		all = append(all, written{
			Path: p.Path, Data: p.Data, Back: &written{Path: p.Back.Path, Data: p.Back.Data}, Gives: p.Gives, Between: writtenOf(p.Between),
		})
	}
	return all
}

func rotationsOf(rotations []steps.Rotation) []written {
	var all []written
	for _, r := range rotations {
		all = append(all, written{Path: r.Path, Data: r.Data, Setup: writtenOf(r.Setup)})
	}
	return all
}
