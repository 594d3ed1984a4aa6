// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Subject is a plugin that is checked itself, rather than the server.
type Subject struct {
	// Type is secret, auth or database.
	Type string
	// Profile is what its author says of it.
	Profile Profile
}

// SubjectName is what the binary and the registration are called in features.
const SubjectName = "my-plugin"

// The variables that every registration of the checked plugin has.
const (
	// registrationVariable marks the processes of one registration, also where the
	// plugin is a script that starts something else.
	registrationVariable = "PLUGPROOF_REGISTRATION"
	// reachedVariable is looked for in the environment of the process.
	reachedVariable = "PLUGPROOF_CHECK=reached"
	// oddVariable is too: a value that scripts take apart.
	oddVariable = `PLUGPROOF_VALUE=a=b "c  d" $HOME`
)

// MountPaths returns the endpoint that mounts the plugin and the prefix of its
// request paths.
func (s *Subject) MountPaths() (table, at string) {
	if s.Type == "auth" {
		return "sys/auth", "auth/"
	}
	return "sys/mounts", ""
}

// registration returns the body that registers the plugin's file of that name in
// a server's plugin directory, with further variables.
func (s *Subject) registration(directory, name, sha256 string, env ...string) (string, error) {
	fields := map[string]any{
		"command": name, "sha256": sha256,
		"env": append([]string{registrationOf(directory, name), reachedVariable, oddVariable}, slices.Concat(s.Profile.Env, env)...),
	}
	if len(s.Profile.Args) > 0 {
		fields["args"] = s.Profile.Args
	}
	body, err := json.Marshal(fields)
	return string(body), err
}

// registrationOf returns the variable that marks the processes of a registration.
// Servers of their own use the same names in directories of their own.
func registrationOf(directory, name string) string {
	return registrationVariable + "=" + directory + "/" + name
}

// mountBody returns the body that mounts the plugin registered under a name.
func (s *Subject) mountBody(name string) (string, error) {
	if s.Type == databaseType {
		name = databaseType // the server's own engine, which starts the plugin
	}
	fields := map[string]any{"type": name}
	if options := s.mountOptions(); len(options) > 0 {
		fields["options"] = options
	}
	if len(s.Profile.Config) > 0 {
		fields["config"] = s.Profile.Config
	}
	body, err := json.Marshal(fields)
	return string(body), err
}

// installed returns the checked plugin on the shared server.
func (w *world) installed() (*Installed, error) {
	if w.timed != nil {
		return w.timed.Installed, nil
	}
	if w.suite.config.Installed == nil {
		return nil, errors.New("this run checks a server, not a plugin")
	}
	return w.suite.config.Installed, nil
}

// below returns a path below a mount of the checked plugin.
func (w *world) below(mount, path string) string {
	return w.saved["at"] + mount + "/" + verbatim(strings.TrimPrefix(path, "/"))
}

// shared returns the checked plugin on the shared server, which becomes the
// scenario's.
func (w *world) shared(ctx context.Context) (*Installed, error) {
	installed, err := w.installed()
	if err != nil {
		return nil, err
	}
	server, err := w.ensureServer(ctx)
	if err != nil {
		return nil, err
	}
	if server.Address() != installed.server.Address() {
		return nil, errors.New("the plugin is mounted on the server that scenarios share: leave out @own-server and sentences about the server")
	}
	w.saved["sha256 of "+SubjectName] = installed.sha256
	return installed, nil
}

// subjectShared takes the mount that scenarios share.
func (w *world) subjectShared(ctx context.Context) error {
	installed, err := w.shared(ctx)
	if err != nil {
		return err
	}
	w.names.add(SubjectName)
	w.saved["mount"] = strings.TrimSuffix(installed.at(""), "/")
	w.saved["plugin"] = installed.name()
	w.saved["entry"] = w.saved["table"] + "/" + installed.mount()
	w.subject = installed.name()
	return nil
}

// subjectSetUp takes the shared mount, if the plugin could be set up.
func (w *world) subjectSetUp(ctx context.Context) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	if reason := installed.notSetUp(); reason != "" {
		return &NotCheckedError{Reason: reason}
	}
	return w.subjectShared(ctx)
}

// subjectOwnMount mounts the shared registration once more and sets it up.
func (w *world) subjectOwnMount(ctx context.Context, path string) error {
	if err := w.subjectFreshMount(ctx, path); err != nil {
		return err
	}
	failure := new(Failure)
	err := w.sendSetup(ctx, path)
	if errors.As(err, &failure) {
		return w.seeOr(anotherMount, "the plugin can't be mounted and set up a second time", err)
	}
	return err
}

// subjectFreshMount mounts the shared registration once more.
func (w *world) subjectFreshMount(ctx context.Context, path string) error {
	installed, err := w.shared(ctx)
	if err != nil {
		return err
	}
	if installed.faultAt == revocable && w.requirement.ID == revocable {
		return mismatch("the plugin to live when a lease is revoked", installed.fault.err.Error())
	}
	if installed.faultAt == unmounts || installed.faultAt == revocable {
		return &NotCheckedError{Reason: installed.notSetUp()}
	}
	w.subject = installed.name()
	failure := new(Failure)
	err = w.mountSubject(ctx, path)
	if errors.As(err, &failure) {
		return w.seeOr(anotherMount, "the plugin can't be mounted a second time", err)
	}
	return err
}

// sendSetup sends the profile's writes for a fresh mount.
func (w *world) sendSetup(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	if reason := installed.notSetUp(); reason != "" {
		return &NotCheckedError{Reason: reason}
	}
	for _, write := range installed.subject.Profile.Setup {
		if err := w.mustWrite(ctx, w.below(mount, write.Path), write.Data); err != nil {
			return err
		}
	}
	return nil
}

// writeSetup sends the profile's writes for a fresh mount with other data, and reports
// whether the plugin takes them: a write that is refused is the last.
func (w *world) writeSetup(ctx context.Context, mount string, data func(Write) map[string]any) (accepted bool, err error) {
	installed, err := w.installed()
	if err != nil {
		return false, err
	}
	for _, write := range installed.subject.Profile.Setup {
		if err := w.write(ctx, w.below(mount, write.Path), data(write)); err != nil || !w.answer.ok() {
			return false, err
		}
	}
	return true, nil
}

// subjectRegistered registers the plugin for the scenario alone: with a file and
// processes of its own.
//
// On the shared server that is one registration, made once, that one scenario at a
// time has for itself.
func (w *world) subjectRegistered(ctx context.Context) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	server, err := w.ensureServer(ctx)
	if err != nil {
		return err
	}
	if server.Address() != installed.server.Address() {
		return w.registerSubject(ctx)
	}
	if w.release == nil {
		if w.release, err = installed.aloneWithSecond(ctx, w.discount); err != nil {
			return err
		}
		// What came before was another scenario's.
		w.since = time.Now()
	}
	w.subject = installed.secondName()
	w.saved["plugin"] = w.subject
	w.saved["sha256 of "+SubjectName] = installed.sha256
	return installed.second()
}

// registerSubject registers it with further variables.
func (w *world) registerSubject(ctx context.Context, env ...string) error {
	return w.registerBinary(ctx, w.suite.config.Plugins[SubjectName], env...)
}

// olderRegistered registers the older version that the profile names, for this
// scenario alone.
func (w *world) olderRegistered(ctx context.Context) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	return w.registerBinary(ctx, installed.subject.Profile.UpgradeFrom)
}

// subjectUpgraded upgrades a mount as an operator does: the checked plugin is
// registered beside its older version, or over it if neither reports a version;
// the mount is tuned to its version and reloaded.
//
// Source: https://developer.hashicorp.com/vault/docs/upgrading/plugins
func (w *world) subjectUpgraded(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	w.revocationIsTheMatter = true
	file := w.subject + "-next"
	sum, err := w.suite.place(ctx, w.server, file, w.suite.config.Plugins[SubjectName])
	if err != nil {
		return fmt.Errorf("bring the plugin into the plugin directory: %w", err)
	}
	body, err := installed.subject.registration(w.server.PluginDir(), file, sum)
	if err != nil {
		return err
	}
	if err := w.must(ctx, http.MethodPut, "sys/plugins/catalog/"+installed.subject.Type+"/"+SubjectName, verbatim(body)); err != nil {
		return err
	}
	version, err := w.runningVersion(ctx, installed)
	if err != nil {
		return err
	}
	if version != "" {
		tune := fmt.Sprintf(`{"plugin_version": %q}`, version)
		if err := w.must(ctx, http.MethodPost, w.saved["table"]+"/"+mount+"/tune", tune); err != nil {
			return err
		}
	}
	return w.reloadMount(ctx, mount)
}

// reloadMount makes a mount's backend anew, from what it stored.
func (w *world) reloadMount(ctx context.Context, mount string) error {
	return w.must(ctx, http.MethodPut, "sys/plugins/reload/backend", fmt.Sprintf(`{"mounts": [%q]}`, w.saved["at"]+mount+"/"))
}

// runningVersion returns the version that the checked plugin reports; empty if it
// reports none.
func (w *world) runningVersion(ctx context.Context, installed *Installed) (string, error) {
	if err := w.asRoot(ctx, http.MethodGet, w.saved["table"], ""); err != nil {
		return "", err
	}
	_, at := installed.subject.MountPaths()
	name := w.names.in(installed.mount()) + "/"
	for _, path := range []string{"data." + name, name, at + name} {
		if mounted, ok := w.answer.lookup(path); ok {
			running, _ := lookup(mounted, "running_plugin_version")
			version, _ := running.(string)
			return version, nil
		}
	}
	return "", nil
}

// registerBinary registers a binary as the checked plugin, with further variables.
func (w *world) registerBinary(ctx context.Context, binary string, env ...string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	server, err := w.ensureServer(ctx)
	if err != nil {
		return err
	}
	w.names.add(SubjectName)
	w.subject = w.names.out(SubjectName)
	w.saved["plugin"] = w.subject
	sum, err := w.suite.place(ctx, server, w.subject, binary)
	if err != nil {
		return fmt.Errorf("bring the plugin into the plugin directory: %w", err)
	}
	w.saved["sha256 of "+SubjectName] = sum
	body, err := installed.subject.registration(server.PluginDir(), w.subject, sum, env...)
	if err != nil {
		return err
	}
	return w.must(ctx, http.MethodPut, "sys/plugins/catalog/"+installed.subject.Type+"/"+SubjectName, verbatim(body))
}

// subjectMounted mounts the scenario's registration and sets the mount up.
func (w *world) subjectMounted(ctx context.Context, path string) error {
	if w.subject == "" {
		return errors.New("the plugin is not registered before this sentence")
	}
	used := w.used.Load()
	err := w.mountRegistered(ctx, path)
	if err == nil && w.names.suffix != "" {
		err = w.must(ctx, http.MethodGet, w.below(path, "?help=1"), "")
	}
	if err == nil {
		err = w.sendSetup(ctx, path)
	}
	w.used.Store(used) // every mount is set up
	// The shared process did all of that; on a server of its own the scenario is
	// about the difference.
	if failure := new(Failure); errors.As(err, &failure) && w.names.suffix != "" {
		return w.seeOr(anotherProcess, "a second process of the plugin can't be used beside the first", err)
	}
	return err
}

// The requirements that own mounts and registrations build on.
const (
	anotherMount   = "PLG-015"
	anotherProcess = "PLG-016"
)

// seeOr returns the failure in the scenario of the requirement that is about it,
// and ends others as not checked.
func (w *world) seeOr(id, reason string, failure error) error {
	if w.requirement.ID == id {
		return failure
	}
	return &NotCheckedError{Reason: reason + ", see " + id}
}
