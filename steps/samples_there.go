// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"net/http"
)

// writtenIsThere wants what the profile writes to be found where its read is documented.
func (w *world) writtenIsThere(ctx context.Context, mount string) error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	compared := false
	for _, write := range installed.subject.Profile.stored() {
		if _, reads := document.Find(http.MethodGet, write.Path); !reads || len(write.Data) == 0 {
			continue
		}
		if err := w.write(ctx, w.below(mount, write.Path), write.Data); err != nil {
			return err
		}
		if !w.answer.ok() {
			continue
		}
		compared = true
		if err := w.asRoot(ctx, http.MethodGet, w.below(mount, write.Path), ""); err != nil {
			return err
		}
		if w.answer.status == http.StatusNotFound {
			return mismatch("something at "+write.Path+" after the write of it succeeded", describeAnswer(w.answer))
		}
	}
	if !compared {
		return &NotCheckedError{Reason: "nothing that the profile writes has a documented read at its path"}
	}
	return nil
}
