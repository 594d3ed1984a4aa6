// SPDX-License-Identifier: MPL-2.0

package report

import (
	"fmt"
	"slices"

	"github.com/plugproof/plugproof/steps"
)

// WithoutConsequences returns the outcomes with a failure as not checked where a
// requirement on which it builds failed too: it says nothing of its own. Outcomes that
// were changed before stay as they are, so the shards of a run may be joined.
func WithoutConsequences(outcomes []steps.Outcome) []steps.Outcome {
	failed := map[string]bool{}
	for _, outcome := range outcomes {
		if outcome.Status == steps.Fail || outcome.Status == steps.Known || outcome.Follows != "" {
			failed[outcome.Requirement.ID] = true
		}
	}
	out := slices.Clone(outcomes)
	for i := range out {
		base := slices.IndexFunc(out[i].Requirement.BuildsOn, func(id string) bool { return failed[id] })
		if out[i].Status == steps.Fail && base >= 0 {
			out[i].Status, out[i].Failure, out[i].Follows = steps.Unsupported, nil, out[i].Requirement.BuildsOn[base]
			out[i].Reason = fmt.Sprintf("what it builds on failed, see %s", out[i].Follows)
		}
	}
	return out
}

// endedAtStart reports whether one requirement failed, as that a plugin can be mounted,
// and nothing else could be checked because of it.
func (r Run) endedAtStart() bool { return r.Plugin != "" && r.root() != "" }

// root returns the identifier of the requirement that failed so that no other could be
// checked; empty if there is none.
func (r Run) root() string {
	root, follow := "", false
	for _, v := range r.Verdicts() {
		if v.FollowsFailure() {
			follow = true
			continue
		}
		if root != "" || v.Status != steps.Fail && v.Status != steps.Known {
			return ""
		}
		root = v.Requirement.ID
	}
	if !follow || slices.ContainsFunc(r.Outcomes, func(o steps.Outcome) bool { return o.Follows != "" && o.Follows != root }) {
		return ""
	}
	return root
}

// FollowsFailure reports whether the requirement was not checked since one on which it
// builds failed.
func (v Verdict) FollowsFailure() bool {
	return slices.ContainsFunc(v.Outcomes, func(o steps.Outcome) bool { return o.Follows != "" })
}
