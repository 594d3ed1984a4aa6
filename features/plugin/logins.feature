@type-auth @needs-logins
Feature: Logins
  Source: https://developer.hashicorp.com/vault/docs/concepts/auth

  @PLG-450 @must
  Scenario: The right data gives a token
    Remedy: Answer with a logical.Response that has Auth. If the plugin is right, correct the logins in the profile and the setup that they build on.
    Given a mount of its own "p"
    When the logins succeed at "p"
    Then the tokens are usable

  @PLG-451 @must
  Scenario: A token has the policies that it should
    Source: https://developer.hashicorp.com/vault/docs/concepts/policies
    Remedy: Set Auth.Policies to those of the role or user, and to no others; a framework of tokenutil does it with PopulateTokenAuth.
    Given a mount of its own "p"
    When the logins succeed at "p"
    Then the tokens have the policies of the profile

  @PLG-452 @must @needs-wrong-logins
  Scenario: Wrong data is refused
    Remedy: Check every proof before Auth is set, and compare it with the stored one.
    Given a mount of its own "p"
    Then the wrong logins are refused at "p"

  @PLG-453 @should @needs-wrong-logins
  Scenario: Wrong data is the user's fault
    Remedy: Answer it with logical.ErrorResponse or logical.ErrPermissionDenied, which are 400 and 403. Other Go errors become 500.
    Given a mount of its own "p"
    Then the wrong logins at "p" are the user's fault

  @PLG-454 @must
  Scenario: No login gives the policy root
    Source: https://developer.hashicorp.com/vault/docs/concepts/policies#root-policy
    Remedy: Refuse the policy root when a role or user is written. Servers refuse such a login.
    Given a mount of its own "p"
    Then the logins at "p" do not give the policy root

  @PLG-455 @must
  Scenario: A token that is said to be renewable can be renewed
    Remedy: Set AuthRenew in framework.Backend, and return a response with the Auth from it; or set Renewable to false.
    Given a mount of its own "p"
    When the logins succeed at "p"
    Then the tokens that are renewable are renewed

  @PLG-456 @should
  Scenario: A login names an alias
    Without it servers have no entity, so that groups, templated policies and counts of clients miss the login.
    Source: https://developer.hashicorp.com/vault/docs/concepts/identity
    Remedy: Set Auth.Alias to a name that stays the same for who logs in.
    Given a mount of its own "p"
    When the logins succeed at "p"
    Then the tokens have an entity

  @PLG-457 @should @builds-on-PLG-464
  Scenario: A token is not renewed when its user or role is gone
    Remedy: Read the user or role in AuthRenew, and answer with logical.ErrorResponse if it is gone.
    Given a mount of its own "p"
    When the logins succeed at "p"
    And what the names at "p" stand for is deleted
    Then the tokens are not renewed

  @PLG-458 @must
  Scenario: A login without data is refused
    Remedy: Answer missing fields with logical.ErrorResponse, and do not compare them with what is not stored.
    Given a mount of its own "p"
    Then logins without data are refused at "p"

  @PLG-459 @must
  Scenario: A token is no longer than its user or role says
    Remedy: Set TTL and MaxTTL of the Auth's LeaseOptions from the user or role.
    Given a mount of its own "p"
    When the logins succeed at "p"
    Then no token is longer than its ttl

  @PLG-460 @must @needs-wrong-logins
  Scenario: Nearly the right data is refused
    Remedy: Compare all of the proof, as it is, with what is stored: subtle.ConstantTimeCompare on whole values, not a prefix, not strings.EqualFold, and nothing for an empty one. Of a signed token, check the signature over all of it, by the algorithm that is configured rather than the one that its header names.
    Given a mount of its own "p"
    Then logins with nearly the right data are refused at "p"

  @PLG-461 @must
  Scenario: Nobody can log in under a name that does not exist
    Remedy: Refuse a login when there is no such user or role in storage, before its proof is looked at.
    Given a mount of its own "p"
    Then logins of nobody are refused at "p"

  @PLG-462 @must
  Scenario: A second login is of the same entity
    Servers count entities as clients, and attach groups and policies to them.
    Source: https://developer.hashicorp.com/vault/docs/concepts/identity
    Remedy: Set Auth.Alias.Name to what identifies who logs in, such as the user's name, and to nothing that differs with each login.
    Given a mount of its own "p"
    When the logins succeed at "p"
    Then the logins at "p" are again of the same entities

  @PLG-463 @must
  Scenario: A login does not choose its policies
    Remedy: Set Auth.Policies from what is stored of the user or role, never from the data of the login.
    Given a mount of its own "p"
    Then the logins at "p" do not choose their policies

  @PLG-464 @must @builds-on-PLG-452
  Scenario: A user or role that is gone can't log in
    Remedy: Read the user or role from req.Storage at each login, or forget it in the cache when it is deleted.
    Given a mount of its own "p"
    When the logins succeed at "p"
    And what the names at "p" stand for is deleted
    Then the logins of what is deleted are refused at "p"

  @PLG-465 @must @needs-secrets
  Scenario: No login shows a secret
    Servers keep a login's metadata, show it to who looks the token up, and write it into audit logs.
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/logical#Auth
    Remedy: Put names into Auth.Metadata and Auth.Alias.Metadata, never what proves who logs in.
    Given a mount of its own "p"
    Then no login at "p" shows a secret

  @PLG-466 @must @builds-on-PLG-462
  Scenario: Logins of different people are of different entities
    What servers know and allow by entity, such as groups and templated policies, would be for everybody otherwise.
    Source: https://developer.hashicorp.com/vault/docs/concepts/identity
    Remedy: Set Auth.Alias.Name to what identifies who logs in, such as the user's name, rather than to a name of the role, the mount or the plugin.
    Given a mount of its own "p"
    When the logins succeed at "p"
    Then the logins of different people are of different entities

  @PLG-467 @should @needs-loopback @needs-plugin-directory @builds-on-PLG-452
  Scenario: Nobody logs in while the service that decides fails
    Remedy: Refuse the login when the service can't be asked or answers with an error.
    Given the plugin is registered
    And the plugin is mounted at "p"
    And services that can fail stand in at "p"
    Then no login at "p" succeeds when the services fail

  @PLG-468 @must @builds-on-PLG-459 @builds-on-PLG-464 @builds-on-PLG-460
  Scenario: A change of a user or role takes effect
    Of a password too: the new one lets in, and the one from before does not any more.
    Remedy: Read the user or role from req.Storage at each login, or forget it in the cache when it is written.
    Given a mount of its own "p"
    When the logins succeed at "p"
    Then tokens at "p" follow a change of their role

  @PLG-469 @must @needs-setup @needs-plugin-directory @builds-on-PLG-455
  Scenario: The plugin lives through renewals and logins without its setup
    Remedy: What is read from storage is nil when it was deleted: answer with logical.ErrorResponse.
    Given the plugin is registered
    And the plugin is mounted at "p"
    When the logins succeed at "p"
    And the setup of "p" is deleted
    Then the plugin lives when the tokens of "p" are renewed

  @PLG-470 @must @builds-on-PLG-451 @builds-on-PLG-459
  Scenario: The standard fields of tokens have their effect
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/helper/tokenutil#TokenParams
    Remedy: Call ParseTokenFields when a role or user is written and PopulateTokenAuth at each login, change nothing of what they set, and check TokenBoundCIDRs with cidrutil.RemoteAddrIsOk.
    Given the plugin is set up
    Then the standard fields of tokens hold at "p"

  @PLG-471 @should
  Scenario: Another spelling of a name is the same entity, or refused
    Who logs in under several spellings would be several clients, and slip what is known of the entity.
    Servers take aliases that differ in the case of letters alone for one; what is made of a name, such as its hash, they don't.
    Source: https://developer.hashicorp.com/vault/docs/concepts/identity
    Remedy: Make Auth.Alias.Name of the name as it is stored, rather than as it was sent.
    Given a mount of its own "p"
    When the logins succeed at "p"
    Then another spelling of a name at "p" is the same entity

  @PLG-472 @must @needs-wrong-logins @builds-on-PLG-452 @builds-on-PLG-468
  Scenario: Nobody logs in with what another mount stores
    Remedy: Keep users in req.Storage, and what is kept of them in the backend that the factory returns, not in variables of the process.
    Given a mount of its own "p"
    When the logins succeed at "p"
    Then logins of mounts beside "p" are held to their own users

  @PLG-473 @should @needs-wrong-logins @builds-on-PLG-464 @builds-on-PLG-452 @builds-on-PLG-468 @builds-on-PLG-460
  Scenario: What proves a login is taken as it is
    Remedy: Store and compare passwords and secrets as they were sent: no strings.TrimSpace, no patterns, no templates. Refuse a value that can't be.
    Given a mount of its own "p"
    When the logins succeed at "p"
    Then proofs of logins at "p" are taken as they are

  @PLG-474 @must @needs-faults @builds-on-PLG-452
  Scenario: Nobody logs in while what decides can't be read
    Remedy: Return the error of req.Storage.Get and List from the login before looking at what they returned, rather than going on as if there was nothing.
    Given a mount of its own "p"
    When the logins succeed at "p"
    Then no login at "p" gives more when a read fails

  @PLG-475 @should
  Scenario: A second login has the same display name
    Audit logs and the names of database users have it.
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/logical#Auth
    Remedy: Set Auth.DisplayName to the name of who logs in, and to nothing that differs with each login.
    Given a mount of its own "p"
    When the logins succeed at "p"
    Then the display names of logins at "p" stay the same

  @PLG-476 @must @builds-on-PLG-455 @builds-on-PLG-459
  Scenario: A renewed token is no longer than its user or role says
    Source: https://developer.hashicorp.com/vault/docs/concepts/tokens
    Remedy: Set TTL, MaxTTL and Period of the Auth in AuthRenew from the user or role, as at the login.
    Given a mount of its own "p"
    When the logins succeed at "p"
    Then no token is longer than its ttl when it is renewed twice

  @PLG-477 @must @needs-faults @builds-on-PLG-455
  Scenario: A token is not renewed while its user or role can't be read
    It may be gone.
    Remedy: Return the error of req.Storage.Get from AuthRenew before looking at what it returned, rather than going on as if there was nothing.
    Given a mount of its own "p"
    When the logins succeed at "p"
    Then no token at "p" is renewed when a read fails

  @PLG-478 @must @builds-on-PLG-470 @builds-on-PLG-455
  Scenario: A periodic token is renewed for its period
    Source: https://developer.hashicorp.com/vault/docs/concepts/tokens#periodic-tokens
    Remedy: Set Period of the Auth in AuthRenew from the user or role, beside TTL and MaxTTL.
    Given the plugin is set up
    Then periodic tokens of "p" are renewed for their period

  @PLG-479 @must @builds-on-PLG-470
  Scenario: Nobody logs in from where the role or user does not allow it
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/helper/tokenutil#TokenParams
    Remedy: Answer with logical.ErrPermissionDenied at a login unless cidrutil.RemoteAddrIsOk accepts req.Connection.RemoteAddr for TokenBoundCIDRs.
    Then nobody logs in at "p" from elsewhere

  @PLG-480 @must @needs-setup @builds-on-PLG-459 @builds-on-PLG-470
  Scenario: A token is no longer than the configuration says
    Source: https://developer.hashicorp.com/vault/docs/concepts/tokens
    Remedy: Where a user or role has no ttl or max_ttl, set TTL and MaxTTL of the Auth's LeaseOptions from the configuration.
    Then the times of the configuration hold at "p"
