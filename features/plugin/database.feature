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

  @PLG-914 @must @needs-connection @needs-database-login
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

  @PLG-929 @must @needs-connection @needs-database-login
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
