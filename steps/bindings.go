// SPDX-License-Identifier: MPL-2.0

package steps

import "slices"

// group is a vocabulary: sentences about one thing. Its steps are in the files
// that begin with its name.
type group struct {
	name, title string
	bindings    []binding
}

// binding ties a sentence to the step that carries it out.
type binding struct {
	// sentence has placeholders in capitals, listed in pattern.go, and endings
	// that may be missing in brackets: COUNT process(es).
	sentence string
	// step is a method of world that takes the placeholders' values, after a
	// context if it needs one, and before a table or text if one follows.
	step any
	// needs is the capability without which the step can't be carried out.
	needs Capability
	// about says in one line what the sentence does.
	about string
	// example is the sentence as a feature would write it.
	example string
}

// none is the need of a sentence that only talks HTTP to the server.
const none Capability = ""

// vocabulary lists every sentence that features may use. Names in quotes are the
// feature's own; texts may hold placeholders such as {sha256 of probe} or
// {reader} for what was kept before.
func vocabulary() []group {
	return slices.Concat(serverVocabulary(), faultVocabulary(), pluginVocabulary(), sampleVocabulary(), leaseVocabulary(), disclosureVocabulary(), databaseVocabulary(), databaseMoreVocabulary(), moreVocabulary())
}

func serverVocabulary() []group {
	return []group{
		{"server", "The server: how it is started, its restart, its log", []binding{
			{`the server's environment has NAME=VALUE`, (*world).hostHas, HostEnvironment,
				"Sets a variable of the server process. Comes before the first sentence that uses the server.",
				`the server's environment has REGION=eu`},
			{`the server has an api_addr`, (*world).hasAPIAddr, none,
				"Says what is so by default, where a scenario is about it.",
				`the server has an api_addr`},
			{`the server has no api_addr`, (*world).hasNoAPIAddr, Settings,
				"Starts the server without api_addr.",
				`the server has no api_addr`},
			{`the server has no plugin directory`, (*world).hasNoPluginDir, Settings,
				"Starts the server without plugin_directory.",
				`the server has no plugin directory`},
			{`the server keeps its state`, (*world).keepsState, Restart,
				"Starts a server whose state survives a restart.",
				`the server keeps its state`},
			{`the server restarts`, (*world).restarts, Restart,
				"Stops the server and starts it again with its state.",
				`the server restarts`},
			{`the server is killed and starts again`, (*world).killAndRestart, Restart,
				"Kills the server and starts it again with its state.",
				`the server is killed and starts again`},
			{`the clock moves on by DURATION`, (*world).clockMoves, Clock,
				"Moves the time of a server that is the scenario's alone forward; what was to happen in between has happened.",
				`the clock moves on by 1h`},
			{`the server's log has "TEXT"`, (*world).logHas, ServerLogs,
				"Waits until the server's log holds the text.",
				`the server's log has "plugin started"`},
			{`the server's log has no "TEXT"`, (*world).logHasNo, ServerLogs,
				"Checks that the server's log does not hold the text.",
				`the server's log has no "s3cr3t"`},
		}},

		{"plugins", "Plugins: binaries, registrations, mounts", []binding{
			{`the plugin directory holds "BINARY"`, (*world).hold, PluginDirectory,
				"Copies a binary into the plugin directory and keeps its sum as {sha256 of BINARY}.",
				`the plugin directory holds "probe"`},
			{`the plugin directory holds "BINARY" as "FILE"`, (*world).holdAs, PluginDirectory,
				"Copies a binary into the plugin directory under another name.",
				`the plugin directory holds "probe" as "my-plugin"`},
			{`the plugin directory holds a symlink "FILE" to "TARGET"`, (*world).holdsSymlink, PluginFiles,
				"Makes a symbolic link; a relative target is a file of the plugin directory, or one beside it that is made for it.",
				`the plugin directory holds a symlink "out" to "../outside"`},
			{`the plugin directory holds a subdirectory "DIRECTORY" with "BINARY"`, (*world).holdsSubdirectory, PluginFiles,
				"Makes a subdirectory that holds a binary of the plugin directory.",
				`the plugin directory holds a subdirectory "sub" with "probe"`},
			{`the binary "FILE" is changed`, (*world).changeBinary, PluginFiles,
				"Replaces a file of the plugin directory by one with another sum.",
				`the binary "probe" is changed`},
			{`the binary "FILE" is removed`, (*world).removeBinary, PluginFiles,
				"Removes a file from the plugin directory.",
				`the binary "probe" is removed`},
			{`the binary "FILE" is restored`, (*world).restoreBinary, PluginFiles,
				"Puts a file of the plugin directory back as it was before it was changed or removed.",
				`the binary "probe" is restored`},
			{`the TYPE plugin "NAME" is registered`, (*world).registered, PluginDirectory,
				"Registers the probe plugin under a name.",
				`the secret plugin "probe" is registered`},
			{`the TYPE plugin "NAME" is registered with:`, (*world).registeredWith, PluginDirectory,
				"Registers a plugin. Rows: | field | value |; env and args may repeat; binary chooses another one than the probe.",
				`the secret plugin "probe" is registered with:`},
			{`"PLUGIN" is mounted at "PATH"`, (*world).mounted, none,
				"Enables a secrets engine.",
				`"probe" is mounted at "my-secrets"`},
			{`"PLUGIN" is mounted at "PATH" with:`, (*world).mountedWith, none,
				"Enables a secrets engine. Rows: | field | value |; config.NAME goes into config.",
				`"probe" is mounted at "my-secrets" with:`},
			{`"PLUGIN" is enabled as an auth method at "PATH"`, (*world).enabled, none,
				"Enables an auth method.",
				`"jwt" is enabled as an auth method at "jwt-eu"`},
			{`"PLUGIN" is enabled as an auth method at "PATH" with:`, (*world).enabledWith, none,
				"Enables an auth method. Rows: | field | value |; config.NAME goes into config.",
				`"jwt" is enabled as an auth method at "jwt-eu" with:`},
		}},

		{"containers", "Plugins in containers", []binding{
			{`there is an image of "BINARY"`, (*world).haveImage, ContainerPlugins,
				"Makes an image of a binary for the container engine and keeps {image of BINARY}, {digest of BINARY} and {OCI runtime}.",
				`there is an image of "probe"`},
			{`"PLUGIN" runs in COUNT container(s)`, (*world).containersOf, ContainerPlugins,
				"Waits until so many containers of a plugin exist, for ten seconds at most.",
				`"probe" runs in 1 container`},
			{`the containers of "PLUGIN" have COUNT bytes of memory`, (*world).containersLimited, ContainerPlugins,
				"Checks how much memory the containers of a plugin may use.",
				`the containers of "probe" have 134217728 bytes of memory`},
			{`the containers of "PLUGIN" have the capability "CAPABILITY"`, (*world).containersCapable, ContainerPlugins,
				"Checks that the containers of a plugin were given a capability, written without CAP_.",
				`the containers of "probe" have the capability "DAC_OVERRIDE"`},
			{`the containers of "PLUGIN" do not have the capability "CAPABILITY"`, (*world).containersPlain, ContainerPlugins,
				"Checks that the containers of a plugin were not given a capability beyond the engine's usual ones.",
				`the containers of "probe" do not have the capability "DAC_OVERRIDE"`},
		}},

		{"environment", "What the probe plugin's process sees", []binding{
			{`the plugin at "MOUNT" sees NAME=VALUE`, (*world).sees, none,
				"Checks a variable in the environment of the probe behind a mount.",
				`the plugin at "my-secrets" sees REGION=eu`},
			{`the plugin at "MOUNT" sees no NAME`, (*world).seesNo, none,
				"Checks that a variable is not set in the environment of the probe behind a mount.",
				`the plugin at "my-secrets" sees no REGION`},
		}},

		{"storage", "What the probe and the passthrough plugin store", []binding{
			{`I wrote "VALUE" to "PATH"`, (*world).wrote, none,
				"Writes {\"value\": VALUE}, which has to succeed.",
				`I wrote "1" to "my-secrets/kv/x"`},
			{`"PATH" holds "VALUE"`, (*world).holds, none,
				"Reads a path and checks the field value.",
				`"my-secrets/kv/x" holds "1"`},
			{`soon "PATH" holds "VALUE"`, (*world).soonHolds, none,
				"Reads a path until its field value is as expected, for ten seconds at most.",
				`soon "my-secrets/kv/x" holds "1"`},
			{`"PATH" holds nothing`, (*world).holdsNothing, none,
				"Reads a path, which has to be 404.",
				`"my-secrets/kv/x" holds nothing`},
			{`the storage of the plugin at "MOUNT" has transactions`, (*world).hasTransactions, none,
				"Ends the scenario as not checked if the server's storage has no transactions; the plugin is a probe with PROBE_SERVE=transactions.",
				`the storage of the plugin at "my-secrets" has transactions`},
		}},

		{"requests", "Requests", []binding{
			{`I METHOD "PATH"`, (*world).iSend, none,
				"Sends a request with the token that may do everything.",
				`I GET "sys/mounts"`},
			{`I METHOD "PATH" JSON`, (*world).iSendJSON, none,
				"Sends a request with a body.",
				`I POST "sys/remount" {"from": "a", "to": "b"}`},
			{`I METHOD "PATH" with:`, (*world).iSendDocument, none,
				"Sends a request with a text as its body.",
				`I PUT "sys/policies/acl/reader" with:`},
			{`I METHOD "PATH" wrapped for DURATION`, (*world).iSendWrapped, none,
				"Sends a request whose answer is to be wrapped.",
				`I GET "my-secrets/kv/x" wrapped for 60s`},
			{`I METHOD "PATH" with the headers:`, (*world).iSendWithHeaders, none,
				"Sends a request with headers. Rows: | name | value |.",
				`I GET "my-secrets/headers" with the headers:`},
			{`ACTOR METHODs "PATH"`, (*world).actorSends, none,
				`Sends a request without token (nobody), with an invalid one (a stranger), or with one that was kept ("NAME").`,
				`nobody GETs "sys/health"`},
			{`ACTOR METHODs "PATH" JSON`, (*world).actorSendsJSON, none,
				"Sends a request with a body and somebody's token.",
				`"reader" POSTs "my-secrets/kv/x" {"value": "1"}`},
			{`ACTOR METHODs "PATH" with the headers:`, (*world).actorSendsWithHeaders, none,
				"Sends a request with headers and somebody's token. Rows: | name | value |.",
				`nobody GETs "my-secrets/kv/x" with the headers:`},
		}},

		{"tokens", "Tokens", []binding{
			{`"NAME" has a token with the policy:`, (*world).hasPolicy, none,
				"Makes a token with one policy, the text, and keeps it as NAME.",
				`"reader" has a token with the policy:`},
			{`"NAME" logs in at "PATH" with JSON`, (*world).logsIn, none,
				"Writes to a login endpoint without a token, which has to succeed, and keeps the new token as NAME.",
				`"ada" logs in at "auth/jwt-eu/login" with {"role": "app", "jwt": "{token of ada}"}`},
		}},

		{"answers", "Answers", []binding{
			{`the answer is STATUS`, (*world).answerIs, none,
				"Checks the status.",
				`the answer is 204`},
			{`the answer is STATUS with:`, (*world).answerIsWith, none,
				"Checks the status and values. Rows: | path | expectation |.",
				`the answer is 200 with:`},
			{`the answer is STATUS with the error "TEXT"`, (*world).answerIsError, none,
				"Checks the status and that an error holds the text, in letters of any case.",
				`the answer is 403 with the error "permission denied"`},
			{`the answer is STATUS without an error`, (*world).answerIsEmptyError, none,
				`Checks the status and the body {"errors": []}, the answer for what is not there.`,
				`the answer is 404 without an error`},
			{`the answer is STATUS with the body "TEXT"`, (*world).answerIsText, none,
				`Checks the status and the whole body; \n is a new line.`,
				`the answer is 202 with the body "raw body\n"`},
			{`the answer is one of STATUS, STATUS`, (*world).answerIsOneOf, none,
				"Checks that the status is one of two.",
				`the answer is one of 404, 405`},
			{`the answer is an error`, (*world).answerIsAnyError, none,
				"Checks that the status is 400 or above, for refusals whose status is not agreed on.",
				`the answer is an error`},
			{`the answer has the header "HEADER" with "VALUE"`, (*world).answerHasHeader, none,
				"Checks a header.",
				`the answer has the header "Content-Type" with "text/plain"`},
			{`the answer has the field "FIELD" of type JSONTYPE`, (*world).answerHasType, none,
				"Checks the type of the value at a path.",
				`the answer has the field "data.ttl" of type number`},
			{`the answer warns "TEXT"`, (*world).answerWarns, none,
				"Checks that a warning holds the text.",
				`the answer warns "no plugins were reloaded"`},
			{`the answer does not disclose "TEXT"`, (*world).answerOmits, none,
				"Checks that the text is nowhere in the body.",
				`the answer does not disclose "s3cr3t"`},
			{`soon METHOD "PATH" answers STATUS with:`, (*world).soonAnswers, none,
				"Sends a request until the answer is as expected, for ten seconds at most. Rows: | path | expectation |.",
				`soon GET "my-secrets/revoked" answers 200 with:`},
			{`I keep "FIELD" as "NAME"`, (*world).iKeep, none,
				"Keeps the value at a path of the answer, for {NAME} and as NAME's token.",
				`I keep "auth.client_token" as "ada"`},
		}},

		{"commands", "Command lines, as the documentation prints them", []binding{
			{`I run "COMMAND"`, (*world).iRun, none,
				"Runs a vault command.",
				`I run "vault secrets enable -path=my-secrets probe"`},
			{`it prints "TEXT"`, (*world).prints, none,
				"Checks that the command succeeded and printed exactly this.",
				`it prints "Success! Data written to: my-secrets/app"`},
			{`it prints a table with:`, (*world).printsRows, none,
				"Checks rows of the printed table. The first row names columns, the first column the row.",
				`it prints a table with:`},
			{`it prints a table without "CELL"`, (*world).printsNoRow, none,
				"Checks that no row of the printed table begins with this.",
				`it prints a table without "my-secrets/"`},
			{`it exits with CODE`, (*world).exits, none,
				"Checks the exit code.",
				`it exits with 0`},
			{`it exits with CODE and the error "TEXT"`, (*world).failsWith, none,
				"Checks the exit code and that stderr holds the text.",
				`it exits with 2 and the error "No value found at my-secrets/app"`},
		}},

		{"processes", "Processes of plugins", []binding{
			{`the plugin at "MOUNT" runs as "NAME"`, (*world).runsAs, none,
				"Keeps the process identifier of the probe behind a mount as NAME.",
				`the plugin at "my-secrets" runs as "first"`},
			{`the plugin at "MOUNT" still runs as "NAME"`, (*world).stillRunsAs, none,
				"Checks that the probe behind a mount is the process that was kept.",
				`the plugin at "my-secrets" still runs as "first"`},
			{`the plugin at "MOUNT" runs as another process than "NAME"`, (*world).runsAsAnother, none,
				"Checks that the probe behind a mount is not the process that was kept.",
				`the plugin at "my-secrets" runs as another process than "first"`},
			{`soon the plugin at "MOUNT" runs as another process than "NAME"`, (*world).soonRunsAsAnother, none,
				"Waits until the probe behind a mount is not the process that was kept, for ten seconds at most.",
				`soon the plugin at "my-secrets" runs as another process than "first"`},
			{`the process of "BINARY" is kept as "NAME"`, (*world).processKept, ProcessControl,
				"Keeps the process identifier of the one process of a binary as NAME.",
				`the process of "my-plugin" is kept as "first"`},
			{`the plugin's process has the variable NAME=VALUE`, (*world).pluginHas, ProcessControl,
				"Checks a variable of the processes that serve the checked plugin.",
				`the plugin's process has the variable PLUGPROOF_CHECK=reached`},
			{`one process serves the plugin`, (*world).oneServes, ProcessControl,
				"Checks that one process serves all mounts of the checked plugin.",
				`one process serves the plugin`},
			{`the process "NAME" is killed`, (*world).killProcess, ProcessControl,
				"Kills a process that was kept.",
				`the process "first" is killed`},
			{`the process "NAME" has ended`, (*world).hasEnded, ProcessControl,
				"Waits until a process that was kept has ended, for ten seconds at most.",
				`the process "first" has ended`},
			{`the process "NAME" still runs`, (*world).stillRuns, ProcessControl,
				"Checks that a process that was kept runs.",
				`the process "first" still runs`},
			{`COUNT process(es) of "BINARY" run(s)`, (*world).processesOf, ProcessControl,
				"Waits until so many processes of a binary run, for ten seconds at most.",
				`1 process of "probe" runs`},
		}},

		{"proxies", "Forward proxies, which the scenario runs itself", []binding{
			{`a forward proxy "PROXY"`, (*world).proxyRuns, Loopback,
				"Starts a forward proxy; {PROXY} is its address.",
				`a forward proxy "eu.example.com"`},
			{`"HOST" was requested through the proxy "PROXY"`, (*world).proxyUsed, none,
				"Checks that a request for the host went through the proxy.",
				`"idp.example.com" was requested through the proxy "eu.example.com"`},
			{`no request went through the proxy "PROXY"`, (*world).proxyUnused, none,
				"Checks that no request went through the proxy.",
				`no request went through the proxy "us.example.com"`},
		}},

		{"identity", "Identity providers, which the scenario runs itself", []binding{
			{`an identity provider at "HOST"`, (*world).providerRuns, Loopback,
				"Starts an identity provider that only the scenario's proxies reach; its keys are at http://HOST/keys.",
				`an identity provider at "idp.example.com"`},
			{`"HOST" signs a token for "SUBJECT" and the audience "AUDIENCE" as "NAME"`, (*world).signs, none,
				"Signs a JWT, valid for ten minutes, and keeps it as NAME.",
				`"idp.example.com" signs a token for "ada" and the audience "app" as "token of ada"`},
		}},
	}
}
