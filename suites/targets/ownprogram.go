// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"cmp"
	"context"
	"net/http"
	"path"

	"github.com/plugproof/plugproof/steps"
)

// ownProgram is plugproof itself, serving the mock.
type ownProgram struct {
	// dialect is empty for the program's default.
	dialect string
	// alone: the program is plugproof-serve, which has no other command.
	alone bool
}

func (o ownProgram) launch(spec steps.Spec, at layout, token string) (launch, error) {
	args := []string{"--listen=" + at.listen, "--root-token=" + token}
	if !o.alone {
		args = append([]string{"serve"}, args...)
	}
	if o.dialect != "" {
		args = append(args, "--dialect="+o.dialect)
	}
	if !spec.NoPluginDir {
		args = append(args, "--plugin-dir="+at.pluginDir)
	}
	if spec.NoAPIAddr {
		args = append(args, "--api-addr=")
	} else {
		args = append(args, "--api-addr="+cmp.Or(spec.APIAddr, at.apiAddr))
	}
	if spec.State {
		args = append(args, "--data-dir="+path.Join(at.stateDir, "storage"))
	}
	return launch{args: args, token: token}, nil
}

func (o ownProgram) makeReady(ctx context.Context, server api, gone <-chan struct{}, _ steps.Spec, known keys) (keys, error) {
	if _, err := server.await(ctx, gone, "sys/health", http.StatusOK); err != nil {
		return keys{}, err
	}
	_, err := server.await(ctx, gone, "auth/token/lookup-self", http.StatusOK)
	return known, err
}
