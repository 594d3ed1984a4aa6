// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"
)

// storeVersion is the mount option that chooses the version of a key-value store. Servers
// refuse it when a plugin that is not called kv is mounted, and take it when the mount is
// tuned: the store is upgraded then, and refuses requests until that is done.
//
// Source: vault/logical_system.go of Vault and OpenBao; https://developer.hashicorp.com/vault/docs/secrets/kv/kv-v2#upgrading-from-version-1
const storeVersion = "version"

// upgrading is what such a store answers meanwhile.
const upgrading = "Upgrading from non-versioned to versioned data"

// upgradeLimit bounds the upgrade of an empty store.
const upgradeLimit = 30 * time.Second

// storeVersion returns the version that the profile chooses; empty for none.
func (s *Subject) storeVersion() string {
	if s.Type != "secret" {
		return ""
	}
	return s.Profile.Options[storeVersion]
}

// mountOptions returns the options with which the plugin is mounted.
func (s *Subject) mountOptions() map[string]string {
	options := maps.Clone(s.Profile.Options)
	if s.storeVersion() != "" {
		delete(options, storeVersion)
	}
	return options
}

// tuneBody returns the body that tunes a mount to the version of the profile.
func (s *Subject) tuneBody() string {
	return fmt.Sprintf(`{"options": {%q: %q}}`, storeVersion, s.storeVersion())
}

// errUpgrading is matched by the error for a store whose upgrade does not end.
var errUpgrading = errors.New("the store is still being upgraded")

// mountAt mounts a registration of the checked plugin as its profile has it, and returns
// the request that failed, or the last one.
func (i *Installed) mountAt(ctx context.Context, limit time.Duration, registration, mount string) (*trial, error) {
	table, at := i.subject.MountPaths()
	body, err := i.subject.mountBody(registration)
	if err != nil {
		return nil, err
	}
	tried := i.post(ctx, limit, table+"/"+mount, body)
	if tried.err != nil || tried.refused() || i.subject.storeVersion() == "" {
		return tried, nil
	}
	if tried = i.post(ctx, limit, table+"/"+mount+"/tune", i.subject.tuneBody()); tried.err != nil || tried.refused() {
		return tried, nil
	}
	err = poll(ctx, upgradeLimit, func(ctx context.Context) error {
		return stillUpgrading(i.try(ctx, limit, request{method: http.MethodGet, path: at + mount + "/config"}).answer)
	})
	if err != nil {
		tried.err = err
	}
	return tried, nil
}

// stillUpgrading returns an error for an answer of a store that is being upgraded.
func stillUpgrading(got *answer) error {
	if got != nil && bytes.Contains(got.body, []byte(upgrading)) {
		return errUpgrading
	}
	return nil
}

// rouse sends a request to the shared mount where servers end the process of all mounts
// when they raise the version of one, as another scenario may do, and reports whether it
// did: the request starts the process again.
func (w *world) rouse(ctx context.Context) bool {
	installed, err := w.installed()
	if err != nil || installed.subject.storeVersion() == "" || w.saved["mount"] == "" {
		return false
	}
	tried := installed.ask(ctx, request{method: http.MethodGet, path: w.saved["mount"] + "/?help=1"})
	return tried.err == nil
}

// processEnded is in the answer to a request during which the plugin's process ended.
const processEnded = "error reading from server: EOF"

// brokenOff reports whether a request failed because the server ended the process meanwhile,
// to raise the version of a mount of another scenario. A crash is known as such.
func (w *world) brokenOff(ctx context.Context, got *answer) bool {
	installed := w.suite.config.Installed
	if installed == nil || installed.subject.storeVersion() == "" || got.status != http.StatusInternalServerError || !bytes.Contains(got.body, []byte(processEnded)) {
		return false
	}
	w.answer = got
	return w.crash(ctx) == nil
}

// mountSubject mounts the registration of the scenario as the profile has it.
func (w *world) mountSubject(ctx context.Context, path string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	subject := installed.subject
	body, err := subject.mountBody(w.subject)
	if err != nil {
		return err
	}
	entry := w.saved["table"] + "/" + path
	if err := w.must(ctx, http.MethodPost, entry, verbatim(body)); err != nil || subject.storeVersion() == "" {
		return err
	}
	if err := w.must(ctx, http.MethodPost, entry+"/tune", verbatim(subject.tuneBody())); err != nil {
		return err
	}
	return poll(ctx, upgradeLimit, func(ctx context.Context) error {
		if err := w.asRoot(ctx, http.MethodGet, w.below(path, "config"), ""); err != nil {
			return err
		}
		return stillUpgrading(w.answer)
	})
}
