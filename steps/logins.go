// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The requirements about logins that others build on.
const (
	logsIn       = "PLG-450"
	rootless     = "PLG-454"
	openLogin    = "PLG-105"
	refusesWrong = "PLG-452"
	namesAlias   = "PLG-456"
)

// loggedIn is a login of the profile that succeeded at a mount.
type loggedIn struct {
	login     Login
	mount     string
	token     string
	duration  time.Duration
	renewable bool
	answer    *answer
}

// rootRefused is what servers say to an auth method that asks for the policy root.
const rootRefused = "auth methods cannot create root tokens"

func (w *world) tryLogin(ctx context.Context, mount, path string, data map[string]any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return w.send(ctx, request{method: http.MethodPost, path: w.below(mount, path), body: verbatim(string(body))})
}

func tokenIn(a *answer) string {
	value, _ := a.lookup("auth.client_token")
	token, _ := value.(string)
	return token
}

// loginsSucceed carries out every login of the profile.
func (w *world) loginsSucceed(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	w.loggedIn = nil
	for _, login := range installed.subject.Profile.Logins {
		if err := w.tryLogin(ctx, mount, login.Path, login.Data); err != nil {
			return err
		}
		token := tokenIn(w.answer)
		if !w.answer.ok() || token == "" {
			failure := mismatch("a token from the login at "+login.Path+", as the profile says", describeAnswer(w.answer))
			if strings.Contains(string(w.answer.body), rootRefused) {
				return w.seeOr(rootless, "the plugin asks for the policy root", failure)
			}
			if open, documented := w.opened(http.MethodPost, login.Path); documented && !open {
				return &NotCheckedError{Reason: "nobody can log in without a token, see " + openLogin}
			}
			return w.seeOr(logsIn, "the profile's logins do not succeed", failure)
		}
		renewable, _ := w.answer.lookup("auth.renewable")
		can, _ := renewable.(bool)
		w.loggedIn = append(w.loggedIn, loggedIn{
			login: login, mount: mount, token: token, renewable: can, answer: w.answer, duration: secondsAt(w.answer, "auth.lease_duration"),
		})
	}
	return nil
}

// loginsRootless carries out every login and wants no policy root.
func (w *world) loginsRootless(ctx context.Context, mount string) error {
	if err := w.loginsSucceed(ctx, mount); err != nil {
		return err
	}
	for _, login := range w.loggedIn {
		policies, _ := login.answer.lookup("auth.policies")
		if slices.Contains(asTexts(policies), "root") {
			return mismatch("a token without the policy root from "+login.login.Path, describeAnswer(login.answer))
		}
	}
	return nil
}

// tokensUsable lets every new token look itself up.
func (w *world) tokensUsable(ctx context.Context) error {
	for _, login := range w.loggedIn {
		if err := w.send(ctx, request{method: http.MethodGet, path: "auth/token/lookup-self", token: login.token}); err != nil {
			return err
		}
		if !w.answer.ok() {
			return mismatch("the token of "+login.login.Path+" to be usable", describeAnswer(w.answer))
		}
	}
	return nil
}

// tokensHavePolicies compares the new tokens' policies, without default, with the
// profile's.
func (w *world) tokensHavePolicies() error {
	checked := false
	for _, login := range w.loggedIn {
		if login.login.Policies == nil {
			continue
		}
		checked = true
		value, _ := login.answer.lookup("auth.token_policies")
		got := slices.DeleteFunc(asTexts(value), func(policy string) bool { return policy == "default" })
		want := slices.DeleteFunc(slices.Clone(login.login.Policies), func(policy string) bool { return policy == "default" })
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			return mismatch(fmt.Sprintf("the policies %q beside default, as the profile says of %s", want, login.login.Path), describeAnswer(login.answer))
		}
	}
	if !checked {
		return &NotCheckedError{Reason: "the profile does not say which policies its logins give"}
	}
	return nil
}

// tokensHaveEntity wants an entity of every login, which comes from an alias.
func (w *world) tokensHaveEntity() error {
	for _, login := range w.loggedIn {
		if entity, _ := login.answer.lookup("auth.entity_id"); entity == nil || entity == "" {
			return mismatch("an entity of the login at "+login.login.Path+": auth.entity_id", describeAnswer(login.answer))
		}
	}
	return nil
}

// tokensRenewed renews every token that is said to be renewable.
func (w *world) tokensRenewed(ctx context.Context) error {
	checked := false
	for _, login := range w.loggedIn {
		if !login.renewable {
			continue
		}
		checked = true
		if err := w.renewToken(ctx, login); err != nil {
			return err
		}
		if !w.answer.ok() || secondsAt(w.answer, "auth.lease_duration") <= 0 {
			return mismatch(fmt.Sprintf("the token of %s, which is said to be renewable, to be renewed", login.login.Path), describeAnswer(w.answer))
		}
	}
	if !checked {
		return &NotCheckedError{Reason: "no login of the profile gives a renewable token"}
	}
	return nil
}

func (w *world) renewToken(ctx context.Context, login loggedIn) error {
	return w.send(ctx, request{method: http.MethodPost, path: "auth/token/renew-self", token: login.token})
}

// tokensNotRenewed wants every renewal to be refused.
func (w *world) tokensNotRenewed(ctx context.Context) error {
	for _, login := range w.loggedIn {
		if err := w.renewToken(ctx, login); err != nil {
			return err
		}
		// A nil response renews nothing, and is answered 204.
		if w.answer.ok() && tokenIn(w.answer) != "" {
			return mismatch("no renewal of the token of "+login.login.Path+", whose origin is deleted", describeAnswer(w.answer))
		}
	}
	return nil
}

// tokensInLimits wants every token to be within the limits of its role.
func (w *world) tokensInLimits() error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	checked := false
	for _, login := range w.loggedIn {
		limit, field := installed.subject.Profile.limit(login.login.write(), false)
		if limit <= 0 {
			continue
		}
		checked = true
		if login.duration > limit {
			return mismatch(fmt.Sprintf("a token of %s for at most %s, its %s", login.login.Path, limit, field), describeAnswer(login.answer))
		}
	}
	if !checked {
		return &NotCheckedError{Reason: "no write of the profile's setup has the field ttl or token_ttl for a name in its logins"}
	}
	return nil
}

// wrongLogins carries out what the profile says must be refused.
func (w *world) wrongLogins(ctx context.Context, mount string, check func(Login) error) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	for _, login := range installed.subject.Profile.Logins {
		if login.Wrong == nil {
			continue
		}
		if err := w.tryLogin(ctx, mount, login.Path, login.Wrong); err != nil {
			return err
		}
		if err := check(login); err != nil {
			return err
		}
	}
	return nil
}

// wrongLoginsRefused wants no success and no token from them.
func (w *world) wrongLoginsRefused(ctx context.Context, mount string) error {
	return w.wrongLogins(ctx, mount, func(login Login) error { return w.refusedLogin(login.Path, "wrong data") })
}

func (w *world) refusedLogin(path, data string) error {
	if w.answer.ok() || tokenIn(w.answer) != "" {
		return mismatch("no login at "+path+" with "+data, describeAnswer(w.answer))
	}
	return nil
}

// wrongLoginsBlamed wants a status below 500 from them.
func (w *world) wrongLoginsBlamed(ctx context.Context, mount string) error {
	return w.wrongLogins(ctx, mount, func(login Login) error {
		if w.answer.failed() {
			return mismatch("a status below 500 from a login at "+login.Path+" with wrong data", describeAnswer(w.answer))
		}
		return nil
	})
}

// emptyLoginsRefused wants no token for a login without data.
func (w *world) emptyLoginsRefused(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	for _, login := range installed.subject.Profile.Logins {
		if len(login.Data) == 0 {
			return &NotCheckedError{Reason: "the profile's login at " + login.Path + " needs no data"}
		}
		if err := w.tryLogin(ctx, mount, login.Path, map[string]any{}); err != nil {
			return err
		}
		if err := w.refusedLogin(login.Path, "no data"); err != nil {
			return err
		}
	}
	return nil
}
