// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
)

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
