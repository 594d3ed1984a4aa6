@type-secret @type-auth
Feature: Storage that fails
  Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-development

  @PLG-395 @must @needs-samples @needs-faults
  Scenario: What can't be stored is an error
    Remedy: Return the error of req.Storage.Put.
    Given a mount of its own "p"
    When writes to the storage of "p" fail
    Then a write at "p" that fails is reported
