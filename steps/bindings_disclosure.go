// SPDX-License-Identifier: MPL-2.0

package steps

// disclosureVocabulary lists the sentences about what the checked plugin shows, and
// whom it calls.
func disclosureVocabulary() []group {
	return []group{
		{"disclosure", "The secrets of the checked plugin's profile", []binding{
			{`all of the profile is carried out at "MOUNT"`, (*world).profileDone, none,
				"Sends everything that the profile names to a mount of the checked plugin, whatever comes of it.",
				`all of the profile is carried out at "p"`},
			{`all of the profile is carried out at "MOUNT" with a token of its own`, (*world).profileDoneWithToken, none,
				"Sends everything that the profile names to a mount of the checked plugin and reads what it writes, whatever comes of it, with a token that is used for nothing else.",
				`all of the profile is carried out at "p" with a token of its own`},
			{`the token is neither logged nor shown`, (*world).tokenHidden, PluginLogs,
				"Checks that neither that token nor what the plugin sees in its place is in the plugin's log or answers, nor its accessor in the answers.",
				`the token is neither logged nor shown`},
			{`the token's accessor is not logged`, (*world).accessorHidden, PluginLogs,
				"Checks that the accessor of that token is not in the plugin's log.",
				`the token's accessor is not logged`},
			{`no read at "MOUNT" shows a secret`, (*world).readsHideSecrets, Secrets,
				"Reads what the profile writes, and checks that no value of its secret fields is shown.",
				`no read at "p" shows a secret`},
			{`no write at "MOUNT" shows a secret`, (*world).writesHideSecrets, Secrets,
				"Writes what the profile stores, and checks that no answer has a value of its secret fields.",
				`no write at "p" shows a secret`},
			{`no list at "MOUNT" shows a secret`, (*world).listsHideSecrets, Secrets,
				"Asks for the lists that the plugin documents, and checks that none has a value of the profile's secret fields.",
				`no list at "p" shows a secret`},
			{`no login at "MOUNT" shows a secret`, (*world).loginsHideSecrets, Secrets,
				"Carries the profile's logins out, and checks that no answer has a value of its secret fields.",
				`no login at "p" shows a secret`},
			{`no error at "MOUNT" shows a secret`, (*world).errorsHideSecrets, Secrets,
				"Writes what the profile names with one wrong field at a time, and checks that no error has a value of its secret fields.",
				`no error at "p" shows a secret`},
			{`the plugin's log has "TEXT"`, (*world).pluginLogHas, PluginLogs,
				"Waits until the log of the checked plugin holds the text.",
				`the plugin's log has "connected"`},
			{`the plugin's log has no "TEXT"`, (*world).pluginLogHasNo, PluginLogs,
				"Checks that the log of the checked plugin does not hold the text.",
				`the plugin's log has no "s3cr3t"`},
			{`the plugin's log shows no secret`, (*world).logHidesSecrets, PluginLogs,
				"Checks that no value of the profile's secret fields is in the plugin's log.",
				`the plugin's log shows no secret`},
			{`the plugin's log shows no credentials`, (*world).logHidesCredentials, PluginLogs,
				"Checks that no secret field of the issued credentials is in the plugin's log.",
				`the plugin's log shows no credentials`},
			{`the secret fields are marked as sensitive`, (*world).secretsDocumented, Secrets,
				"Checks that the plugin's OpenAPI document marks the profile's secret fields where they are stored.",
				`the secret fields are marked as sensitive`},
		}},

		{"calls", "HTTP calls of the checked plugin", []binding{
			{`the plugin's calls go through a registered proxy`, (*world).callsProxied, Loopback,
				"Carries the profile out on a registration with HTTP_PROXY and HTTPS_PROXY, with hosts in its URLs that only the proxy knows, and checks that the proxy is asked. A plugin that calls no URL of its profile is not checked.",
				`the plugin's calls go through a registered proxy`},
			{`the plugin's calls go past the proxy to what is excepted`, (*world).callsDirect, Loopback,
				"Does the same with services of this machine, which NO_PROXY names, and checks that the proxy is not asked.",
				`the plugin's calls go past the proxy to what is excepted`},
			{`the plugin calls what it was configured with last`, (*world).callsFollow, Loopback,
				"Carries the profile out with servers of this machine in its URLs, and once more with others, which have to be called then.",
				`the plugin calls what it was configured with last`},
		}},
	}
}
