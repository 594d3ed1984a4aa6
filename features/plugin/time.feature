@needs-clock
Feature: Time
  These requirements need a server whose time can be moved, which the mock is.
  Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-development

  @PLG-500 @must @type-secret @needs-credentials
  Scenario: What has expired is revoked
    Source: https://developer.hashicorp.com/vault/docs/concepts/lease
    Remedy: Let Revoke of framework.Secret end also what is expired.
    Given a mount of its own "p" whose time can be moved
    And credentials that can be revoked are issued at "p"
    When the leases expire
    Then the leases are gone

  @PLG-502 @must @type-secret @needs-credentials @builds-on-PLG-431
  Scenario: Renewals do not extend a lease beyond its role's max_ttl
    Source: https://developer.hashicorp.com/vault/docs/concepts/lease
    Remedy: Set TTL and MaxTTL of the secret from the role also in Renew; servers then limit it from the time of issue.
    Given a mount of its own "p" whose time can be moved
    When the credentials are issued at "p"
    Then the leases end with their max_ttl

  @PLG-503 @must @type-auth @needs-logins @builds-on-PLG-476
  Scenario: Renewals do not extend a token beyond its max_ttl
    Source: https://developer.hashicorp.com/vault/docs/concepts/tokens
    Remedy: Set TTL and MaxTTL of the Auth from the user or role also in AuthRenew; servers then limit it from the time of issue.
    Given a mount of its own "p" whose time can be moved
    When the logins succeed at "p"
    Then the tokens end with their max_ttl

  @PLG-510 @must @type-secret @type-auth
  Scenario: The periodic function does not end the plugin
    Servers call the plugin each minute; vault/sdk's framework then calls PeriodicFunc and rolls back its write-ahead log.
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#Backend
    Remedy: Return errors from PeriodicFunc rather than panicking or ending the process.
    Given some minutes pass
    Then the plugin lives

  @PLG-511 @should @type-secret @type-auth
  Scenario: The periodic function succeeds
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#Backend
    Remedy: Find out what the error in the server's log is about. Where there is nothing to do, return nil.
    Given some minutes pass
    Then the periodic function has succeeded

  @PLG-512 @should @type-secret @type-auth
  Scenario: The periodic function has nothing to do before the setup
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#Backend
    Remedy: Return nil from PeriodicFunc while there is no configuration.
    Given some minutes pass
    Then the periodic function has succeeded before the setup

  @PLG-513 @must @type-secret @type-auth
  Scenario: The periodic function returns
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#Backend
    Remedy: Bound what PeriodicFunc waits for, and hold no lock that it takes itself.
    Given some minutes pass
    Then the periodic function has returned

  @PLG-514 @must @type-secret @type-auth @needs-samples
  Scenario: The periodic function leaves what was stored
    Remedy: Change in PeriodicFunc only what is over, and nothing that a user wrote.
    Given a mount of its own "p" whose time can be moved
    When the samples are written at "p"
    And the clock moves on by 3m
    Then the samples are read at "p"

  @PLG-515 @must @type-secret @needs-credentials @needs-working-credentials
  Scenario: Credentials work until their lease ends
    Source: https://developer.hashicorp.com/vault/docs/concepts/lease
    Remedy: End what was given in Revoke alone: not in PeriodicFunc or WALRollback, and not after a time of the plugin's own.
    Given a mount of its own "p" whose time can be moved
    And credentials that can be revoked are issued at "p"
    Then the credentials work at "p" until their lease ends

  @PLG-516 @must @type-secret @needs-credentials @needs-working-credentials @builds-on-PLG-500 @builds-on-PLG-415
  Scenario: Expired credentials do not work any more
    Source: https://developer.hashicorp.com/vault/docs/concepts/lease
    Remedy: Let Revoke of framework.Secret end what was given also when its time is over.
    Given a mount of its own "p" whose time can be moved
    And credentials that end with their lease are issued at "p"
    When the leases expire
    Then the credentials do not work any more at "p"
