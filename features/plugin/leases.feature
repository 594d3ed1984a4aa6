@type-secret @needs-credentials
Feature: Leases
  What a secrets engine gives for a time, servers take back through it: when they
  are asked to, when the time is over, and when the mount goes.
  Source: https://developer.hashicorp.com/vault/docs/concepts/lease

  @PLG-400 @must @builds-on-PLG-331
  Scenario: The credentials have a lease
    Remedy: Answer with framework.Secret.Response and set resp.Secret.TTL above 0. If the plugin is right, correct the credentials in the profile and the setup that they build on.
    Given a mount of its own "p"
    When the credentials are issued at "p"
    Then the leases are known

  @PLG-401 @must
  Scenario: A lease can be revoked
    Remedy: Let Revoke of framework.Secret end what was given, from what is in req.Secret.InternalData, and return nil when it is done.
    Given a mount of its own "p"
    When the credentials are issued at "p"
    And the leases are revoked
    Then the leases are gone

  @PLG-402 @must
  Scenario: The type of a secret is registered
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#Backend
    Remedy: List each framework.Secret in Secrets of framework.Backend, with the Type that its answers have.
    Given a mount of its own "p"
    When the credentials are issued at "p"
    Then the plugin knows its secrets' types

  @PLG-403 @must
  Scenario: Unmounting revokes what was given
    Servers ask the plugin to revoke all leases of a mount before it goes.
    Source: https://developer.hashicorp.com/vault/docs/commands/secrets/disable
    Remedy: Let Revoke work on a mount that is being removed, for which System().Tainted() is true.
    Given a mount of its own "p"
    And credentials that can be revoked are issued at "p"
    When I DELETE "{table}/p"
    Then the answer is 204
    And the leases are gone

  @PLG-404 @should
  Scenario: A lease can be revoked when its role is gone
    Remedy: Keep in InternalData what Revoke needs, rather than reading the role again.
    Given a mount of its own "p"
    And credentials that can be revoked are issued at "p"
    When what the names at "p" stand for is deleted
    And the leases are revoked
    Then the leases are gone

  @PLG-405 @must @needs-faults
  Scenario: A revocation that fails is reported
    Servers try again only what they know of.
    Remedy: Return the error from Revoke rather than logging it.
    Given a mount of its own "p"
    And credentials that can be revoked are issued at "p"
    When writes to the storage of "p" fail
    Then a revocation at "p" that fails is reported

  @PLG-406 @must @needs-faults
  Scenario: A revocation that failed can be tried again
    Remedy: Forget in Revoke what was given only when it is ended.
    Given a mount of its own "p"
    And credentials that can be revoked are issued at "p"
    When writes to the storage of "p" fail
    And I PUT "sys/leases/revoke-prefix/{at}p" {}
    And writes to the storage of "p" succeed again
    And the leases are revoked
    Then the leases are gone

  @PLG-407 @should @needs-faults
  Scenario: A revocation may be repeated
    A server that loses the plugin's answer, or ends before it has noted it, revokes again.
    Remedy: Take it for a success in Revoke that what is to be ended is not there any more.
    Given a mount of its own "p"
    And credentials that can be revoked are issued at "p"
    When the leases are revoked, and the server forgets it
    And the leases are revoked
    Then the leases are gone

  @PLG-408 @must
  Scenario: A lease that is said to be renewable can be renewed
    Remedy: Set Renew of framework.Secret, and return a response with the secret from it; or leave Renew and Renewable out.
    Given a mount of its own "p"
    When the credentials are issued at "p"
    Then the leases that are renewable are renewed

  @PLG-409 @should
  Scenario: The plugin asks for no longer lease than servers allow
    Remedy: Leave TTL at 0 for the server's default, or limit it with System().MaxLeaseTTL().
    Given a mount of its own "p"
    When the credentials are issued at "p"
    Then no lease is longer than servers allow

  @PLG-410 @must
  Scenario: A lease is no longer than its role says
    Remedy: Set resp.Secret.TTL and resp.Secret.MaxTTL from the role.
    Given a mount of its own "p"
    When the credentials are issued at "p"
    Then no lease is longer than its ttl

  @PLG-411 @must @needs-upgrade-from @needs-plugin-directory
  Scenario: An upgrade keeps the leases that the older version gave
    Source: https://developer.hashicorp.com/vault/docs/upgrading/plugins
    Remedy: Keep framework.Secret.Type, and read the internal data that older versions put into their secrets.
    Given the older version of the plugin is registered
    And the plugin is mounted at "p"
    And credentials that can be revoked are issued at "p"
    When the plugin is upgraded at "p"
    Then the leases are revoked
    And the leases are gone

  @PLG-412 @must
  Scenario: Each lease has credentials of its own
    Remedy: Create new credentials for each request. A server ends them with their lease, whoever else has them.
    Given a mount of its own "p"
    When the credentials are issued at "p"
    Then credentials issued again at "p" are others

  @PLG-413 @must
  Scenario: A lease can be revoked after it was renewed
    Remedy: Return req.Secret from Renew with its InternalData as it is: servers keep what Renew returns, and Revoke gets that.
    Given a mount of its own "p"
    And credentials that can be revoked are issued at "p"
    When the leases are renewed first
    And the leases are revoked
    Then the leases are gone

  @PLG-414 @must
  Scenario: A revocation ends nothing but what was given
    Remedy: Delete in Revoke only what belongs to the lease, from what is in req.Secret.InternalData, never the role or what others were given.
    Given a mount of its own "p"
    When the credentials are issued at "p"
    And the leases are revoked
    Then the credentials can still be had at "p"

  @PLG-415 @must @needs-working-credentials @builds-on-PLG-412
  Scenario: Revoked credentials do not work any more
    Remedy: End in Revoke what was given where it is checked, by what req.Secret.InternalData says of it, and return nil only when that is done. If the plugin is right, correct works in the profile.
    Given a mount of its own "p"
    And credentials that can be revoked are issued at "p"
    Then the credentials work at "p"
    When the leases are revoked
    Then the credentials do not work any more at "p"

  @PLG-416 @must @needs-working-credentials @builds-on-PLG-412
  Scenario: Credentials work when others are revoked
    Remedy: End in Revoke what the lease gave and nothing else: keep its name in InternalData, rather than searching for what the role or the user has.
    Given a mount of its own "p"
    And credentials that can be revoked are issued at "p"
    Then credentials work at "p" when others are revoked

  @PLG-417 @must @needs-working-credentials @builds-on-PLG-403
  Scenario: Credentials do not work any more when the mount is gone
    Servers ask the plugin to revoke all leases of a mount before it goes.
    Source: https://developer.hashicorp.com/vault/docs/commands/secrets/disable
    Remedy: Let Revoke do the same on a mount that is being removed, for which System().Tainted() is true.
    Given a mount of its own "p"
    And credentials that end with their lease are issued at "p"
    When I DELETE "{table}/p"
    Then the answer is 204
    And the credentials do not work any more outside

  @PLG-418 @must @needs-loopback @needs-plugin-directory
  Scenario: No credentials are given when the service refuses them
    Remedy: Look at the status of each answer, and return an error instead of a secret when the service did not create what was asked for.
    Given the plugin is registered
    And the plugin is mounted at "p"
    And services that can fail stand in at "p"
    Then no credentials are issued at "p" when the services fail

  @PLG-419 @must @needs-loopback @builds-on-PLG-406
  Scenario: A revocation that the service refuses is reported
    Servers try again only what they know of.
    Remedy: Return an error from Revoke unless the service has deleted what was given, or says that it is not there.
    Given a mount of its own "p" beside services that can fail
    Then a revocation at "p" that the services refuse is reported

  @PLG-420 @must
  Scenario: Nothing is given for a role that does not exist
    Remedy: Answer with logical.ErrorResponse when there is no such role in storage.
    Given a mount of its own "p"
    Then nobody's credentials are issued at "p"

  @PLG-421 @must @builds-on-PLG-410
  Scenario: A change of a role takes effect
    Remedy: Read the role from req.Storage for each request, or forget it in the cache when it is written.
    Given a mount of its own "p"
    When the credentials are issued at "p"
    Then leases at "p" follow a change of their role

  @PLG-422 @must @needs-setup @needs-plugin-directory
  Scenario: The plugin lives through a renewal and a revocation without its setup
    Remedy: What is read from storage is nil when it was deleted: answer with logical.ErrorResponse, or work with what is in req.Secret.InternalData.
    Given the plugin is registered
    And the plugin is mounted at "p"
    When the credentials are issued at "p"
    And the setup of "p" is deleted
    Then the plugin lives when the leases are renewed and revoked

  @PLG-423 @must @needs-setup @needs-working-credentials @needs-plugin-directory @builds-on-PLG-405 @builds-on-PLG-427
  Scenario: A revocation that can't be carried out is reported
    Servers try again only what they know of.
    Remedy: Return an error from Revoke when the configuration is gone, so that the lease is revoked when it is there again.
    Given the plugin is registered
    And the plugin is mounted at "p"
    And credentials that end with their lease are issued at "p"
    When the setup of "p" is deleted
    Then credentials at "p" that are said to be revoked do not work

  @PLG-424 @must @needs-faults
  Scenario: What has succeeded is not in the write-ahead log
    The framework rolls back what is there some minutes later, and with it what was given.
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#DeleteWAL
    Remedy: Call framework.DeleteWAL with what PutWAL returned when all that the entry is about is done.
    Given a mount of its own "p"
    When the credentials are issued at "p"
    Then nothing is unfinished at "p"

  @PLG-425 @must @needs-faults @needs-loopback @builds-on-PLG-510
  Scenario: What was left unfinished is rolled back
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#WALRollbackFunc
    Remedy: Let WALRollback of framework.Backend take back each kind of entry that the plugin writes, and return nil when that is done, or there is nothing to take back.
    Given a mount of its own "p" beside services that can fail
    Then what the services refuse at "p" is rolled back

  @PLG-426 @must @builds-on-PLG-410
  Scenario: Leases follow the roles of their own mount
    Remedy: Keep roles in req.Storage, and what is kept of them in the backend that the factory returns, not in variables of the process.
    Given a mount of its own "p"
    When the credentials are issued at "p"
    Then leases of mounts beside "p" follow their own roles

  @PLG-427 @must @needs-working-credentials @builds-on-PLG-415
  Scenario: A revocation without the role ends what was given, or is reported
    Servers try again only what they know of.
    Remedy: Keep in InternalData what Revoke needs, and return an error from it when it can't end what was given.
    Given a mount of its own "p"
    And credentials that end with their lease are issued at "p"
    When what the names at "p" stand for is deleted
    Then credentials at "p" that are said to be revoked do not work

  @PLG-428 @must @needs-working-credentials @needs-plugin-directory @builds-on-PLG-415 @builds-on-PLG-031
  Scenario: A revocation after a reload ends what was given before
    Remedy: Keep what Revoke needs in InternalData or in req.Storage, and nothing of it in variables of the process: whoever is not in them is not gone.
    Given the plugin is registered
    And the plugin is mounted at "p"
    And credentials that end with their lease are issued at "p"
    When I PUT "sys/plugins/reload/backend" {"mounts": ["{at}p/"]}
    And the leases are revoked
    Then the credentials do not work any more at "p"

  @PLG-429 @must @needs-working-credentials @builds-on-PLG-415 @builds-on-PLG-408 @builds-on-PLG-413
  Scenario: A revocation after a renewal ends what was given
    Remedy: Return req.Secret from Renew with its InternalData as it is: servers keep what Renew returns, and Revoke gets that.
    Given a mount of its own "p"
    And credentials that end with their lease are issued at "p"
    When the leases are renewed first
    And the leases are revoked
    Then the credentials do not work any more at "p"

  @PLG-430 @must @needs-faults @builds-on-PLG-408
  Scenario: A lease is not renewed while what it depends on can't be read
    Remedy: Return the error of req.Storage.Get from Renew before looking at what it returned, rather than going on as if there was nothing.
    Given a mount of its own "p"
    When the credentials are issued at "p"
    Then no lease at "p" is renewed when a read fails

  @PLG-431 @must @builds-on-PLG-408 @builds-on-PLG-410
  Scenario: A renewed lease is no longer than its role says
    Source: https://developer.hashicorp.com/vault/docs/concepts/lease
    Remedy: Set resp.Secret.TTL in Renew from the role: not to what is left and that, and not to 0 where the role has a ttl.
    Given a mount of its own "p"
    When the credentials are issued at "p"
    Then no lease is longer than its ttl when it is renewed twice

  @PLG-432 @must @needs-faults @needs-working-credentials @builds-on-PLG-415 @builds-on-PLG-405
  Scenario: A revocation that can't read what it needs is reported
    Servers try again only what they know of.
    Remedy: Return the error of req.Storage.Get from Revoke, rather than taking it for nothing to do.
    Given a mount of its own "p"
    And credentials that end with their lease are issued at "p"
    Then credentials at "p" are revoked, or that is reported, when a read fails

  @PLG-433 @must @needs-setup @builds-on-PLG-410
  Scenario: A lease is no longer than the configuration says
    Source: https://developer.hashicorp.com/vault/docs/concepts/lease
    Remedy: Where a role has no ttl or max_ttl, set resp.Secret.TTL and MaxTTL from the configuration.
    Then the times of the configuration hold at "p"
