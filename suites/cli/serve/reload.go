// SPDX-License-Identifier: MPL-2.0

package serve

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/go-hclog"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/suites/internal/ocipull"
	"github.com/plugproof/plugproof/suites/internal/serverconfig"
)

// wait returns when ctx ends. Until then a hangup makes the server read its own
// configuration again.
func (f flags) wait(ctx context.Context, hangup <-chan os.Signal, s *mockserver.Server, logger hclog.Logger, stdout io.Writer) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			fmt.Fprintf(stdout, "==> %s reload triggered\n", s.Dialect().DisplayName)
			f.reload(ctx, s, logger)
		}
	}
}

// reload downloads and registers what the configuration declares now, and logs from its
// level on. What else it says counts from the next start.
//
// Source: the case of SighupCh in command/server.go at v2.6.2.
func (f flags) reload(ctx context.Context, s *mockserver.Server, logger hclog.Logger) {
	d := s.Dialect()
	c, err := serverconfig.Load(f.serverConfigs(), os.Environ(), d)
	if err != nil {
		logger.Error("could not reload config", "error", err)
		return
	}
	for _, problem := range c.Problems {
		logger.Warn(problem)
	}
	f.redeclare(ctx, c, s, logger)
	if c.LogLevel == "" || f.changed("log-level") {
		return
	}
	level := hclog.LevelFromString(c.LogLevel)
	if level == hclog.NoLevel {
		logger.Error("unknown log level found on reload", "level", c.LogLevel)
		return
	}
	logger.SetLevel(level)
}

// redeclare downloads and registers the declared plugins.
func (f flags) redeclare(ctx context.Context, c *serverconfig.Config, s *mockserver.Server, logger hclog.Logger) {
	d := s.Dialect()
	err := ocipull.Download(ctx, c, f.pluginDir, d, logger)
	switch {
	case err != nil && d.Configuration.OCIWords:
		err = fmt.Errorf("%s: %w", downloadFailed(d), err)
	case err != nil:
		logger.Error("failed to re-download plugins", "error", err)
		return
	case c.AutoRegister && d.Configuration.DeclaredPlugins:
		err = s.DeclarePlugins(ctx, declared(c)...)
	}
	if err != nil {
		logger.Named("core").Error("failed to set up plugins on reload", "error", err)
	}
}
