@type-database
Feature: Database plugins
  A database plugin is run by the server's database engine, which tells it to
  connect, to create users, to change them and to delete them. Whether a user
  exists is found out by connecting as it.
  Source: https://developer.hashicorp.com/vault/docs/secrets/databases/custom
  Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/database/dbplugin/v5#Database

  @PLG-900 @must
  Scenario: The plugin can be started as a database plugin
    Remedy: Serve with dbplugin.ServeMultiplex of vault/sdk/database/dbplugin/v5, print nothing to stdout before, build for the server's platform with CGO_ENABLED=0, and return the database's name from Type.
    Given the plugin is mounted
    When I GET "sys/plugins/catalog/database/{plugin}"
    Then the answer is 200 with:
      | data.sha256 | {sha256 of my-plugin} |

  @PLG-901 @must @needs-connection
  Scenario: The plugin connects with the settings of its profile
    Remedy: Let Initialize take the settings that the plugin documents, and connect if VerifyConnection is set. If the plugin is right, correct database.connection in the profile, or start the database.
    Given a connected database engine of its own "p"
    When I GET "{at}p/config/main"
    Then the answer is 200

  @PLG-902 @must @needs-connection
  Scenario: A connection that can't be made is refused
    Remedy: Connect to the database in Initialize when VerifyConnection is set, and return the error.
    Given a connected database engine of its own "p"
    Then a connection with a wrong password is refused at "p"

  @PLG-903 @must @needs-connection
  Scenario: Nothing connects where nothing is to be verified
    An operator configures a database that is not there yet.
    Remedy: Connect in Initialize only if VerifyConnection is set, otherwise when the first user is created.
    Given a connected database engine of its own "p"
    Then a connection with a wrong password is accepted unverified at "p"

  @PLG-904 @must @needs-connection
  Scenario: The settings are kept
    The server stores what Initialize returns, and shows it but for passwords.
    Remedy: Return all of req.Config in InitializeResponse.Config.
    Given a connected database engine of its own "p"
    Then the settings of the connection are kept at "p"

  @PLG-905 @must @needs-connection
  Scenario: The connection can be made again
    After its restart the server has nothing but what Initialize returned.
    Remedy: Return everything in InitializeResponse.Config that the next Initialize needs, the password included.
    Given a connected database engine of its own "p"
    Then the connection at "p" can be made again

  @PLG-906 @must @needs-connection
  Scenario: A user is created
    Remedy: Let NewUser execute the statements and return the name in NewUserResponse.Username. If the plugin is right, correct the statements in the profile.
    Given a connected database engine of its own "p"
    When a user is created at "p"
    Then the leases are known

  @PLG-907 @must @needs-connection
  Scenario: Each user has a name of its own
    Remedy: Make names with something random in them, as template.StringTemplate of vault/sdk does with {{random 20}}.
    Given a connected database engine of its own "p"
    When a user is created at "p"
    And a user is created at "p"
    Then the users have different names

  @PLG-908 @must @needs-connection @needs-database-login
  Scenario: A new user has the password that the server gave
    Remedy: Set req.Password in NewUser. If users of this database can't connect with the settings username and password, say login: false in the profile.
    Given a connected database engine of its own "p"
    When a user is created at "p"
    Then the users can connect at "p"

  @PLG-909 @must @needs-connection @needs-database-login
  Scenario: Creation statements are required, or the plugin has its own
    Remedy: Return dbutil.ErrEmptyCreationStatement from NewUser if there are no statements and no defaults.
    Given a connected database engine of its own "p"
    And a user that can connect is created at "p"
    Then a role without statements at "p" gives no users that do not exist

  @PLG-910 @must @needs-connection @needs-database-login
  Scenario: A revocation deletes the user
    Remedy: Delete the user in DeleteUser, with the statements of the request or the plugin's own, and return the error if that fails.
    Given a connected database engine of its own "p"
    And a user that can connect is created at "p"
    When the leases are revoked
    Then the users can't connect at "p"

  @PLG-911 @must @needs-connection @needs-faults
  Scenario: A revocation may be repeated
    A server that loses the plugin's answer, or ends before it has noted it, revokes again.
    Remedy: Return no error from DeleteUser for a user who does not exist.
    Given a connected database engine of its own "p"
    And a user is created at "p"
    When the leases are revoked, and the server forgets it
    And the leases are revoked
    Then the leases are gone

  @PLG-912 @must @needs-connection
  Scenario: A lease can be renewed
    Remedy: Let UpdateUser take an Expiration, and do nothing with it if users of this database do not expire.
    Given a connected database engine of its own "p"
    When a user is created at "p"
    Then the leases that are renewable are renewed

  @PLG-913 @must @needs-connection @needs-database-login
  Scenario: A static role's password is changed
    Remedy: Let UpdateUser set req.Password.NewPassword of the user req.Username.
    Given a connected database engine of its own "p"
    And a user that can connect is created at "p"
    When the passwords of the users are changed at "p"
    Then the users can connect at "p"
    And the old passwords are refused at "p"

  @PLG-914 @must @needs-connection @needs-database-login @builds-on-PLG-933
  Scenario: A connection can rotate its own password
    The server stores the new one and makes the connection again.
    Remedy: Let UpdateUser change the password of the user of the connection as of any other. The connection is that of a new user: the creation statements of the profile give it the right to change its password, where databases ask for one (MySQL: CREATE USER).
    Given a connected database engine of its own "p"
    And a user whose password can be changed is created at "p"
    And the connection at "p" can be made again
    Then a connection can rotate its own password at "p"

  @PLG-915 @must @needs-connection @needs-database-login
  Scenario: A user is deleted over another connection
    The server's restart, a reload or a crash is between a user and its end.
    Remedy: Keep nothing of a user in the plugin: DeleteUser gets the name and the statements.
    Given a connected database engine of its own "p"
    And a user that can be deleted is created at "p"
    When the connection at "p" can be made again
    And the leases are revoked
    Then the users can't connect at "p"

  @PLG-917 @must @needs-connection
  Scenario: Errors hide the connection's password
    Remedy: Wrap the database with dbplugin.NewDatabaseErrorSanitizerMiddleware, which replaces the secrets in all errors.
    Given a connected database engine of its own "p"
    Then the error for a wrong password at "p" hides it

  @PLG-918 @must @needs-connection @needs-plugin-logs
  Scenario: The log has no passwords
    Remedy: Log neither requests nor statements with their values.
    Given a connected database engine of its own "p"
    When a user is created at "p"
    And the passwords of the users are changed at "p"
    Then no password is in the plugin's log

  @PLG-919 @should @needs-connection @needs-process-control
  Scenario: Connections share one process
    Remedy: Serve with dbplugin.ServeMultiplex instead of dbplugin.Serve.
    Given a connected database engine of its own "p"
    And the connection "other" is configured at "p"
    Then one process serves the plugin

  @PLG-920 @must @needs-connection @needs-plugin-directory
  Scenario: The end of a connection leaves the others alone
    Remedy: Return another database from each call of the factory, and close in Close what belongs to it alone.
    Given the plugin is registered
    And a connected database engine of its own "p"
    And the connection "other" is configured at "p"
    And a user is created at "p"
    When I DELETE "{at}p/config/other"
    Then the answer is 204
    When a user is created at "p"
    Then the leases are known

  @PLG-921 @must @needs-connection @needs-process-control @needs-plugin-directory
  Scenario: The process ends with its last connection
    Remedy: Return from main when the server disconnects. Start no processes that outlive the plugin.
    Given the plugin is registered
    And a connected database engine of its own "p"
    When I DELETE "{table}/p"
    Then the answer is 204
    And 0 processes of "my-plugin" run

  @PLG-922 @should @needs-connection
  Scenario: A connection ends at once
    Servers wait a second for it.
    Remedy: Close the connection to the database in Close, and wait there for nothing else.
    Given a connected database engine of its own "p"
    And the connection "other" is configured at "p"
    Then the connection "other" at "p" ends within 900ms

  @PLG-923 @must @needs-connection @needs-process-control @needs-plugin-directory
  Scenario: A killed process is started again
    Remedy: Do not keep locks, ports or files that a killed process leaves behind.
    Given the plugin is registered
    And a connected database engine of its own "p"
    When a user is created at "p"
    And the connection at "p" can be made again
    And the process of "my-plugin" is kept as "first"
    And the process "first" is killed
    And the process "first" has ended
    Then soon GET "{at}p/creds/app" answers 200 with:
      | data.username | (any) |

  @PLG-925 @must @needs-connection @needs-plugin-directory
  Scenario: Many clients get users at the same time
    Remedy: Guard what several requests share with a lock.
    Given the plugin is registered
    And a connected database engine of its own "p"
    When 16 users are created at the same time at "p"
    Then the users have different names

  @PLG-927 @must @needs-connection @needs-race-build @needs-plugin-logs @needs-plugin-directory
  Scenario: There is no data race
    Source: https://go.dev/doc/articles/race_detector
    Remedy: Guard what both lines use with a lock.
    Given the plugin is registered
    And a connected database engine of its own "p"
    When 16 users are created at the same time at "p"
    And the leases are revoked
    Then no data race is in the plugin's log

  @PLG-928 @must @needs-connection @needs-database-login
  Scenario: What is done to a user leaves the others alone
    Remedy: Name in the statements of UpdateUser and DeleteUser the user of the request, the whole name, and nobody else.
    Given a connected database engine of its own "p"
    And a user whose password can be changed is created at "p"
    And a user that can connect is created at "p"
    Then users at "p" are left alone when another is changed and deleted

  @PLG-929 @must @needs-connection @needs-database-login @builds-on-PLG-912
  Scenario: A renewal leaves the password as it is
    Remedy: Let UpdateUser change only what its request has: Password and Expiration may be nil.
    Given a connected database engine of its own "p"
    And a user that can connect is created at "p"
    When the leases that are renewable are renewed
    Then the users can connect at "p"

  @PLG-926 @must @needs-connection
  Scenario: The declared types of credentials can be had
    Remedy: Name in SetSupportedCredentialTypes only the types that NewUser takes.
    Given a connected database engine of its own "p"
    Then credentials of the declared types can be had at "p"

  @PLG-930 @must @needs-connection
  Scenario: A user whose creation statements fail is refused
    Remedy: Execute all of req.Statements.Commands in NewUser, and return the error of each.
    Given a connected database engine of its own "p"
    And a user is created at "p"
    Then users at "p" of creation statements that fail are refused

  @PLG-931 @must @needs-connection @needs-database-login @builds-on-PLG-910
  Scenario: A revocation that fails is reported
    Servers try again only what they know of.
    Remedy: Return the error from DeleteUser rather than logging it.
    Given a connected database engine of its own "p"
    And a user that can connect is created at "p"
    Then a revocation at "p" whose statement fails is reported

  @PLG-932 @must @needs-connection @builds-on-PLG-910 @builds-on-PLG-940
  Scenario: The statements of a role are used
    Operators write them for what the plugin's own statements do not do.
    Remedy: Use the plugin's own statements only if there are none in the request: req.Statements of DeleteUser, and Statements of Password, PublicKey and Expiration of UpdateUser. If the plugin has no such statements, leave them out of the profile.
    Given a connected database engine of its own "p"
    And a user is created at "p"
    Then the statements of roles at "p" are used

  @PLG-933 @must @needs-connection @needs-database-login @builds-on-PLG-913
  Scenario: A password that can't be changed is reported
    The server shows the new password as that of the user from then on.
    Remedy: Return the error from UpdateUser, also if there is no such user.
    Given a connected database engine of its own "p"
    And a user that can connect is created at "p"
    Then passwords at "p" that can't be changed are reported

  @PLG-934 @must @needs-connection @needs-database-login @builds-on-PLG-930
  Scenario: A user whose creation fails is not left behind
    Nobody knows of it, and nobody deletes it.
    Remedy: Execute the creation statements in a transaction, or delete the user in NewUser when one of them fails, with req.RollbackStatements if there are some.
    Given a connected database engine of its own "p"
    And a user is created at "p"
    Then a user at "p" whose creation fails is not left behind

  @PLG-935 @must @needs-connection
  Scenario: Names of users follow username_template
    Source: https://developer.hashicorp.com/vault/docs/concepts/username-templating
    Remedy: Make names in NewUser with the template.StringTemplate that Initialize made of the setting username_template.
    Given a connected database engine of its own "p"
    And a user is created at "p"
    Then names of users at "p" follow username_template

  @PLG-936 @must @needs-connection @builds-on-PLG-907
  Scenario: Users of roles and callers with long names work
    Databases limit the length of names, and what is cut off may be what made the name unique.
    Source: https://developer.hashicorp.com/vault/docs/concepts/username-templating
    Remedy: Shorten the names of the role and of the caller in the template of usernames, as with truncate 8, rather than the end of the whole.
    Given a connected database engine of its own "p"
    And a user is created at "p"
    Then users of roles and callers with long names at "p" work

  @PLG-937 @must @needs-connection
  Scenario: The settings hide the connection's password
    The server stores what Initialize returns, and shows it but for password, private_key and the password in a connection_url.
    Remedy: Return req.Config in InitializeResponse.Config as it is, without addresses and tokens that are made of it.
    Given a connected database engine of its own "p"
    Then the settings of the connection at "p" hide its password

  @PLG-938 @must @needs-connection @builds-on-PLG-918
  Scenario: Errors about users hide their passwords
    Remedy: Name in errors and in the log the user and what failed, never the statement with its values or the request.
    Given a connected database engine of its own "p"
    And a user is created at "p"
    Then errors about users at "p" hide their passwords

  @PLG-939 @must @needs-connection @needs-database-login
  Scenario: A user ends with its expiration
    So it does where the server can't delete it any more.
    Remedy: Replace {{expiration}} in the creation statements with req.Expiration of NewUser, in the database's form and time zone.
    Given a connected database engine of its own "p"
    And a user that ends soon is created at "p"
    Then the user ends by itself at "p"

  @PLG-940 @must @needs-connection @needs-database-login
  Scenario: A renewal moves the expiration of the user
    Remedy: Set the expiration of the user in UpdateUser to req.Expiration.NewExpiration, with its statements or the plugin's own.
    Given a connected database engine of its own "p"
    And a user that ends soon is created at "p"
    Then the user lives on at "p" when its lease is renewed

  @PLG-941 @must @needs-connection @needs-plugin-directory @builds-on-PLG-903 @builds-on-PLG-902 @builds-on-PLG-930
  Scenario: Connections have settings of their own
    Remedy: Keep the settings and the client in the database that the factory returns, not in variables of the process or by the address alone.
    Given the plugin is registered
    And a connected database engine of its own "p"
    And a user is created at "p"
    Then connections at "p" have settings of their own

  @PLG-942 @must @needs-connection @needs-database-login @needs-plugin-directory
  Scenario: Users who are created at the same time have their own passwords
    Remedy: Keep nothing of a request in the database that the factory returns, or guard it with a lock for all of NewUser.
    Given the plugin is registered
    And a connected database engine of its own "p"
    Then 16 users who are created at the same time at "p" can connect

  @PLG-943 @should @needs-connection @needs-process-control @needs-plugin-directory
  Scenario: A connection that ends leaves nothing behind
    An HTTP client's idle connections end by themselves, some time later.
    Remedy: Close in Close the client, its sessions and its idle connections, and end the goroutines of the connection.
    Given the plugin is registered
    And a connected database engine of its own "p"
    Then 20 connections at "p" that end leave nothing in the process

  @PLG-944 @must @needs-connection @needs-loopback @builds-on-PLG-910 @builds-on-PLG-913 @builds-on-PLG-930 @builds-on-PLG-931 @builds-on-PLG-933
  Scenario: What fails while the database is away is reported
    Servers try again only what they know of.
    Remedy: Return the error of each call of the database from NewUser, UpdateUser and DeleteUser.
    Given a connected database engine of its own "p"
    And something stands between the plugin and its database at "p"
    Then what fails at "p" while the database is away is reported

  @PLG-945 @must @needs-connection @needs-loopback
  Scenario: A connection that breaks is made again
    A database restarts, and firewalls forget connections that are idle.
    Remedy: Forget a connection whose use failed, and connect again at the next request, or use a pool that does.
    Given a connected database engine of its own "p"
    And something stands between the plugin and its database at "p"
    Then connections at "p" that break are made again

  @PLG-946 @should @needs-connection @needs-loopback @builds-on-PLG-945
  Scenario: A database that hangs holds up nothing for ever
    A firewall that forgets a connection tells nobody.
    Remedy: Pass the context of the request on to all that waits for the database, give every lock back, and close a connection whose answer did not come.
    Given a connected database engine of its own "p"
    And something stands between the plugin and its database at "p"
    Then a database at "p" that hangs holds up nothing for ever

  @PLG-947 @must @needs-connection @needs-database-login @builds-on-PLG-926
  Scenario: A user with a key is let in by it alone
    Remedy: Let NewUser set req.PublicKey if req.CredentialType is rsa_private_key, and no password, and UpdateUser req.PublicKey.NewPublicKey, or leave the type out of SetSupportedCredentialTypes.
    Given a connected database engine of its own "p"
    And a user that can connect is created at "p"
    Then users with keys at "p" are let in by their keys alone

  @PLG-948 @must @needs-connection @needs-database-login @builds-on-PLG-913 @builds-on-PLG-933
  Scenario: Each rotation changes the password
    Remedy: Set req.Password.NewPassword in each UpdateUser, without a password from before that the plugin remembers.
    Given a connected database engine of its own "p"
    And a user whose password can be changed is created at "p"
    Then each rotation at "p" changes the passwords

  @PLG-949 @must @needs-connection @needs-database-login @builds-on-PLG-910 @builds-on-PLG-902
  Scenario: What the database refuses is reported
    Servers try again only what they know of.
    Remedy: Take for a success in DeleteUser only what the database has done, or a user who does not exist: a connection that is refused is an error.
    Given a connected database engine of its own "p"
    And a user that can connect is created at "p"
    Then what the database refuses at "p" is reported

  @PLG-950 @must @needs-connection @needs-plugin-directory
  Scenario: The plugin lives through odd settings
    A crash ends the connections of all mounts that share the process.
    Remedy: Look at the second value of each type assertion on req.Config in Initialize, or decode it with mapstructure, and return the error of template.NewTemplate.
    Given the plugin is registered
    And a connected database engine of its own "p"
    Then the plugin lives when settings at "p" are odd

  @PLG-951 @must @needs-connection @needs-database-login @builds-on-PLG-908 @builds-on-PLG-910 @builds-on-PLG-913 @builds-on-PLG-932
  Scenario: The statements of a role are carried out as they are
    Operators write them for what the plugin's own statements do not do.
    Remedy: Execute the statements of the request in NewUser, UpdateUser and DeleteUser, rather than only looking at them.
    Given a connected database engine of its own "p"
    And a user whose password can be changed is created at "p"
    Then the statements of roles at "p" are carried out as they are
