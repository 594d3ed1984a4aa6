// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cucumber/godog"
)

// hold copies a binary into the plugin directory under its name.
func (w *world) hold(ctx context.Context, binary string) error {
	return w.place(ctx, binary, binary)
}

// holdAs copies a binary into the plugin directory under another name.
func (w *world) holdAs(ctx context.Context, binary, name string) error {
	w.names.add(name)
	return w.place(ctx, binary, name)
}

func (w *world) place(ctx context.Context, binary, name string) error {
	path, ok := w.suite.config.Plugins[binary]
	if !ok {
		return fmt.Errorf("this run has no plugin binary %q", binary)
	}
	server, err := w.ensureServer(ctx)
	if err != nil {
		return err
	}
	file := name
	if name != binary {
		file = w.names.out(name)
	}
	checksum, err := w.suite.place(ctx, server, file, path)
	if err != nil {
		return fmt.Errorf("copy %s into the plugin directory: %w", name, err)
	}
	w.saved["sha256 of "+name] = checksum
	return nil
}

// place copies a binary into the plugin directory and returns its sha256, which is the
// same throughout a run: otherwise the run would be of two plugins.
func (s *Suite) place(ctx context.Context, server Server, name, path string) (string, error) {
	sum, err := PlacePlugin(ctx, server, name, path)
	if err != nil {
		return "", err
	}
	before, _ := s.placed.LoadOrStore(path, sum)
	err = samePlugin(path, before, sum)
	if err != nil && s.config.OnReplaced != nil {
		s.config.OnReplaced(err)
	}
	return sum, err
}

// samePlugin returns an error where a binary was replaced between two uses of it.
func samePlugin(path string, before any, now string) error {
	if before == now {
		return nil
	}
	return fmt.Errorf("%s was replaced while it was checked; run again when nothing builds it", path)
}

// registered registers the probe plugin under a name.
func (w *world) registered(ctx context.Context, kind, name string) error {
	return w.registeredWith(ctx, kind, name, nil)
}

// registeredWith takes rows of | field | value |. env and args may stand more
// than once; binary chooses another binary than the probe.
func (w *world) registeredWith(ctx context.Context, kind, name string, table *godog.Table) error {
	fields, err := w.registration(ctx, kind, table)
	if err != nil {
		return err
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	return w.must(ctx, "PUT", "sys/plugins/catalog/"+kind+"/"+name, string(body))
}

func (w *world) registration(ctx context.Context, kind string, table *godog.Table) (map[string]any, error) {
	binary, env, args := "probe", []string{}, []string{}
	fields := make(map[string]any)
	if table != nil {
		for _, row := range table.Rows {
			if len(row.Cells) != 2 {
				return nil, fmt.Errorf("a row of this table has two cells, field and value")
			}
			switch field, value := row.Cells[0].Value, row.Cells[1].Value; field {
			case "binary":
				binary = value
			case "env":
				env = append(env, value)
			case "args":
				args = append(args, value)
			default:
				fields[field] = value
			}
		}
	}
	if kind == "auth" && binary == "probe" {
		env = append(env, "PROBE_TYPE=auth")
	}
	if err := w.hold(ctx, binary); err != nil {
		return nil, err
	}
	fields["command"] = binary
	if fields["sha256"] == nil {
		fields["sha256"] = w.saved["sha256 of "+binary]
	}
	fields["env"], fields["args"] = env, args
	return fields, nil
}

func (w *world) mounted(ctx context.Context, plugin, path string) error {
	return w.mountedWith(ctx, plugin, path, nil)
}

// mountedWith takes rows of | field | value |; config.NAME goes into config.
func (w *world) mountedWith(ctx context.Context, plugin, path string, table *godog.Table) error {
	return w.mount(ctx, "sys/mounts/", plugin, path, table)
}

func (w *world) enabled(ctx context.Context, plugin, path string) error {
	return w.enabledWith(ctx, plugin, path, nil)
}

func (w *world) enabledWith(ctx context.Context, plugin, path string, table *godog.Table) error {
	return w.mount(ctx, "sys/auth/", plugin, path, table)
}

func (w *world) mount(ctx context.Context, table, plugin, path string, rows *godog.Table) error {
	fields := map[string]any{"type": plugin}
	config := make(map[string]any)
	if rows != nil {
		for _, row := range rows.Rows {
			if len(row.Cells) != 2 {
				return fmt.Errorf("a row of this table has two cells, field and value")
			}
			name, value := row.Cells[0].Value, row.Cells[1].Value
			if in, ok := strings.CutPrefix(name, "config."); ok {
				config[in] = value
			} else {
				fields[name] = value
			}
		}
	}
	fields["config"] = config
	body, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	return w.must(ctx, "POST", table+path, string(body))
}
