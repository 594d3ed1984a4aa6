// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"net/http"
	"regexp"
)

// aboutLogins are logins at any auth method, which a group captures.
func aboutLogins() about { return on("POST|PUT", `(auth/[^/]+)/login`) }

// wrongIdentities get wrong what entities and groups give to tokens.
func wrongIdentities() []wrong {
	entities := on("POST|PUT", `identity/entity/id/.+`)
	ofGroups := regexp.MustCompile(`\{\{identity\.groups\.[^}]*\}\}`)
	return []wrong{
		{
			name: "the groups of a login are dropped", fails: []string{"IDN-001", "IDN-003"},
			change: mishear(aboutLogins(), func(content object) { delete(content, "groups") }),
		},
		{
			name: "a login leaves its user in the groups of earlier ones", fails: []string{"IDN-002"},
			change: groupsStay,
		},
		{
			name: "policies know no groups", fails: []string{"IDN-003"},
			change: mishear(on("POST|PUT", `sys/polic(?:y|ies/acl)/.+`), func(content object) {
				if text, ok := content["policy"].(string); ok {
					content["policy"] = ofGroups.ReplaceAllString(text, "{{identity.groups.none}}")
				}
			}),
		},
		{
			name: "the policies of an entity are ignored", fails: []string{"IDN-010"},
			change: mishear(entities, func(content object) { delete(content, "policies") }),
		},
		{
			name: "disabled entities go on", fails: []string{"IDN-011"},
			change: mishear(entities, func(content object) { delete(content, "disabled") }),
		},
	}
}

// groupsStay gives a login without groups those of the same user's last one.
func groupsStay(s *server) http.Handler {
	last := &table{}
	return instead(aboutLogins(), func(_ *server, _ http.ResponseWriter, r *http.Request, parts []string) bool {
		content := body(r)
		user, _ := content["user"].(string)
		key := parts[1] + " " + user
		switch groups := last.get(key); {
		case content["groups"] != nil:
			last.put(key, content["groups"])
		case groups != nil:
			content["groups"] = groups
			setBody(r, content)
		}
		return false
	})(s)
}
