// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
)

// originsOf returns the writes of the setup for one of the names: role/a for the
// credentials creds/a, user/a for a login with the name a. A path of one segment
// is a configuration.
func (p *Profile) originsOf(names []string) []Write {
	var found []Write
	for _, write := range p.Setup {
		folder, name := path.Split(strings.Trim(write.Path, "/"))
		if folder != "" && slices.Contains(names, name) {
			found = append(found, write)
		}
	}
	return found
}

// names returns what may name the origin of a request: the last segment of its
// path and the texts in its data.
func (w Write) names() []string {
	var found []string
	if folder, name := path.Split(strings.Trim(w.Path, "/")); folder != "" {
		found = append(found, name)
	}
	for _, value := range w.Data {
		if text, ok := value.(string); ok && text != "" {
			found = append(found, text)
		}
	}
	return found
}

func (l Login) write() Write { return Write{Path: l.Path, Data: l.Data} }

// origins returns the writes of the setup that the profile's credentials or logins
// are made from. Those of credentials with secrets are left out: they are how the
// plugin reaches what it revokes at.
func (p *Profile) origins() []Write {
	var found []Write
	for _, login := range p.Logins {
		found = append(found, p.originsOf(login.write().names())...)
	}
	for _, credentials := range p.Credentials {
		for _, write := range p.originsOf(credentials.names()) {
			if !slices.ContainsFunc(p.Secrets, func(secret string) bool { _, has := write.Data[secret]; return has }) {
				found = append(found, write)
			}
		}
	}
	return found
}

// limit returns how long a lease or token of a request may be by the profile's
// setup, at most or, with longest, renewals included, and the field that says so;
// 0 where nothing does. What has a period has no such limits.
func (p *Profile) limit(of Write, longest bool) (time.Duration, string) {
	fields := []string{"ttl", "token_ttl", "default_ttl", "max_ttl", "token_max_ttl"}
	if longest {
		fields = []string{"max_ttl", "token_max_ttl"}
	}
	for _, field := range fields {
		for _, write := range p.originsOf(of.names()) {
			value, ok := write.Data[field]
			if !ok || periodic(write) {
				continue
			}
			if limit, err := parseutil.ParseDurationSecond(value); err == nil && limit > 0 {
				return limit, field
			}
		}
	}
	return 0, ""
}

// periodic reports whether tokens of a role or user are renewed for ever.
func periodic(origin Write) bool {
	for _, field := range []string{"period", "token_period"} {
		if period, err := parseutil.ParseDurationSecond(origin.Data[field]); err == nil && period > 0 {
			return true
		}
	}
	return false
}
