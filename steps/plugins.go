// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cucumber/godog"
)

// hold brings a binary into the plugin directory under its own name.
func (w *world) hold(ctx context.Context, binary string) error {
	return w.place(ctx, binary, binary)
}

// holdAs brings it in under another name, which is the scenario's own.
func (w *world) holdAs(ctx context.Context, binary, name string) error {
	w.names.add(name)
	return w.place(ctx, binary, name)
}

func (w *world) place(ctx context.Context, binary, name string) error {
	path, ok := w.suite.config.Plugins[binary]
	if !ok {
		return fmt.Errorf("there is no plugin binary %q in this run", binary)
	}
	server, err := w.running(ctx)
	if err != nil {
		return err
	}
	file := name
	if name != binary {
		file = w.names.out(name)
	}
	sum, err := server.Place(ctx, file, path)
	if err != nil {
		return fmt.Errorf("bring %s into the plugin directory: %w", name, err)
	}
	w.saved["sha256 of "+name] = sum
	return nil
}

// registered registers the probe, which can be anything, under a name. A server
// without a plugin directory gets no binary and refuses, which is then seen.
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
				return nil, fmt.Errorf("a row here has two cells, field and value")
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
				return fmt.Errorf("a row here has two cells, field and value")
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

// sees checks one variable of the process that serves a mount.
func (w *world) sees(ctx context.Context, mount, name, value string) error {
	value, err := w.expand(value)
	if err != nil {
		return err
	}
	if err := w.variable(ctx, mount, name); err != nil {
		return err
	}
	set, _ := w.answer.lookup("data.set")
	got, _ := w.answer.lookup("data.value")
	if set != true || render(got) != value {
		shown := "not set"
		if set == true {
			shown = fmt.Sprintf("%s=%s", name, render(got))
		}
		return mismatch(fmt.Sprintf("%s=%s in the plugin's environment", name, value), shown)
	}
	return nil
}

func (w *world) seesNo(ctx context.Context, mount, name string) error {
	if err := w.variable(ctx, mount, name); err != nil {
		return err
	}
	if set, _ := w.answer.lookup("data.set"); set != false {
		got, _ := w.answer.lookup("data.value")
		return mismatch(name+" not set in the plugin's environment", fmt.Sprintf("%s=%s", name, render(got)))
	}
	return nil
}

func (w *world) variable(ctx context.Context, mount, name string) error {
	if err := w.asRoot(ctx, "GET", mount+"/env/"+name, ""); err != nil {
		return err
	}
	if w.answer.status != 200 {
		return mismatch("status 200 from the plugin at "+mount, describeAnswer(w.answer))
	}
	return nil
}

// wrote puts a value through the probe's or the passthrough's storage.
func (w *world) wrote(ctx context.Context, value, path string) error {
	body, err := json.Marshal(map[string]string{"value": value})
	if err != nil {
		return err
	}
	return w.must(ctx, "POST", path, string(body))
}

func (w *world) holds(ctx context.Context, path, value string) error {
	if err := w.asRoot(ctx, "GET", path, ""); err != nil {
		return err
	}
	got, found := w.answer.lookup("data.value")
	if w.answer.status != 200 || !found || render(got) != value {
		return mismatch(fmt.Sprintf("%q at %s", value, path), describeAnswer(w.answer))
	}
	return nil
}

// soonHolds is for what takes a moment: a crashed plugin, a mount on its way.
func (w *world) soonHolds(ctx context.Context, path, value string) error {
	return w.poll(ctx, soon, func(ctx context.Context) error { return w.holds(ctx, path, value) })
}

func (w *world) holdsNothing(ctx context.Context, path string) error {
	if err := w.asRoot(ctx, "GET", path, ""); err != nil {
		return err
	}
	if w.answer.status != 404 {
		return mismatch("status 404, nothing at "+path, describeAnswer(w.answer))
	}
	return nil
}
