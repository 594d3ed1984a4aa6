@contract-3
Feature: Namespaces
  In a namespace, an operator mounts the plugins of the catalog as in the root. What
  is mounted there is seen there alone.
  Source: https://openbao.org/docs/concepts/namespaces/
  Remedy: Send requests of a namespace to its path, team/sys/mounts, or with X-Vault-Namespace: team/.

  Background:
    Given the secret plugin "probe" is registered
    When I POST "sys/namespaces/team" {}
    Then the answer is 200
    When I POST "sys/namespaces/other" {}
    Then the answer is 200
    When I POST "team/sys/mounts/kept" {"type": "probe"}
    Then the answer is 204

  Rule: A plugin of the catalog serves in namespaces

    @NSP-001 @must @openbao>=2.3 @own-server @needs-plugin-directory
    Scenario: A plugin of the root's catalog is mounted in a namespace
      When I POST "team/kept/kv/a" {"value": "1"}
      Then the answer is 204
      When I GET "team/kept/kv/a"
      Then the answer is 200 with:
        | data.value | 1 |

    @NSP-002 @must @openbao>=2.3 @own-server @needs-plugin-directory
    Scenario: A mount is listed in its namespace alone
      When I GET "team/sys/mounts/kept"
      Then the answer is 200 with:
        | data.type | probe |
      When I GET "sys/mounts/kept"
      Then the answer is 400
      When I GET "other/sys/mounts/kept"
      Then the answer is 400

    @NSP-003 @must @openbao>=2.3 @own-server @needs-plugin-directory
    Scenario: Mounts of the same path in two namespaces share no data
      When I POST "other/sys/mounts/kept" {"type": "probe"}
      Then the answer is 204
      When I POST "team/kept/kv/a" {"value": "of team"}
      Then the answer is 204
      When I GET "other/kept/kv/a"
      Then the answer is 404
      When I GET "kept/kv/a"
      Then the answer is 404

    @NSP-004 @must @openbao>=2.3 @own-server @needs-plugin-directory
    Scenario: A namespace has one mount of a path, until it is disabled there
      When I POST "team/sys/mounts/kept" {"type": "probe"}
      Then the answer is 400
      When I DELETE "team/sys/mounts/kept"
      Then the answer is 204
      When I GET "team/sys/mounts/kept"
      Then the answer is 400

    @NSP-005 @must @openbao>=2.3 @own-server @needs-plugin-directory
    Scenario: The header chooses the namespace as the path does
      When I POST "team/kept/kv/a" {"value": "1"}
      Then the answer is 204
      When I GET "kept/kv/a" with the headers:
        | X-Vault-Namespace | team |
      Then the answer is 200 with:
        | data.value | 1 |
