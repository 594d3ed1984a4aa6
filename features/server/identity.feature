@contract-5
Feature: Entities and groups of who logs in
  Who logs in belongs to an entity, and to the groups that the auth method names.
  Their policies count as the token's own do.
  Source: https://developer.hashicorp.com/vault/docs/concepts/identity
  Remedy: Compare the policies in the token's lookup with those of its entity, and of the groups that have it as a member, when the request is made.

  Background:
    Given the secret plugin "probe" is registered
    And "probe" is mounted at "p"
    And the auth plugin "probe" is registered
    And "probe" is enabled as an auth method at "a"
    When I PUT "sys/policies/acl/reads" {"policy": "path \"p/kv/*\" { capabilities = [\"read\"] }"}
    And I GET "sys/auth"
    And I keep "data.a/.accessor" as "accessor of a"

  Rule: An auth method's groups give their policies

    @IDN-001 @must @needs-plugin-directory
    Scenario: A login has the policies of the groups that the plugin names
      When I POST "identity/group/name/team" {"type": "external", "policies": "reads"}
      And I keep "data.id" as "ID of team"
      And I POST "identity/group-alias" {"name": "ops", "mount_accessor": "{accessor of a}", "canonical_id": "{ID of team}"}
      Then the answer is 200
      When nobody POSTs "auth/a/login" {"user": "ada", "groups": "ops,others"}
      Then the answer is 200 with:
        | auth.token_policies    | ["default"] |
        | auth.identity_policies | ["reads"]   |
      When I keep "auth.client_token" as "ada"
      And "ada" GETs "p/kv/x"
      Then the answer is 404
      When nobody POSTs "auth/a/login" {"user": "bob", "groups": "others"}
      Then the answer is 200 with:
        | auth.identity_policies | (missing) |
      When I keep "auth.client_token" as "bob"
      And "bob" GETs "p/kv/x"
      Then the answer is 403

    @IDN-002 @must @needs-plugin-directory
    Scenario: The groups are those of the last login
      When I POST "identity/group/name/team" {"type": "external", "policies": "reads"}
      And I keep "data.id" as "ID of team"
      And I POST "identity/group-alias" {"name": "ops", "mount_accessor": "{accessor of a}", "canonical_id": "{ID of team}"}
      And nobody POSTs "auth/a/login" {"user": "ada", "groups": "ops"}
      And I keep "auth.client_token" as "ada"
      And nobody POSTs "auth/a/login" {"user": "ada"}
      Then the answer is 200
      When "ada" GETs "p/kv/x"
      Then the answer is 403

    @IDN-003 @must @needs-plugin-directory
    Scenario: A path of a policy may name a group of the caller
      When I POST "identity/group/name/team" {"type": "external"}
      And I keep "data.id" as "ID of team"
      And I POST "identity/group-alias" {"name": "ops", "mount_accessor": "{accessor of a}", "canonical_id": "{ID of team}"}
      And I PUT "sys/policies/acl/own" {"policy": "path \"p/kv/{{identity.groups.ids.{ID of team}.name}}\" { capabilities = [\"read\"] }"}
      And I POST "identity/group/name/team" {"policies": "own"}
      And nobody POSTs "auth/a/login" {"user": "ada", "groups": "ops"}
      And I keep "auth.client_token" as "ada"
      And "ada" GETs "p/kv/team"
      Then the answer is 404
      When "ada" GETs "p/kv/x"
      Then the answer is 403

  Rule: Tokens are as good as their entity

    @IDN-010 @must @needs-plugin-directory
    Scenario: The policies of an entity count for tokens that it has already
      When nobody POSTs "auth/a/login" {"user": "ada"}
      And I keep "auth.client_token" as "ada"
      And I keep "auth.entity_id" as "entity of ada"
      And "ada" GETs "p/kv/x"
      Then the answer is 403
      When I POST "identity/entity/id/{entity of ada}" {"policies": "reads"}
      And "ada" GETs "p/kv/x"
      Then the answer is 404

    @IDN-011 @must @needs-plugin-directory
    Scenario: Nobody can use a token of a disabled entity, or log in as one
      When nobody POSTs "auth/a/login" {"user": "ada"}
      And I keep "auth.client_token" as "ada"
      And I keep "auth.entity_id" as "entity of ada"
      And I POST "identity/entity/id/{entity of ada}" {"disabled": true}
      And "ada" GETs "auth/token/lookup-self"
      Then the answer is 403
      When nobody POSTs "auth/a/login" {"user": "ada"}
      Then the answer is 403
      When I POST "identity/entity/id/{entity of ada}" {"disabled": false}
      And "ada" GETs "auth/token/lookup-self"
      Then the answer is 200
