@needs-secrets
Feature: Disclosure
  The fields under secrets in the profile are planted, and looked for.
  Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-development

  @PLG-700 @must @type-secret @type-auth
  Scenario: No read shows a secret
    Remedy: Leave the field out of the answers to reads.
    Given a mount of its own "p"
    When all of the profile is carried out at "p"
    Then no read at "p" shows a secret

  @PLG-701 @must @needs-plugin-logs @type-secret @type-auth
  Scenario: No secret is logged
    Remedy: Log no requests, configurations and errors of clients as a whole.
    Given a mount of its own "p"
    When all of the profile is carried out at "p"
    Then the plugin's log shows no secret

  @PLG-702 @must @needs-probe @type-secret @type-auth
  Scenario: No error shows a secret
    Remedy: Do not repeat in an error what was sent. Errors of url.Parse and of database drivers have the whole address in them, with its password.
    Given a mount of its own "p"
    Then no error at "p" shows a secret

  @PLG-703 @must @type-secret @needs-credentials @needs-plugin-logs
  Scenario: Issued credentials are not logged
    Remedy: Log the name of what was issued, not its key or password.
    Given a mount of its own "p"
    When the credentials are issued at "p"
    Then the plugin's log shows no credentials

  @PLG-704 @may @type-secret @type-auth
  Scenario: Stored secrets are marked as sensitive
    Clients and the user interface hide what is marked.
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#DisplayAttributes
    Remedy: Set DisplayAttrs to a framework.DisplayAttributes with Sensitive in the field's schema.
    Then the secret fields are marked as sensitive
