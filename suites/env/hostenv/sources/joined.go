// SPDX-License-Identifier: MPL-2.0

package sources

import (
	"slices"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/nomad"
)

// joined joins parts, which stand in the order in which they apply. What one says is
// missing is not said where another one has it.
func joined(parts []part) hostenv.Environment {
	all := parts[0].Environment
	for _, p := range parts[1:] {
		all = all.Join(p.Environment)
	}
	has := func(rank int) bool { return slices.ContainsFunc(parts, func(p part) bool { return p.rank == rank }) }
	// A container and a process have what they are made of.
	complete := has(rankContainer) || has(rankProcess)
	if all.ImageUnseen && !complete && !slices.ContainsFunc(parts, func(p part) bool { return p.image }) {
		all.Notes = append(all.Notes, "Variables of the container's image are not among the sources; add what docker inspect prints of the image.")
	}
	// The unit of Nomad's client has the environment that its tasks inherit.
	if complete || has(rankUnit) {
		all.Remarks = slices.DeleteFunc(all.Remarks, func(r hostenv.Remark) bool { return r.Rule == nomad.RuleClient })
	}
	return all
}
