// SPDX-License-Identifier: MPL-2.0

package mockserver

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/core"
)

// registerAll registers every executable file of the plugin directory. What is
// no plugin is logged and left out. It returns what it registered, as secret/mine.
func registerAll(ctx context.Context, c *core.Core, o options) (registered []string, err error) {
	if o.pluginDir == "" {
		return nil, fmt.Errorf("there is no plugin directory to register from: set one")
	}
	files, err := os.ReadDir(o.pluginDir)
	if err != nil {
		return nil, fmt.Errorf("plugin directory: %w", err)
	}
	for _, f := range files {
		info, err := os.Stat(filepath.Join(o.pluginDir, f.Name()))
		if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
			continue
		}
		e, err := registerFile(ctx, c, o.pluginDir, f.Name())
		if err != nil {
			o.logger.Warn("not registered", "file", f.Name(), "error", err)
			continue
		}
		registered = append(registered, e.Type.String()+"/"+e.Name)
	}
	return registered, nil
}

func registerFile(ctx context.Context, c *core.Core, dir, name string) (*catalog.Entry, error) {
	sum, err := digest(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	e := &catalog.Entry{Key: catalog.Key{Name: name}, Command: name, SHA256: sum}
	if e.Type, err = c.DetectType(ctx, e); err != nil {
		return nil, err
	}
	return e, c.Catalog().Set(ctx, e, c)
}

func digest(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}
