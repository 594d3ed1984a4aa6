// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import "github.com/plugproof/plugproof/steps"

// wrongRenewals are plugins whose defect shows when something is renewed, revoked later or
// rotated, and in lists and reads of several things.
func wrongRenewals() []wrongPlugin {
	return []wrongPlugin{
		{name: "rotating-nothing", fails: "PLG-338"},
		{name: "sharing-a-folder", fails: "PLG-339"},
		{name: "capping-lists", fails: "PLG-340"},
		{name: "leaving-a-field-out", fails: "PLG-341"},
		{name: "swallowing-rotation-errors", fails: "PLG-394"},
		{name: "rolling-nothing-back", fails: "PLG-425"},
		{name: "accounts-in-memory", fails: "PLG-428"},
		{name: "renewal-of-another", fails: "PLG-429"},
		{name: "renewing-unread", fails: "PLG-430"},
		{name: "growing-renewals", fails: "PLG-431"},
		{name: "revoking-unread", fails: "PLG-432"},
		{name: "endless-renewals-of-others", fails: "PLG-502", profile: anotherRole},
		{name: "endless-token-renewals-of-others", auth: true, fails: "PLG-503", profile: twoUsers},
		{name: "accepting-unsigned", auth: true, fails: "PLG-460", profile: signedLogin},
		{name: "longer-token-renewals", auth: true, fails: "PLG-476"},
		{name: "renewing-tokens-unread", auth: true, fails: "PLG-477"},
		{name: "renewing-without-period", auth: true, fails: "PLG-478"},
		{name: "broken-connection-with-password", fails: "PLG-707"},
		{name: "logging-credentials", fails: "PLG-703", profile: provingByKey},
		{name: "giving-the-configuration", fails: "PLG-709"},
		{name: "showing-rotations", fails: "PLG-710"},
	}
}

// anotherRole adds a second role, and its credentials, to the profile of the secrets engine.
func anotherRole(p *steps.Profile) {
	p.Setup = append(p.Setup, steps.Write{Path: "role/c", Data: map[string]any{"username": "w", "ttl": 60, "max_ttl": 600}})
	p.Credentials = append(p.Credentials, steps.Write{Path: "creds/c", Works: p.Credentials[0].Works})
}

// signedToken is one of RFC 7515, appendix A.1.
const signedToken = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// signedLogin has the user log in with a signed token.
func signedLogin(p *steps.Profile) {
	p.Setup[1].Data["password"] = signedToken
	p.Logins[0].Data["password"] = signedToken
}

// provingByKey does not call the key of an account a secret, but uses it as one.
func provingByKey(p *steps.Profile) {
	p.Secrets = []string{"password"}
	p.Credentials[0].Works.Headers = map[string]string{"Authorization": "Bearer {{key}}"}
}
