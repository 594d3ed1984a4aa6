// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Proof is a request that succeeds as long as issued credentials work, and only then.
// {{field}} in its texts stands for that field of their data.
type Proof struct {
	// Path is one of the plugin's, below the mount, that is read.
	Path string
	// URL is asked instead, with Method, GET if it is empty, Headers and Body.
	URL, Method, Body string
	Headers           map[string]string
}

// proofField is what stands for a field.
var proofField = regexp.MustCompile(`\{\{ *([\w.-]+) *\}\}`)

// filled returns a text with the fields of an answer, changed for where they are written.
// Whose fields they are is said of one that is not there.
func filled(text string, from *answer, whose string, change func(string) string) (string, error) {
	var missing error
	filled := proofField.ReplaceAllStringFunc(text, func(found string) string {
		field := proofField.FindStringSubmatch(found)[1]
		value, ok := from.lookup("data." + field)
		if !ok {
			missing = mismatch("the field "+field+" "+whose, describeAnswer(from))
		}
		return change(render(value))
	})
	return filled, missing
}

func unchanged(text string) string { return text }

// proofTimeout bounds one request that tries credentials, and how long what was revoked
// may still work: services take a while to note it.
const proofTimeout = 5 * time.Second

// works reports whether credentials work, and describes what came of trying them.
func (w *world) works(ctx context.Context, mount string, lease issuedLease) (works bool, seen string, err error) {
	proof := lease.write.Works
	fill := func(text string, change func(string) string) (string, error) {
		return filled(text, lease.answer, "of the credentials, which works names", change)
	}
	if proof.Path != "" {
		path, err := fill(proof.Path, url.PathEscape)
		if err != nil {
			return false, "", err
		}
		if err := w.asRoot(ctx, http.MethodGet, w.below(mount, path), ""); err != nil {
			return false, "", err
		}
		return w.answer.ok(), describeAnswer(w.answer), nil
	}
	address, err := fill(proof.URL, url.PathEscape)
	if err != nil {
		return false, "", err
	}
	body, err := fill(proof.Body, unchanged)
	if err != nil {
		return false, "", err
	}
	bounded, cancel := context.WithTimeout(ctx, proofTimeout)
	defer cancel()
	sent, err := http.NewRequestWithContext(bounded, proof.Method, address, strings.NewReader(body))
	if err != nil {
		return false, "", fmt.Errorf("works: %w", err)
	}
	for name, text := range proof.Headers {
		value, err := fill(text, unchanged)
		if err != nil {
			return false, "", err
		}
		sent.Header.Set(name, value)
	}
	// The credentials are for the server that the profile names, wherever it redirects to.
	got, err := SameServer(&http.Client{Transport: transport()}).Do(sent)
	if err != nil {
		return false, "", &NotCheckedError{Reason: "the address under works in the profile does not answer: " + err.Error()}
	}
	seen = fmt.Sprintf("%s from %s", got.Status, proof.URL)
	return got.StatusCode >= 200 && got.StatusCode < 300, seen, got.Body.Close()
}

// provable returns the leases of which the profile says how to tell whether they work.
func (w *world) provable() []issuedLease {
	return slices.DeleteFunc(slices.Clone(w.leases), func(lease issuedLease) bool { return lease.write.Works == nil })
}

// credentialsWork wants all credentials to work.
func (w *world) credentialsWork(ctx context.Context, mount string) error {
	for _, lease := range w.provable() {
		works, seen, err := w.works(ctx, mount, lease)
		if err != nil {
			return err
		}
		if !works {
			return mismatch("the credentials of "+lease.write.Path+" to work, as works in the profile tells it", seen)
		}
	}
	return nil
}

// credentialsDead wants none of the credentials to work any more.
func (w *world) credentialsDead(ctx context.Context, mount string) error {
	for _, lease := range w.provable() {
		err := poll(ctx, proofTimeout, func(ctx context.Context) error {
			works, seen, err := w.works(ctx, mount, lease)
			if err == nil && works {
				err = mismatch("the credentials of "+lease.write.Path+" not to work any more, as works in the profile tells it", seen)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// credentialsDeadOutside is the same where the mount is gone: what is asked at one of the
// plugin's paths can't be.
func (w *world) credentialsDeadOutside(ctx context.Context) error {
	outside := slices.DeleteFunc(w.provable(), func(lease issuedLease) bool { return lease.write.Works.URL == "" })
	if len(outside) == 0 {
		return &NotCheckedError{Reason: "works in the profile names a path of the plugin, which is gone with the mount, rather than a url"}
	}
	w.leases = outside
	return w.credentialsDead(ctx, "")
}

// revokedBeside asks for the credentials once more, revokes the leases of before, and
// wants the new ones to work.
func (w *world) revokedBeside(ctx context.Context, mount string) error {
	first := w.leases
	if err := w.leasesIssued(ctx, mount); err != nil {
		return err
	}
	second := w.leases
	if err := w.credentialsWork(ctx, mount); err != nil {
		return err
	}
	w.leases = first
	if err := w.leasesRevoked(ctx); err != nil {
		return err
	}
	w.leases = second
	failure := new(Failure)
	if err := w.credentialsWork(ctx, mount); errors.As(err, &failure) {
		return mismatch("the credentials of "+second[0].write.Path+" to work after others of its kind were revoked", failure.Got)
	} else if err != nil {
		return err
	}
	return nil
}
