// SPDX-License-Identifier: MPL-2.0

package sources

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/compose"
	"github.com/plugproof/plugproof/suites/env/hostenv/docker"
	"github.com/plugproof/plugproof/suites/env/hostenv/systemd"
)

// reading is what one program makes of a file.
type reading struct {
	program, flag string
	env           hostenv.Environment
	err           error
}

// anyLines reads lines of NAME=value of which nothing says for which program they
// are. systemd's reading counts; what another program would set as well is set
// without a value, and said.
func anyLines(s source) (hostenv.Environment, error) {
	first := reading{program: "systemd", flag: "--env-file"}
	first.env, first.err = systemd.EnvironmentFile(s.title, strings.NewReader(s.text))
	others := []reading{{program: "docker run --env-file", flag: "--docker-env-file"}, {program: "Compose", flag: "--dotenv"}}
	others[0].env, others[0].err = docker.EnvFile(s.title, strings.NewReader(s.text))
	others[1].env, others[1].err = compose.Dotenv(s.title, s.text)
	if first.err != nil {
		return hostenv.Environment{}, first.err
	}
	result := first.env
	vars := make(hostenv.Set)
	for _, v := range result.Variables {
		vars[v.Name] = v
	}
	for _, other := range others {
		if other.err != nil {
			continue
		}
		for _, v := range other.env.Variables {
			mine, found := result.Get(v.Name)
			switch {
			case !found && v.Known && vars[v.Name].Name == "":
				vars.Unknown(v.Name, other.program+", and not systemd", v.Place)
				result.Remarks = slices.DeleteFunc(result.Remarks, func(r hostenv.Remark) bool { return r.Place == v.Place })
				result.Remarks = append(result.Remarks, hostenv.Remark{
					Kind: hostenv.Differs, Rule: "syntax-differs", Variable: v.Name, Place: v.Place,
					Message: fmt.Sprintf("%s sets this variable, systemd does not.", other.program),
					Remedy:  fmt.Sprintf("Say for which program the file is: %s or %s.", first.flag, other.flag),
				})
			case found && v.Known && mine.Known && v.Value != mine.Value:
				vars.Unknown(v.Name, "programs that read the value differently", mine.Place)
			}
		}
	}
	result.Variables = vars.Sorted()
	return result, nil
}
