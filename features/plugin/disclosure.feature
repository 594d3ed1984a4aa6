Feature: Disclosure
  The fields under secrets in the profile and the token of a request are planted, and
  looked for.
  Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-development

  @PLG-700 @must @needs-secrets @type-secret @type-auth
  Scenario: No read shows a secret
    Remedy: Leave the field out of the answers to reads.
    Given a mount of its own "p"
    When all of the profile is carried out at "p"
    Then no read at "p" shows a secret

  @PLG-701 @must @needs-secrets @needs-plugin-logs @type-secret @type-auth
  Scenario: No secret is logged
    Remedy: Log no requests, configurations and errors of clients as a whole.
    Given a mount of its own "p"
    When all of the profile is carried out at "p"
    Then the plugin's log shows no secret

  @PLG-702 @must @needs-secrets @needs-probe @type-secret @type-auth
  Scenario: No error shows a secret
    Remedy: Do not repeat in an error what was sent. Errors of url.Parse and of database drivers have the whole address in them, with its password.
    Given a mount of its own "p"
    Then no error at "p" shows a secret

  @PLG-703 @must @needs-secrets @type-secret @needs-credentials @needs-plugin-logs
  Scenario: Issued credentials are not logged
    Remedy: Log the name of what was issued, not its key or password.
    Given a mount of its own "p"
    When the credentials are issued at "p"
    Then the plugin's log shows no credentials

  @PLG-704 @may @needs-secrets @type-secret @type-auth
  Scenario: Stored secrets are marked as sensitive
    Clients and the user interface hide what is marked.
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#DisplayAttributes
    Remedy: Set DisplayAttrs to a framework.DisplayAttributes with Sensitive in the field's schema.
    Then the secret fields are marked as sensitive

  @PLG-705 @must @needs-plugin-logs @type-secret @type-auth
  Scenario: No token is logged or shown
    Servers give a plugin something else in place of the caller's token, which tells who
    called as the token does.
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/logical#Request
    Remedy: Log no requests as a whole: neither req.ClientToken nor req.Headers belong in a log or an answer. req.DisplayName and req.EntityID say who called.
    Given a mount of its own "p"
    When all of the profile is carried out at "p" with a token of its own
    Then the token is neither logged nor shown

  @PLG-706 @should @needs-plugin-logs @type-secret @type-auth
  Scenario: No accessor of a token is logged
    Whoever has an accessor can look the token up and revoke it; servers keep it out of
    their audit logs.
    Source: https://developer.hashicorp.com/vault/docs/concepts/tokens#token-accessors
    Remedy: Leave req.ClientTokenAccessor out of the log. req.DisplayName and req.EntityID say who called.
    Given a mount of its own "p"
    When all of the profile is carried out at "p" with a token of its own
    Then the token's accessor is not logged

  @PLG-315 @must @needs-secrets @type-secret @type-auth
  Scenario: No answer to a write shows a secret
    Remedy: Return nil from writes, or leave the field out of the response.
    Given a mount of its own "p"
    Then no write at "p" shows a secret

  @PLG-316 @must @needs-secrets @type-secret @type-auth
  Scenario: No list shows a secret
    Remedy: Leave the field out of key_info: policies give the right to list more easily than that to read.
    Given a mount of its own "p"
    When all of the profile is carried out at "p"
    Then no list at "p" shows a secret

  @PLG-707 @must @needs-secrets @needs-services @needs-loopback @type-secret @type-auth @needs-plugin-directory @builds-on-PLG-701 @builds-on-PLG-702
  Scenario: What is said of a service that fails shows no secret
    Remedy: Name the service and its status, rather than the client, the request or the configuration as a whole.
    Given the plugin is registered
    And the plugin is mounted at "p"
    And services that can fail stand in at "p"
    Then nothing at "p" shows a secret when the services fail

  @PLG-708 @must @needs-secrets @needs-credentials @type-secret @builds-on-PLG-700
  Scenario: No read shows what was issued or generated
    Remedy: Return from reads and lists neither keys nor what was issued last: leave the fields out.
    Given a mount of its own "p"
    Then no read at "p" shows what was issued

  @PLG-709 @must @needs-secrets @needs-credentials @type-secret
  Scenario: No credentials show a secret of the setup
    Whoever may have credentials may not have what they are made with.
    Remedy: Put into the answer only what was made for the lease, rather than the configuration.
    Given a mount of its own "p"
    When the credentials are issued at "p"
    Then no credentials show a secret of the setup

  @PLG-710 @must @needs-secrets @needs-rotations @type-secret @type-auth
  Scenario: No rotation shows the new secret
    Only the plugin is to know it.
    Remedy: Return nil from the rotation, or leave the field out of the response.
    Given a mount of its own "p"
    Then no rotation at "p" shows a secret
