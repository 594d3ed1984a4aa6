// SPDX-License-Identifier: MPL-2.0

package steps

// binding ties a sentence to what it does and to the capability without which
// it can't be done.
type binding struct {
	expression string
	step       any
	needs      Capability
}

// none is the need of a sentence that only talks HTTP to the server.
const none Capability = ""

// bindings lists every sentence that features may use, by vocabulary. Names in
// quotes are the feature's own; texts may hold placeholders such as {sha256 of
// probe} or {reader} for what was kept before.
func (w *world) bindings() []binding {
	const method = `(GET|LIST|HEAD|DELETE|POST|PUT|PATCH|OPTIONS)`
	return []binding{
		// How the server is started. These come first in a scenario.
		{`^the server's environment has ([^ =]+)=(.*)$`, w.hostHas, HostEnvironment},
		{`^the server has an api_addr$`, w.hasAPIAddr, none},
		{`^the server has no api_addr$`, w.hasNoAPIAddr, Settings},
		{`^the server has no plugin directory$`, w.hasNoPluginDir, Settings},
		{`^the server keeps its state$`, w.keepsState, Restart},

		// Plugins: binaries, registrations, mounts.
		{`^the plugin directory holds "([^"]+)"$`, w.hold, PluginDirectory},
		{`^the plugin directory holds "([^"]+)" as "([^"]+)"$`, w.holdAs, PluginDirectory},
		{`^the plugin directory holds a link "([^"]+)" to "([^"]+)"$`, w.holdsLink, PluginFiles},
		{`^the plugin directory holds a folder "([^"]+)" with "([^"]+)"$`, w.holdsFolder, PluginFiles},
		{`^the binary "([^"]+)" is changed$`, w.isChanged, PluginFiles},
		{`^the binary "([^"]+)" is removed$`, w.isRemoved, PluginFiles},
		{`^the (secret|auth|database) plugin "([^"]+)" is registered$`, w.registered, PluginDirectory},
		{`^the (secret|auth|database) plugin "([^"]+)" is registered with:$`, w.registeredWith, PluginDirectory},
		{`^"([^"]+)" is mounted at "([^"]+)"$`, w.mounted, none},
		{`^"([^"]+)" is mounted at "([^"]+)" with:$`, w.mountedWith, none},
		{`^"([^"]+)" is enabled as auth method at "([^"]+)"$`, w.enabled, none},
		{`^"([^"]+)" is enabled as auth method at "([^"]+)" with:$`, w.enabledWith, none},

		// What a plugin's process sees.
		{`^the plugin at "([^"]+)" sees ([^ =]+)=(.*)$`, w.sees, none},
		{`^the plugin at "([^"]+)" sees no ([^ ]+)$`, w.seesNo, none},

		// What plugins store.
		{`^I wrote "([^"]*)" to "([^"]+)"$`, w.wrote, none},
		{`^"([^"]+)" holds "([^"]*)"$`, w.holds, none},
		{`^soon "([^"]+)" holds "([^"]*)"$`, w.soonHolds, none},
		{`^"([^"]+)" holds nothing$`, w.holdsNothing, none},

		// Requests.
		{`^I ` + method + ` "([^"]*)"$`, w.iSend, none},
		{`^I ` + method + ` "([^"]*)" (\{.*\})$`, w.iSendJSON, none},
		{`^I ` + method + ` "([^"]*)" with:$`, w.iSendDocument, none},
		{`^I ` + method + ` "([^"]*)" wrapped for (\w+)$`, w.iSendWrapped, none},
		{`^I ` + method + ` "([^"]*)" with the headers:$`, w.iSendWithHeaders, none},
		{`^(nobody|a stranger|"[^"]+") ` + method + `s "([^"]*)"$`, w.actorSends, none},
		{`^(nobody|a stranger|"[^"]+") ` + method + `s "([^"]*)" (\{.*\})$`, w.actorSendsJSON, none},
		{`^(nobody|a stranger|"[^"]+") ` + method + `s "([^"]*)" with the headers:$`, w.actorSendsWithHeaders, none},
		{`^I keep "([^"]+)" as "([^"]+)"$`, w.iKeep, none},
		{`^"([^"]+)" has a token with the policy:$`, w.hasPolicy, none},

		// Answers.
		{`^the answer is (\d+)$`, w.answerIs, none},
		{`^the answer is (\d+) with:$`, w.answerIsWith, none},
		{`^the answer is (\d+) with the error "(.*)"$`, w.answerIsError, none},
		{`^the answer is (\d+) without an error$`, w.answerIsEmptyError, none},
		{`^the answer is (\d+) with the body "(.*)"$`, w.answerIsText, none},
		{`^the answer is one of (\d+), (\d+)$`, w.answerIsOneOf, none},
		{`^the answer is an error$`, w.answerIsAnyError, none},
		{`^the answer has the header "([^"]+)" with "([^"]*)"$`, w.answerHasHeader, none},
		{`^soon (GET|LIST) "([^"]+)" answers (\d+) with:$`, w.soonAnswers, none},
		{`^the answer warns "(.*)"$`, w.answerWarns, none},
		{`^the answer does not disclose "([^"]+)"$`, w.answerDisclosesNo, none},

		// Command lines, as the documentation prints them.
		{`^I run "(.*)"$`, w.iRun, none},
		{`^it prints "(.*)"$`, w.prints, none},
		{`^it prints a table with:$`, w.printsRows, none},
		{`^it prints a table without "([^"]+)"$`, w.printsNoRow, none},
		{`^it exits with (\d+)$`, w.exits, none},
		{`^it exits with (\d+) and the error "(.*)"$`, w.failsWith, none},

		// Processes.
		{`^the plugin at "([^"]+)" runs as "([^"]+)"$`, w.runsAs, none},
		{`^the plugin at "([^"]+)" still runs as "([^"]+)"$`, w.stillRunsAs, none},
		{`^the plugin at "([^"]+)" runs as another process than "([^"]+)"$`, w.runsAsAnother, none},
		{`^soon the plugin at "([^"]+)" runs as another process than "([^"]+)"$`, w.soonRunsAsAnother, none},
		{`^the process "([^"]+)" is killed$`, w.isKilled, ProcessControl},
		{`^the process "([^"]+)" has ended$`, w.hasEnded, ProcessControl},
		{`^the process "([^"]+)" still runs$`, w.stillRuns, ProcessControl},
		{`^(\d+) process(?:es)? of "([^"]+)" runs?$`, w.processesOf, ProcessControl},

		// The plugin that is checked itself.
		{`^the plugin is registered$`, w.subjectRegistered, PluginDirectory},
		{`^the plugin is registered with the variable ([^ =]+)=(.*)$`, w.subjectRegisteredWith, PluginDirectory},
		{`^the plugin is mounted at "([^"]+)"$`, w.subjectMounted, none},
		{`^the sample is written at "([^"]+)"$`, w.sampleWritten, SamplePath},
		{`^the sample is read at "([^"]+)"$`, w.sampleRead, SamplePath},
		{`^the sample is not at "([^"]+)"$`, w.sampleMissing, SamplePath},
		{`^the process of "([^"]+)" is kept as "([^"]+)"$`, w.processKept, ProcessControl},
		{`^the process of "([^"]+)" has the variable ([^ =]+)=(.*)$`, w.processHas, ProcessControl},

		// The server's life and log.
		{`^the server restarts$`, w.restarts, Restart},
		{`^the server is killed and starts again$`, w.isKilledAndStarts, Restart},
		{`^the server's log has "(.*)"$`, w.logHas, ServerLogs},
		{`^the server's log has no "(.*)"$`, w.logHasNo, ServerLogs},

		// Proxies and identity providers, which the scenario runs itself.
		{`^a forward proxy "([^"]+)"$`, w.proxyRuns, Loopback},
		{`^an identity provider at "([^"]+)"$`, w.providerRuns, Loopback},
		{`^"([^"]+)" signs a token for "([^"]+)" and the audience "([^"]+)" as "([^"]+)"$`, w.signs, none},
		{`^"([^"]+)" was asked through the proxy "([^"]+)"$`, w.cameThrough, none},
		{`^nobody was asked through the proxy "([^"]+)"$`, w.cameNotThrough, none},
	}
}
