// SPDX-License-Identifier: MPL-2.0

// Package ocipull downloads the plugins that a server's configuration declares from OCI
// registries into the plugin directory, as OpenBao 2.5 and later do before they register
// them.
//
// Source: helper/pluginutil/oci/downloader.go at v2.6.2.
package ocipull

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/platforms"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/hashicorp/go-hclog"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/suites/internal/serverconfig"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

const (
	// cacheDirectory is where the files of images lie, below the plugin directory: each
	// by the plugin's type and name and the beginning of its sum.
	cacheDirectory = ".oci-cache"
	prefixLength   = 8
	// defaultMaxSize is how large a plugin may be where plugin_download_max_size says
	// nothing else.
	defaultMaxSize = 512 << 20
)

// downloader downloads the plugins of one configuration.
type downloader struct {
	config    *serverconfig.Config
	directory string
	dialect   *dialect.Dialect
	logger    hclog.Logger
}

// Download downloads the declared plugins that are not in the plugin directory yet, and
// returns an error if one can't be, unless the configuration says to continue. A
// declaration that is not usable is a *usage.Error. The logger is the server's.
func Download(ctx context.Context, c *serverconfig.Config, directory string, d *dialect.Dialect, logger hclog.Logger) error {
	if !d.Configuration.DeclaredPlugins {
		return nil
	}
	logger = logger.Named("plugins")
	if d.Configuration.OCIWords {
		logger = logger.ResetNamed("core").Named("oci-plugins")
		if !c.AutoDownload {
			logger.Info("skipping OCI plugin downloading")
		}
	}
	if !c.AutoDownload || len(c.Plugins) == 0 || directory == "" {
		return nil
	}
	logger.Info("starting OCI plugin downloading")
	completed := func() { logger.Info("OCI plugin downloading completed") }
	if !d.Configuration.OCIWords {
		defer completed() // also of what failed
	}
	l := downloader{config: c, directory: directory, dialect: d, logger: logger}
	for _, p := range c.Plugins {
		if err := l.provide(ctx, p); err != nil {
			return err
		}
	}
	if d.Configuration.OCIWords {
		completed()
	}
	return nil
}

// provide downloads one plugin if it is one of an image and not there.
func (l downloader) provide(ctx context.Context, p serverconfig.Plugin) error {
	// 2.5 looks at all of them, and misses the image of those with a command.
	if p.Image == "" && !l.dialect.Configuration.OCIWords {
		return nil
	}
	logger := l.logger.With("plugin", p.Slug())
	goOn := l.config.DownloadBehavior != "" && l.config.DownloadBehavior != serverconfig.DownloadFail
	if problems := p.Problems(l.dialect); len(problems) > 0 {
		for _, problem := range problems {
			l.logger.Error(problem)
		}
		if goOn {
			logger.Warn("plugin config not valid")
			return nil
		}
		return usage.Errorf("plugin %s %s: config not valid", p.Type, p.Name)
	}
	if p.Image == "" {
		return nil
	}
	if l.cached(p) {
		logger.Info("plugin is cached on disk, skipping download")
		return nil
	}
	err := l.download(ctx, p, logger)
	switch {
	case err == nil:
		return nil
	case goOn && ctx.Err() == nil:
		logger.Warn("failed to download plugin", "error", err)
		return nil
	}
	return fmt.Errorf("failed to download plugin %q: %w", p.Slug(), err)
}

// cached reports whether the plugin is there, with its sum.
func (l downloader) cached(p serverconfig.Plugin) bool {
	return matches(filepath.Join(l.directory, p.CommandPath()), p.SHA256Sum) == nil
}

// download puts a plugin into the cache and links to it from the plugin directory.
func (l downloader) download(ctx context.Context, p serverconfig.Plugin, logger hclog.Logger) error {
	logger.Info("downloading plugin from OCI registry", "url", p.Reference())
	inCache := filepath.Join(cacheDirectory, p.Slug(), p.SHA256Sum[:prefixLength], p.BinaryName)
	link := p.CommandPath()
	if !filepath.IsLocal(p.Slug()) || !filepath.IsLocal(strings.TrimPrefix(p.BinaryName, "/")) || !filepath.IsLocal(link) {
		return errors.New("cannot write files outside of configured plugin directory")
	}
	image, err := pull(ctx, p.Reference())
	if err != nil {
		return err
	}
	size := l.config.DownloadMaxSize
	if size <= 0 {
		size = defaultMaxSize
	}
	cached := filepath.Join(l.directory, inCache)
	if err := extract(image, p, cached, size, logger); err != nil {
		return err
	}
	symlink := filepath.Join(l.directory, link)
	if _, err := os.Lstat(symlink); err == nil {
		if err := os.Remove(symlink); err != nil {
			logger.Warn("failed to remove existing plugin file/symlink", "path", symlink, "error", err)
		}
	}
	if err := os.Symlink(inCache, symlink); err != nil {
		return fmt.Errorf("failed to create plugin symlink: %w", err)
	}
	logger.Info("successfully downloaded and validated plugin", "cached_path", cached, "symlink_path", symlink, "hash", strings.ToLower(p.SHA256Sum))
	return nil
}

// pull returns the image for this platform, with the credentials of Docker's configuration.
func pull(ctx context.Context, reference string) (v1.Image, error) {
	platform, err := v1.ParsePlatform(platforms.DefaultString())
	if err != nil {
		return nil, fmt.Errorf("failed to detect local platform: %w", err)
	}
	ref, err := name.ParseReference(reference)
	if err != nil {
		return nil, fmt.Errorf("invalid OCI reference %q: %w", reference, err)
	}
	image, err := remote.Image(ref, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithPlatform(*platform))
	if err != nil {
		return nil, fmt.Errorf("failed to download OCI image: %w", err)
	}
	return image, nil
}
