// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Installed is the checked plugin on the server that scenarios share: registered,
// mounted once and set up. Its methods may be called by several goroutines.
type Installed struct {
	subject *Subject
	target  Target
	server  Server
	client  *client
	// secrets are the values of the profile's secret fields.
	secrets []string
	// planted are those, to be looked for.
	planted plantedSecrets
	// masked are those and everything else that reports don't show.
	masked *strings.Replacer
	// suffix is that of its names, so that they meet nobody else's.
	suffix string
	// sha256 is the binary's, raced whether it reports data races.
	sha256 string
	raced  bool
	// begun is when it was registered.
	begun time.Time
	// timeout bounds a request that the profile names.
	timeout time.Duration
	// started is how long its first start took.
	started time.Duration
	// patience is how long the plugin's answers are waited for, hung what gave none.
	// Only the first installation of a plugin finds that out.
	patience *patience
	hung     []hang
	first    bool
	// fault is what the plugin did wrong at its first request or when it was set up,
	// and faultAt the requirement about that; nil for nothing.
	fault   *trial
	faultAt string

	// alone is held by the scenario that uses the second registration, which second
	// makes; left are mounts of it that were left to the next scenario.
	alone  chan struct{}
	second func() error
	left   []string
	// unremoved are mounts that the server refused to remove before.
	unremoved []string
	// mountsBeside reports whether a mount was made, used and removed beside another.
	mountsBeside bool

	document func() (*Document, error)
	samples  func() ([]sampleTrial, error)
	probes   func() ([]probe, error)

	// calls finds out whom the plugin calls, and how.
	calls func() (callsTrial, error)
	// timed makes another installation, on a server whose time can be moved.
	timed func() (*timedPlugin, error)
	// elsewhere are the installations that it made, to be closed.
	elsewhere []*Installed
}

// Installation says what is installed where.
type Installation struct {
	Target  Target
	Subject *Subject
	// Binary is the plugin's file on this machine.
	Binary string
	// StartTimeout bounds each start of the plugin.
	StartTimeout time.Duration
	// RequestTimeout bounds each request that the profile names; 0 is
	// DefaultRequestTimeout.
	RequestTimeout time.Duration
	// patience is that of an installation of the same plugin; nil for the first.
	patience *patience
}

// DefaultRequestTimeout is that of an Installation without one.
const DefaultRequestTimeout = 30 * time.Second

// The requirements that others build on.
const (
	answers = "PLG-007"
	setsUp  = "PLG-006"
	// unmounts is about a plugin that crashes when a mount is removed, with which all
	// others of its process end.
	unmounts = "PLG-608"
)

// notSetUp returns why what builds on the plugin being set up can't be checked, and
// an empty string if it can.
func (i *Installed) notSetUp() string {
	switch i.faultAt {
	case answers:
		return "the plugin fails at its first request, see " + answers
	case setsUp:
		return "the plugin fails when it is set up, see " + setsUp
	case revocable:
		return "the plugin crashes when a lease is revoked, see " + revocable
	case unmounts:
		return "the plugin crashes when a mount is removed, see " + unmounts
	case connects:
		return "the plugin fails to connect with the settings of its profile, see " + connects
	}
	return ""
}

// Install registers and mounts the plugin as of the subject's type and sends what
// its profile has for a fresh mount. Errors are a *RefusedError, a *ProfileError,
// ErrNoAnswer, or of the target. What the plugin does wrong when it is set up is
// no error: a requirement is about it.
func Install(ctx context.Context, in Installation) (*Installed, error) {
	suffix, err := newSuffix()
	if err != nil {
		return nil, err
	}
	i, err := install(ctx, in, Spec{}, suffix)
	if i != nil {
		i.calls = sync.OnceValues(func() (callsTrial, error) { return i.tryCalls(ctx, in.Binary, in.StartTimeout) })
		i.timed = sync.OnceValues(func() (*timedPlugin, error) { return i.installTimed(ctx, in) })
	}
	return i, err
}

// install installs the plugin on a server of the target.
func install(ctx context.Context, in Installation, spec Spec, suffix string) (_ *Installed, err error) {
	server, err := in.Target.Server(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	i := &Installed{subject: in.Subject, target: in.Target, server: server, client: newClient(server), suffix: suffix, raced: racesReported(in.Binary), secrets: in.Subject.Profile.secretValues(), planted: in.Subject.Profile.planted(), masked: in.Subject.Profile.masked(), begun: time.Now(),
		timeout: cmp.Or(in.RequestTimeout, DefaultRequestTimeout)}
	if i.patience = in.patience; i.patience == nil {
		i.patience, i.first = &patience{limit: i.timeout}, true
	}
	i.document = sync.OnceValues(func() (*Document, error) { return i.fetchDocument(ctx) })
	i.alone, i.second = make(chan struct{}, 1), sync.OnceValue(func() error { return i.register(ctx, i.secondName(), in.Binary, in.StartTimeout) })
	i.samples = sync.OnceValues(func() ([]sampleTrial, error) { return i.trySamples(ctx) })
	i.probes = sync.OnceValues(func() ([]probe, error) { return i.probeAll(ctx) })
	defer func() {
		if err != nil {
			err = errors.Join(err, i.Close(context.WithoutCancel(ctx)))
		}
	}()
	if i.sha256, err = PlacePlugin(ctx, server, i.name(), in.Binary); err != nil {
		return nil, fmt.Errorf("bring %s into the plugin directory: %w", in.Binary, err)
	}
	table, _ := in.Subject.MountPaths()
	registration, err := in.Subject.registration(server.PluginDir(), i.name(), i.sha256)
	if err != nil {
		return nil, err
	}
	// Both start the plugin.
	catalog := "sys/plugins/catalog/" + in.Subject.Type + "/" + i.name()
	for _, path := range []string{catalog, table + "/" + i.mount()} {
		tried := new(trial)
		if path == catalog {
			tried = i.post(ctx, in.StartTimeout, path, registration)
		} else if tried, err = i.mountAt(ctx, in.StartTimeout, i.name(), i.mount()); err != nil {
			return nil, err
		}
		if i.started == 0 {
			i.started = tried.took
		}
		switch {
		case tried.err != nil:
			return nil, tried.err
		case tried.refused():
			if i.refusesOptions(ctx, in.StartTimeout, path) {
				return nil, &ProfileError{Problem: "options, config: the server refuses to mount the plugin with them: " + i.mask(tried.reason())}
			}
			refused := i.refusal(ctx, tried)
			if in.Subject.Type != databaseType && path != catalog {
				refused.Database = i.isDatabase(ctx, in.StartTimeout, registration)
			}
			if in.Subject.Type == in.Subject.Profile.Type {
				refused.Warnings = i.warnings(ctx)
			}
			return nil, refused
		}
	}
	return i, i.setUp(ctx)
}

// refusal returns the error of a plugin that the server refused to start, with its last
// crash if there was one. Secrets are masked.
func (i *Installed) refusal(ctx context.Context, tried *trial) *RefusedError {
	refused := &RefusedError{Reason: i.mask(tried.reason())}
	if crashes, err := crashesOf(ctx, i.server, i.name(), i.begun); err == nil && len(crashes) > 0 {
		crash := i.maskCrash(crashes[len(crashes)-1])
		refused.Crash = &crash
	}
	return refused
}

// refusesOptions reports whether a refused request that mounts the plugin succeeds
// without the options and the configuration of its profile.
func (i *Installed) refusesOptions(ctx context.Context, limit time.Duration, path string) bool {
	bare, err := (&Subject{Type: i.subject.Type}).mountBody(i.name())
	profile := &i.subject.Profile
	if err != nil || len(profile.Options)+len(profile.Config) == 0 || !strings.HasSuffix(path, "/"+i.mount()) {
		return false
	}
	tried := i.post(ctx, limit, path, bare)
	return tried.err == nil && !tried.refused()
}

// Type is the plugin's: secret, auth or database.
func (i *Installed) Type() string { return i.subject.Type }

// Document returns what the plugin documents of its paths.
func (i *Installed) Document() (*Document, error) { return i.document() }

// name is that of the registration and of the plugin's file.
func (i *Installed) name() string { return SubjectName + i.suffix }

// mount is the path of the shared mount, without what stands before it.
func (i *Installed) mount() string { return "shared" + i.suffix }

// at returns a path of the shared mount, as requests have it.
func (i *Installed) at(path string) string {
	_, at := i.subject.MountPaths()
	return at + i.mount() + "/" + path
}

// setUp sends the profile's writes to the shared mount, and its samples to one of
// their own.
func (i *Installed) setUp(ctx context.Context) error {
	if first := i.try(ctx, i.timeout, request{method: http.MethodGet, path: i.at("?help=1")}); first.faulty() {
		first.path = "?help=1"
		i.fault, i.faultAt = first, answers
		return nil
	}
	if i.subject.Type == databaseType {
		return i.setUpDatabase(ctx)
	}
	for _, write := range i.subject.Profile.Setup {
		tried := i.write(ctx, i.at(write.Path), write)
		if err := i.judge("setup", tried); err != nil {
			return err
		}
		if tried.faulty() {
			i.fault, i.faultAt = tried, setsUp
			return nil
		}
	}
	trials, err := i.samples()
	if err != nil {
		return err
	}
	for _, sample := range trials {
		if sample.write == nil {
			continue
		}
		if err := i.judge("samples", sample.write); err != nil {
			return err
		}
	}
	return i.tryAnswers(ctx)
}

func (i *Installed) write(ctx context.Context, path string, write Write) *trial {
	body, err := json.Marshal(write.Data)
	if err != nil {
		return &trial{path: write.Path, err: err}
	}
	tried := i.ask(ctx, request{method: http.MethodPost, path: path, body: string(body)})
	tried.path, tried.data = write.Path, write.Data
	return tried
}

func (i *Installed) post(ctx context.Context, limit time.Duration, path, body string) *trial {
	return i.try(ctx, limit, request{method: http.MethodPost, path: path, body: body})
}

// try sends a request with the token that may do everything, within a limit.
func (i *Installed) try(ctx context.Context, limit time.Duration, r request) *trial {
	bounded, cancel := context.WithTimeoutCause(ctx, limit, ErrNoAnswer)
	defer cancel()
	r.token = i.server.Token()
	begun := time.Now()
	got, err := i.client.do(bounded, r)
	if err != nil && errors.Is(context.Cause(bounded), ErrNoAnswer) {
		err = fmt.Errorf("%w, within %s: %w", ErrNoAnswer, limit, err)
	}
	return &trial{path: r.path, answer: got, err: err, took: time.Since(begun)}
}

// unsupported returns why a capability of the profile is missing, and an empty
// string if it is not.
func (i *Installed) unsupported(capability Capability) string {
	if capability == RaceBuild && !i.raced {
		return "the plugin is built without the race detector: build it with -race to have data races checked"
	}
	reason := i.subject.Profile.missing(capability)
	if reason != "" || capability != Samples && capability != SampleUpdates {
		return reason
	}
	trials, err := i.samples()
	if err != nil {
		return err.Error()
	}
	var unfit []string
	for _, trial := range trials {
		switch why := trial.unfit(); {
		case why != "":
			unfit = append(unfit, why)
		case capability == Samples || trial.updates():
			return ""
		case trial.sample.Update != nil:
			unfit = append(unfit, fmt.Sprintf("the plugin does not accept the update of %s, see %s", trial.sample.Path, acceptsUpdates))
		}
	}
	return strings.Join(slices.Compact(unfit), "; ")
}

// fetchDocument asks the mount for its help, which has the document.
func (i *Installed) fetchDocument(ctx context.Context) (*Document, error) {
	tried := i.try(ctx, i.timeout, request{method: http.MethodGet, path: i.at("?help=1")})
	if tried.err != nil {
		return nil, tried.err
	}
	document, ok := tried.answer.lookup("openapi")
	if !ok {
		return nil, errNoDocument
	}
	text, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	return ReadDocument(text)
}

// Close removes the mounts and the registration, and ends the use of the server. The error
// names what could not be removed from a server that stays, and the command that removes it.
func (i *Installed) Close(ctx context.Context) error {
	table, _ := i.subject.MountPaths()
	var failed []error
	for _, other := range i.elsewhere {
		failed = append(failed, other.server.Close(ctx))
	}
	limit := max(i.timeout, DefaultRequestTimeout)
	if i.patience.short() {
		limit = shortPatience
	}
	// What is left on a server that ends now goes with it: there only a plugin that does not
	// answer is told of.
	stays := i.target.Unsupported(OwnServer) != ""
	remove := func(path string) error {
		removed := i.delete(ctx, limit, path)
		err := removed.err
		if stays && removed.refused() && removed.answer.status != http.StatusNotFound {
			err = errors.New(i.mask(describeAnswer(removed.answer)))
		}
		if err != nil {
			err = fmt.Errorf("DELETE %s: %w; remove it with: %s", path, err, removalCommand(path))
		}
		return err
	}
	// A plugin that hangs delays the removal of each of its mounts.
	mounts := slices.Concat(i.left, i.unremoved)
	for _, mount := range []string{i.mount(), i.sampleMount(), i.triedMount(), i.callsMount()} {
		mounts = append(mounts, table+"/"+mount)
	}
	errs := make([]error, len(mounts))
	var removals sync.WaitGroup
	for n, mount := range mounts {
		removals.Go(func() { errs[n] = remove(mount) })
	}
	removals.Wait()
	if !i.patience.short() || stays {
		failed = append(failed, errs...)
	}
	for _, name := range []string{i.name(), i.secondName(), i.proxiedName()} {
		failed = append(failed, remove("sys/plugins/catalog/"+i.subject.Type+"/"+name))
	}
	return errors.Join(append(failed, i.server.Close(ctx))...)
}

// delete deletes what is at a path, also where leases can't be revoked.
func (i *Installed) delete(ctx context.Context, limit time.Duration, path string) *trial {
	var last *trial
	_, _ = removeLeased(path, func(method, path string) (*answer, error) {
		last = i.try(ctx, limit, request{method: method, path: path})
		return last.answer, last.err
	})
	return last
}
