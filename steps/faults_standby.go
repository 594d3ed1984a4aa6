// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// A standby that serves reads has its storage changed by the active server, past the
// plugin, which is told the keys. Here the storage goes back to what it was before a
// write, as if the active server had taken that back.

// requestsPath returns the path of a mount as requests to the server have it.
func (w *world) requestsPath(mount string) (string, error) { return w.outgoing(w.below(mount, "")) }

// elsewhereWritten carries out a write at a mount, takes it back in the storage, past the
// plugin, and reports whether it had changed the storage.
func (w *world) elsewhereWritten(ctx context.Context, mount string, write func() error) (changed bool, err error) {
	path, err := w.requestsPath(mount)
	if err != nil {
		return false, err
	}
	before, err := StorageEntries(ctx, w.server, path)
	if err != nil {
		return false, err
	}
	if err := write(); err != nil {
		return false, err
	}
	after, err := StorageEntries(ctx, w.server, path)
	if err != nil || maps.EqualFunc(before, after, bytes.Equal) {
		return false, err
	}
	return true, ReplaceStorage(ctx, w.server, path, before)
}

// replicatedRead writes the updates of the samples, takes them back in the storage, and
// wants reads to show what is there.
func (w *world) replicatedRead(ctx context.Context, mount string) error {
	return w.eachReadable("no update of a sample changes what is read and what is in the plugin's storage", func(trial sampleTrial, _ Operation) (bool, error) {
		sample := trial.sample
		at := w.below(mount, sample.Path)
		if !trial.updates() {
			return false, nil
		}
		// Asked for twice, also by a plugin that keeps what it has read.
		before, err := w.readSample(ctx, at)
		if err != nil {
			return false, err
		}
		var updated map[string]string
		changed, err := w.elsewhereWritten(ctx, mount, func() error {
			if err := w.mustWrite(ctx, at, sample.Update); err != nil {
				return w.seeOr(updates, "the updates are refused", err)
			}
			read, err := w.readSample(ctx, at)
			if err == nil {
				updated = changedFields(before, read)
			}
			return err
		})
		if err != nil || !changed {
			return false, err
		}
		after, err := w.readSample(ctx, at)
		if err != nil {
			return false, err
		}
		done, shown, had := false, fieldsOf(after), fieldsOf(before)
		for _, name := range slices.Sorted(maps.Keys(updated)) {
			if _, named := sample.Update[name]; !named {
				continue
			}
			if done = true; shown[name] == updated[name] {
				return true, mismatch(fmt.Sprintf("%s=%s at %s, as another server stored it, of which the plugin was told", name, had[name], sample.Path), describeAnswer(after))
			}
		}
		return done, nil
	})
}

// giveAll asks for all credentials of the profile and carries out its logins, whatever
// comes of it.
func (w *world) giveAll(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	for _, asked := range profile.asked() {
		if _, err := w.given(ctx, mount, asked); err != nil {
			return err
		}
	}
	return nil
}

// callsOf asks for everything at a mount, and reports whether the services were called
// that it was set up with, or only others.
func (w *world) callsOf(ctx context.Context, mount string, own, others services) (right, wrong bool, err error) {
	ownBefore, othersBefore := own.asked(), others.asked()
	if err := w.giveAll(ctx, mount); err != nil {
		return false, false, err
	}
	right = own.asked() > ownBefore
	return right, !right && others.asked() > othersBefore, nil
}

// otherServices starts services beside those that the scenario has already, if the plugin
// calls those for what it gives at a mount.
func (w *world) otherServices(ctx context.Context, mount string) (first, others services, err error) {
	if len(w.services) == 0 {
		return nil, nil, &NotCheckedError{Reason: "no services stand in for those of the profile"}
	}
	first = w.services
	if right, _, err := w.callsOf(ctx, mount, first, nil); err != nil {
		return nil, nil, err
	} else if !right {
		return nil, nil, &NotCheckedError{Reason: "the plugin calls none of the http URLs in its profile for its credentials and logins"}
	}
	if err := w.startFailing(); err != nil {
		return nil, nil, err
	}
	return first, w.services, nil
}

// replicatedConfiguration sets a mount up with other services, takes that back in the
// storage, and wants the first ones to be called.
func (w *world) replicatedConfiguration(ctx context.Context, mount string) error {
	first, others, err := w.otherServices(ctx, mount)
	if err != nil {
		return err
	}
	changed, err := w.elsewhereWritten(ctx, mount, func() error {
		if err := w.sendSetupElsewhere(ctx, mount); err != nil {
			return err
		}
		right, _, err := w.callsOf(ctx, mount, others, first)
		if err != nil {
			return err
		}
		if !right {
			return &NotCheckedError{Reason: "the plugin goes on with its first configuration, see " + configured}
		}
		// What the plugin knows of these leases is taken back, too.
		return w.asRoot(ctx, http.MethodPut, "sys/leases/revoke-prefix/"+w.below(mount, ""), "")
	})
	if err != nil {
		return err
	}
	if !changed {
		return &NotCheckedError{Reason: "the plugin stores nothing of its configuration"}
	}
	if _, wrong, err := w.callsOf(ctx, mount, first, others); err != nil {
		return err
	} else if wrong {
		return mismatch("the plugin to call what another server configured, of which it was told", "calls of what it was configured with itself before, and none of the other")
	}
	return nil
}

const configured = "PLG-317"

// readOnlyError is what servers answer to writes on a standby. They forward a request to
// the active server if its error has that text.
//
// Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/logical#ErrReadOnly
const readOnlyError = "cannot write to readonly storage"

// readOnlyReported asks for all credentials and writes the samples while the storage of a
// mount is that of a standby, and wants errors by which servers know it.
func (w *world) readOnlyReported(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	path, err := w.requestsPath(mount)
	if err != nil {
		return err
	}
	refused, err := SetReadOnly(ctx, w.server, path, true)
	if err != nil {
		return err
	}
	tried := false
	profile := &installed.subject.Profile
	for _, write := range slices.Concat(profile.Credentials, sampleWrites(profile.Samples)) {
		if _, err := w.given(ctx, mount, write); err != nil {
			return err
		}
		got, before := w.answer, refused
		if refused, err = SetReadOnly(ctx, w.server, path, true); err != nil {
			return err
		}
		// A success is what another requirement is about.
		if refused == before || got.ok() {
			continue
		}
		if tried = true; !strings.Contains(string(got.body), readOnlyError) {
			return mismatch(fmt.Sprintf("the error %q from %s %s, as the storage has it, by which a standby knows that the active server has to be asked", readOnlyError, write.method(), write.Path), describeAnswer(got))
		}
	}
	if !tried {
		return &NotCheckedError{Reason: "the plugin refuses nothing of its profile because of a storage that is read-only"}
	}
	return nil
}
