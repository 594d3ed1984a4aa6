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

  @PLG-457 @should
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
