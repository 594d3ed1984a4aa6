// SPDX-License-Identifier: MPL-2.0

package steps

// binding ties a sentence to what it does.
type binding struct {
	expression string
	step       any
}

// bindings lists every sentence that features may use, by vocabulary. Names in
// quotes are the feature's own; texts may hold placeholders such as {sha256 of
// probe} or {reader} for what was kept before.
func (w *world) bindings() []binding {
	const method = `(GET|LIST|HEAD|DELETE|POST|PUT|PATCH|OPTIONS)`
	return []binding{
		// How the server is started. These come first in a scenario.
		{`^the server's environment has ([^ =]+)=(.*)$`, w.hostHas},
		{`^the server has an api_addr$`, w.hasAPIAddr},
		{`^the server has no api_addr$`, w.hasNoAPIAddr},
		{`^the server has no plugin directory$`, w.hasNoPluginDir},
		{`^the server keeps its state$`, w.keepsState},

		// Plugins: binaries, registrations, mounts.
		{`^the plugin directory holds "([^"]+)"$`, w.hold},
		{`^the plugin directory holds "([^"]+)" as "([^"]+)"$`, w.holdAs},
		{`^the plugin directory holds a link "([^"]+)" to "([^"]+)"$`, w.holdsLink},
		{`^the plugin directory holds a folder "([^"]+)" with "([^"]+)"$`, w.holdsFolder},
		{`^the binary "([^"]+)" is changed$`, w.isChanged},
		{`^the binary "([^"]+)" is removed$`, w.isRemoved},
		{`^the (secret|auth|database) plugin "([^"]+)" is registered$`, w.registered},
		{`^the (secret|auth|database) plugin "([^"]+)" is registered with:$`, w.registeredWith},
		{`^"([^"]+)" is mounted at "([^"]+)"$`, w.mounted},
		{`^"([^"]+)" is mounted at "([^"]+)" with:$`, w.mountedWith},
		{`^"([^"]+)" is enabled as auth method at "([^"]+)"$`, w.enabled},
		{`^"([^"]+)" is enabled as auth method at "([^"]+)" with:$`, w.enabledWith},

		// What a plugin's process sees.
		{`^the plugin at "([^"]+)" sees ([^ =]+)=(.*)$`, w.sees},
		{`^the plugin at "([^"]+)" sees no ([^ ]+)$`, w.seesNo},

		// What plugins store.
		{`^I wrote "([^"]*)" to "([^"]+)"$`, w.wrote},
		{`^"([^"]+)" holds "([^"]*)"$`, w.holds},
		{`^soon "([^"]+)" holds "([^"]*)"$`, w.soonHolds},
		{`^"([^"]+)" holds nothing$`, w.holdsNothing},

		// Requests.
		{`^I ` + method + ` "([^"]*)"$`, w.iSend},
		{`^I ` + method + ` "([^"]*)" (\{.*\})$`, w.iSendJSON},
		{`^I ` + method + ` "([^"]*)" with:$`, w.iSendDocument},
		{`^I ` + method + ` "([^"]*)" wrapped for (\w+)$`, w.iSendWrapped},
		{`^I ` + method + ` "([^"]*)" with the headers:$`, w.iSendWithHeaders},
		{`^(nobody|a stranger|"[^"]+") ` + method + `s "([^"]*)"$`, w.actorSends},
		{`^(nobody|a stranger|"[^"]+") ` + method + `s "([^"]*)" (\{.*\})$`, w.actorSendsJSON},
		{`^(nobody|a stranger|"[^"]+") ` + method + `s "([^"]*)" with the headers:$`, w.actorSendsWithHeaders},
		{`^I keep "([^"]+)" as "([^"]+)"$`, w.iKeep},
		{`^"([^"]+)" has a token with the policy:$`, w.hasPolicy},

		// Answers.
		{`^the answer is (\d+)$`, w.answerIs},
		{`^the answer is (\d+) with:$`, w.answerIsWith},
		{`^the answer is (\d+) with the error "(.*)"$`, w.answerIsError},
		{`^the answer is (\d+) without an error$`, w.answerIsEmptyError},
		{`^the answer is (\d+) with the body "(.*)"$`, w.answerIsText},
		{`^the answer is one of (\d+), (\d+)$`, w.answerIsOneOf},
		{`^the answer is an error$`, w.answerIsAnyError},
		{`^the answer has the header "([^"]+)" with "([^"]*)"$`, w.answerHasHeader},
		{`^soon (GET|LIST) "([^"]+)" answers (\d+) with:$`, w.soonAnswers},
		{`^the answer warns "(.*)"$`, w.answerWarns},
		{`^the answer does not disclose "([^"]+)"$`, w.answerDisclosesNo},

		// Command lines, as the documentation prints them.
		{`^I run "(.*)"$`, w.iRun},
		{`^it prints "(.*)"$`, w.prints},
		{`^it prints a table with:$`, w.printsRows},
		{`^it prints a table without "([^"]+)"$`, w.printsNoRow},
		{`^it exits with (\d+)$`, w.exits},
		{`^it exits with (\d+) and the error "(.*)"$`, w.failsWith},

		// Processes.
		{`^the plugin at "([^"]+)" runs as "([^"]+)"$`, w.runsAs},
		{`^the plugin at "([^"]+)" still runs as "([^"]+)"$`, w.stillRunsAs},
		{`^the plugin at "([^"]+)" runs as another process than "([^"]+)"$`, w.runsAsAnother},
		{`^soon the plugin at "([^"]+)" runs as another process than "([^"]+)"$`, w.soonRunsAsAnother},
		{`^the process "([^"]+)" is killed$`, w.isKilled},
		{`^the process "([^"]+)" has ended$`, w.hasEnded},
		{`^the process "([^"]+)" still runs$`, w.stillRuns},
		{`^(\d+) process(?:es)? of "([^"]+)" runs?$`, w.processesOf},

		// The plugin that is checked itself.
		{`^the plugin is registered$`, w.subjectRegistered},
		{`^the plugin is registered with the variable ([^ =]+)=(.*)$`, w.subjectRegisteredWith},
		{`^the plugin is mounted at "([^"]+)"$`, w.subjectMounted},
		{`^the sample is written at "([^"]+)"$`, w.sampleWritten},
		{`^the sample is read at "([^"]+)"$`, w.sampleRead},
		{`^the sample is not at "([^"]+)"$`, w.sampleMissing},
		{`^the process of "([^"]+)" is kept as "([^"]+)"$`, w.processKept},
		{`^the process of "([^"]+)" has the variable ([^ =]+)=(.*)$`, w.processHas},

		// The server's life and log.
		{`^the server restarts$`, w.restarts},
		{`^the server is killed and starts again$`, w.isKilledAndStarts},
		{`^the server's log has "(.*)"$`, w.logHas},
		{`^the server's log has no "(.*)"$`, w.logHasNo},

		// Proxies and identity providers, which the scenario runs itself.
		{`^a forward proxy "([^"]+)"$`, w.proxyRuns},
		{`^an identity provider at "([^"]+)"$`, w.providerRuns},
		{`^"([^"]+)" signs a token for "([^"]+)" and the audience "([^"]+)" as "([^"]+)"$`, w.signs},
		{`^"([^"]+)" was asked through the proxy "([^"]+)"$`, w.cameThrough},
		{`^nobody was asked through the proxy "([^"]+)"$`, w.cameNotThrough},
	}
}
