// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
)

// mountBesideCalls sets another mount up with other services, and wants both to call their
// own.
func (w *world) mountBesideCalls(ctx context.Context, mount string) error {
	first, others, err := w.otherServices(ctx, mount)
	if err != nil {
		return err
	}
	if err := w.subjectFreshMount(ctx, besideMount(mount)); err != nil {
		return err
	}
	if err := w.sendSetupElsewhere(ctx, besideMount(mount)); err != nil {
		return err
	}
	for _, of := range []struct {
		mount, other string
		own, others  services
	}{{besideMount(mount), "first", others, first}, {mount, "afterwards", first, others}} {
		_, wrong, err := w.callsOf(ctx, of.mount, of.own, of.others)
		if err != nil {
			return err
		}
		if wrong {
			return mismatch(fmt.Sprintf("the mount %s to call what it was set up with", of.mount), "calls of what another mount was set up with "+of.other+", and none of its own")
		}
	}
	return nil
}

// besideMount is the path of a mount beside another one.
func besideMount(mount string) string { return mount + "-beside" }
