@type-secret @type-auth
Feature: Storage that fails
  Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-development

  @PLG-395 @must @needs-samples @needs-faults
  Scenario: What can't be stored is an error
    Remedy: Return the error of req.Storage.Put.
    Given a mount of its own "p"
    When writes to the storage of "p" fail
    Then a write at "p" that fails is reported

  @PLG-396 @must @needs-samples @needs-faults @builds-on-PLG-395
  Scenario: What can't be read is an error
    A plugin that takes a failed read for nothing there lets others believe that it is gone, and may write it anew.
    Remedy: Return the error of req.Storage.Get and List before looking at what they returned.
    Given a mount of its own "p"
    When the samples are written at "p"
    And reads of the storage of "p" fail
    Then a read at "p" that fails is reported

  @PLG-397 @must @needs-samples @needs-faults
  Scenario: The plugin works again when its storage does
    Remedy: Give locks back on every way out, and keep no error in the backend: the next request has to try again.
    Given a mount of its own "p"
    When writes to the storage of "p" fail
    And the samples are sent to "p"
    And writes to the storage of "p" succeed again
    Then the samples can be written and read at "p"

  @PLG-398 @must @needs-samples @needs-faults @builds-on-PLG-395
  Scenario: What can't be deleted is an error
    Remedy: Return the error of req.Storage.Delete.
    Given a mount of its own "p"
    When the samples are written at "p"
    And writes to the storage of "p" fail
    Then a delete at "p" that fails is reported

  @PLG-399 @should @needs-faults
  Scenario: A storage that is read-only is reported as such
    A standby that serves reads lets the plugin try, and asks the active server when the
    error says that the storage is read-only.
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/logical#ErrReadOnly
    Remedy: Return the error of req.Storage.Put and Delete, or wrap it with %w, rather than one of your own.
    Given a mount of its own "p"
    Then a read-only storage of "p" is reported as such

  @PLG-394 @must @needs-rotations @needs-faults
  Scenario: A rotation that can't be stored is an error
    Nobody else knows the new secret.
    Remedy: Return the error of req.Storage.Put from the rotation, and store the new secret before the old one is changed, or change it back.
    Given a mount of its own "p"
    Then rotations at "p" that can't be stored are reported
