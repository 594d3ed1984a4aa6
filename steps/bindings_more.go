// SPDX-License-Identifier: MPL-2.0

package steps

// moreVocabulary lists the sentences about what a checked plugin gives before and after
// something changes.
func moreVocabulary() []group {
	return []group{
		{"pairs", "What one path of the checked plugin gives and another one takes back", []binding{
			{`what the pairs give is asked for at "MOUNT"`, (*world).pairsGive, Pairs,
				"Sends the first requests of the profile's pairs, which have to succeed.",
				`what the pairs give is asked for at "p"`},
			{`what the pairs gave is taken back at "MOUNT"`, (*world).pairsTakeBack, Pairs,
				"Sends the second requests of the pairs with what was given, and checks that the answers have the fields under gives.",
				`what the pairs gave is taken back at "p"`},
			{`what the pairs gave is taken back after what is between at "MOUNT"`, (*world).pairsTakenBackLater, Pairs,
				"Sends the requests that the profile has between a pair, twice, and checks that what was given before and since is taken back.",
				`what the pairs gave is taken back after what is between at "p"`},
			{`what the pairs gave is not taken back at "MOUNT" when it was altered`, (*world).pairsRefuseAltered, Pairs,
				"Changes a letter of what was given, and checks that the answers are errors or have other fields.",
				`what the pairs gave is not taken back at "p" when it was altered`},
		}},

		{"setup", "Changes of what the checked plugin was set up with", []binding{
			{`changes of the setup take effect at "MOUNT"`, (*world).setupChangesTakeEffect, Setup,
				"Changes one field of the setup after the other. Where that shows in the credentials and logins of another mount, which is set up so from the start, they must not be as before.",
				`changes of the setup take effect at "p"`},
			{`secrets that are rotated at "MOUNT" are kept`, (*world).rotationsKept, Rotations,
				"Carries the profile's rotations out and checks that credentials and logins succeed as before, also after a reload.",
				`secrets that are rotated at "p" are kept`},
			{`rotations at "MOUNT" that can't be stored are reported`, (*world).rotationsReported, Faults,
				"Carries the rotations of the profile out while writes fail, and checks that the plugin answers with an error if it tried to write.",
				`rotations at "p" that can't be stored are reported`},
			{`secrets from before rotations at "MOUNT" do not serve any more`, (*world).rotatedSecretsEnd, Rotations,
				"Carries the rotations of the profile out, sets the mount up again with the secrets from before, and checks that no credentials and logins are given then, where none are given with wrong ones.",
				`secrets from before rotations at "p" do not serve any more`},
		}},

		{"operations", "All operations of the checked plugin", []binding{
			{`COUNT requests for each operation leave nothing at "MOUNT"`, (*world).operationsLeaveNothing, ProcessControl,
				"Sends every documented operation but those that delete or rotate so often, and checks that no goroutine stays for each.",
				`40 requests for each operation leave nothing at "p"`},
		}},

		{"disclosure", "What the checked plugin has issued", []binding{
			{`no read at "MOUNT" shows what was issued`, (*world).readsHideIssued, Secrets,
				"Asks for the credentials, and for every read and list that the profile has the names for, and looks for the secret fields' values.",
				`no read at "p" shows what was issued`},
		}},

		{"logins", "Logins, more closely", []binding{
			{`no login at "MOUNT" gives more when a read fails`, (*world).loginsClosed, Faults,
				"Carries the logins out while one read of the storage fails, each in turn: wrong data is refused, and the right data gives no further policies.",
				`no login at "p" gives more when a read fails`},
			{`the display names of logins at "MOUNT" stay the same`, (*world).displayNamesStay, Logins,
				"Carries the logins out again and compares the display names of their tokens.",
				`the display names of logins at "p" stay the same`},
		}},
	}
}
