// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"regexp"

	"github.com/plugproof/plugproof/suites/replay"
)

// unemulated are the paths that the mock has nothing of: it says so for every method,
// where servers refuse some.
var unemulated = regexp.MustCompile(`(^| |/)sys/(rekey|generate-root|rotate/(root|recovery)|config/(auditing|ui|state|reload)|locked-users|pprof|internal/inspect)`)

// known reports whether a difference is meant: listed here with its reason.
func known(step replay.Step, d replay.Difference) bool {
	if otherField(d) {
		return true
	}
	request := step.Request()
	for _, k := range []struct {
		request, path, want *regexp.Regexp
		reason              string
	}{
		{regexp.MustCompile(` /(ui/?)?( |\?|$)`), regexp.MustCompile(`^body`), nil,
			"the page at / is the servers' own text for a missing user interface"},
		{regexp.MustCompile(`/tune `), regexp.MustCompile(`^body\.errors`), regexp.MustCompile(`cannot tune parameter`),
			"servers take the fields in the random order of a map"},
		{regexp.MustCompile(`policy|policies`), regexp.MustCompile(`(policy|rules)$`), nil,
			"the default policy has its effects in words of its own"},
		{regexp.MustCompile(`.`), regexp.MustCompile(`^body\.warnings`), regexp.MustCompile(`Endpoint replaced the value .*\[\w+ \w`),
			"what the path replaced comes in the random order of a map"},
		{regexp.MustCompile(`identity/entity/merge`), regexp.MustCompile(`^body\.errors`), regexp.MustCompile(`from_entity_ids|to merge from`),
			"entities are looked at in the order of their IDs, which are random: which one is wrong first is chance"},
		{regexp.MustCompile(`internal/ui/feature-flags`), regexp.MustCompile(`^(body|type)`), regexp.MustCompile(`feature_flags|application/json`),
			"servers go on after they have refused a method, and answer a second time behind it"},
		{regexp.MustCompile(`identity/group`), regexp.MustCompile(`^body\.data\.name$`), regexp.MustCompile(`^"group_<hex8>\.\w+"$`),
			"the server makes up the name of a group that has none, of a namespace's ID among others"},
		{regexp.MustCompile(`identity/.*(id|name)`), regexp.MustCompile(`\.key_info\.<uuid>`), nil,
			"what is said of several IDs is that of one of them once they are masked"},
		{regexp.MustCompile(`[?&]help=|^HELP `), regexp.MustCompile(`^body\.(help|openapi)`), nil,
			"the server's own paths are described in words of their own, and the mock has fewer of them"},
		{regexp.MustCompile(`policies/acl/[^ ]*%2F( |$)`), regexp.MustCompile(`^(status|body)`), nil,
			"a name with a slash at its end is found in the server's cache without it, as long as it is there"},
		{regexp.MustCompile(`sys/key-status`), regexp.MustCompile(`encryptions$`), nil,
			"the mock encrypts nothing, and counts none"},
		{regexp.MustCompile(`policies/password`), regexp.MustCompile(`^body\.errors`), regexp.MustCompile(`invalid password policy: .*error\(s\) decoding`),
			"servers before OpenBao 2.3 describe values of a wrong type in the words of the library's first version"},
		{regexp.MustCompile(` /?(v1/)?([a-z]+/)*sys/metrics`), regexp.MustCompile(`.`), nil,
			"metrics are answered before headers are looked at; the mock has none"},
		{regexp.MustCompile(` /?(v1/)?([a-z]+/)*sys/raw(/|\?| |$)`), regexp.MustCompile(`.`), nil,
			"OpenBao's development server serves its raw storage, which the mock lays out in its own way"},
	} {
		if k.request.MatchString(request) && k.path.MatchString(d.Path) && (k.want == nil || k.want.MatchString(d.Want)) {
			return true
		}
	}
	return false
}

// fieldShape finds the field in the description of a value of a wrong type.
var fieldShape = regexp.MustCompile(`error converting input (?:.* )?for field \\"([a-z_]+)\\"`)

// otherField reports whether both complain of fields, but of different ones: servers
// look at fields in the random order of a map.
func otherField(d replay.Difference) bool {
	want, have := fieldShape.FindStringSubmatch(d.Want), fieldShape.FindStringSubmatch(d.Have)
	return want != nil && have != nil && want[1] != have[1]
}
