// SPDX-License-Identifier: MPL-2.0

package progress

import (
	"fmt"
	"time"
)

// fold is how the log of a pipeline folds lines that most readers skip.
type fold struct{ begin, end func() string }

// Fold puts what is not for a terminal under a title that can be opened, where
// the log of a pipeline has such: in GitHub Actions a group, in GitLab CI a
// collapsible section. Each of them ends with Finish.
func (l *Line) Fold(title string, getenv func(string) string) *Line {
	if l == nil || l.terminal {
		return l
	}
	switch {
	case getenv("GITHUB_ACTIONS") == "true":
		// https://docs.github.com/actions/reference/workflow-commands-for-github-actions#grouping-log-lines
		l.fold = &fold{
			begin: func() string { return "::group::" + title + "\n" },
			end:   func() string { return "::endgroup::\n" },
		}
	case getenv("GITLAB_CI") == "true":
		// https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections
		// Names are unique in a job.
		name := fmt.Sprintf("plugproof_%d", time.Now().UnixNano())
		mark := func(what, options string) string {
			return fmt.Sprintf("\x1b[0Ksection_%s:%d:%s%s\r\x1b[0K", what, time.Now().Unix(), name, options)
		}
		l.fold = &fold{
			begin: func() string { return mark("start", "[collapsed=true]") + title + "\n" },
			end:   func() string { return mark("end", "") + "\n" },
		}
	}
	return l
}

// open begins the fold with its first line.
func (l *Line) open() {
	if l.fold != nil && !l.opened {
		l.opened = true
		l.print(l.fold.begin())
	}
}

func (l *Line) shut() {
	if l.opened {
		l.opened = false
		l.print(l.fold.end())
	}
}
