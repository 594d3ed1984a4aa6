@contract-5
Feature: Requests to plugins
  The server authorizes a request, passes it to the plugin as an operation, and
  turns the plugin's response into an HTTP response.
  Source: https://developer.hashicorp.com/vault/api-docs
  Remedy: Compare the exchange with what the plugin returned. The server maps a plugin's response to HTTP in the same way for every plugin.

  Background:
    Given the secret plugin "probe" is registered
    And "probe" is mounted at "p"

  Rule: The HTTP method selects the operation

    @ACC-001 @must @needs-plugin-directory
    Scenario Outline: The plugin's existence check decides between create and update, <method>
      When I <method> "p/operation" {"x": "1"}
      Then the answer is 200 with:
        | data.operation | create |
      When I <method> "p/operation" {"x": "1"}
      Then the answer is 200 with:
        | data.operation | update |

      Examples:
        | method |
        | POST   |
        | PUT    |

    @ACC-002 @must @needs-plugin-directory
    Scenario: PATCH is the operation patch
      When I POST "p/operation" {"x": "1"}
      And I PATCH "p/operation" {"x": "2"}
      Then the answer is 200 with:
        | data.operation | patch |

    @ACC-003 @must @needs-plugin-directory
    Scenario: LIST, and GET with list=true, are the operation list
      Given I wrote "1" to "p/kv/x"
      When I LIST "p/kv"
      Then the answer is 200 with:
        | data.keys | ["x"] |
      When I GET "p/kv?list=true"
      Then the answer is 200 with:
        | data.keys | ["x"] |

    @ACC-004 @must @needs-plugin-directory
    Scenario: DELETE is the operation delete
      Given I wrote "1" to "p/kv/x"
      When I DELETE "p/kv/x"
      Then the answer is 204
      And "p/kv/x" holds nothing

    @ACC-005 @must @needs-plugin-directory
    Scenario: A request with help=1 returns the plugin's help
      When I GET "p/public?help=1"
      Then the answer is 200 with:
        | help | contains A path that needs no token. |

  Rule: The plugin's response determines the status

    @ACC-010 @must @needs-plugin-directory
    Scenario: An empty response is 404 for a read and 204 for a write
      When I GET "p/kv/never"
      Then the answer is 404 without an error
      When I POST "p/kv/x" {"value": "1"}
      Then the answer is 204

    @ACC-011 @must @needs-plugin-directory
    Scenario Outline: A plugin's error keeps its text and gets a status, <method> <status>
      When I <method> "p/fail" <body>
      Then the answer is <status> with the error "<error>"

      Examples:
        | method | body | status | error                   |
        | GET    | {}   | 500    | probe: internal failure |
        | POST   | {}   | 400    | probe: bad input        |
        | DELETE | {}   | 403    | permission denied       |

    @ACC-012 @must @needs-plugin-directory
    Scenario: An unsupported operation is 405
      When I GET "p/operation"
      Then the answer is 405
      When I DELETE "p/operation"
      Then the answer is 405

    @ACC-013 @must @needs-plugin-directory
    Scenario: An unsupported path, and a path below no mount, are 404
      When I GET "p/nothing/here"
      Then the answer is 404
      When I GET "nomount/x"
      Then the answer is 404

    @ACC-014 @must @needs-plugin-directory
    Scenario: The plugin's warnings are passed on
      When I GET "p/warn"
      Then the answer is 200 with:
        | data.ok | true |
      And the answer warns "probe: a warning"

    @ACC-015 @must @needs-plugin-directory
    Scenario: A raw HTTP response is passed on unchanged
      When I GET "p/raw"
      Then the answer is 202 with the body "raw body\n"
      And the answer has the header "Content-Type" with "text/plain"

    @ACC-016 @must @needs-plugin-directory
    Scenario: A body that is not a JSON object is refused
      When I POST "p/kv/x" with:
        """
        {
        """
      Then the answer is one of 400, 500
      When I POST "p/kv/x" with:
        """
        []
        """
      Then the answer is 400
      And "p/kv/x" holds nothing

    @ACC-017 @must @needs-plugin-directory
    Scenario: Only headers that the mount allows reach the plugin
      Given "probe" is mounted at "h" with:
        | config.passthrough_request_headers | X-Pass,x-lower |
      When I GET "h/headers" with the headers:
        | X-Pass  | 1 |
        | x-lower | 2 |
        | X-Drop  | 3 |
      Then the answer is 200 with:
        | data.headers.X-Pass  | ["1"]     |
        | data.headers.X-Lower | ["2"]     |
        | data.headers.X-Drop  | (missing) |

  Rule: Leases

    @ACC-020 @must @needs-plugin-directory
    Scenario: A secret has a renewable lease
      When I GET "p/lease"
      Then the answer is 200 with:
        | data.id        | 1           |
        | lease_id       | /p.lease.+/ |
        | lease_duration | 60          |
        | renewable      | true        |
      When I keep "lease_id" as "lease"
      And I PUT "sys/leases/renew" {"lease_id": "{lease}", "increment": 120}
      Then the answer is 200 with:
        | lease_id       | {lease} |
        | lease_duration | 120     |

    @ACC-021 @must @needs-plugin-directory
    Scenario: Revoking a lease asks the plugin to revoke its secret
      When I GET "p/revoked"
      Then the answer is 200 with:
        | data.revoked | false |
      When I GET "p/lease"
      And I keep "lease_id" as "lease"
      And I PUT "sys/leases/revoke" {"lease_id": "{lease}", "sync": true}
      Then the answer is 204
      And soon GET "p/revoked" answers 200 with:
        | data.revoked | true |
      When I PUT "sys/leases/lookup" {"lease_id": "{lease}"}
      Then the answer is 400

    @ACC-022 @must @needs-plugin-directory
    Scenario: Revoking a token revokes its leases
      Given "reader" has a token with the policy:
        """
        path "p/lease" { capabilities = ["read"] }
        """
      When "reader" GETs "p/lease"
      Then the answer is 200
      When "reader" POSTs "auth/token/revoke-self" {}
      Then the answer is 204
      And soon GET "p/revoked" answers 200 with:
        | data.revoked | true |

  Rule: Response wrapping

    @ACC-030 @must @needs-plugin-directory
    Scenario: A wrapped response can be unwrapped once
      Source: https://developer.hashicorp.com/vault/docs/concepts/response-wrapping
      Given I wrote "1" to "p/kv/x"
      When I GET "p/kv/x" wrapped for 60s
      Then the answer is 200 with:
        | data                    | (missing) |
        | wrap_info.ttl           | 60        |
        | wrap_info.creation_path | p/kv/x    |
      When I keep "wrap_info.token" as "wrapped"
      And "wrapped" POSTs "sys/wrapping/unwrap" {}
      Then the answer is 200 with:
        | data.value | 1 |
      When "wrapped" POSTs "sys/wrapping/unwrap" {}
      Then the answer is 400

  Rule: Special paths of the plugin

    @ACC-040 @must @needs-plugin-directory
    Scenario Outline: Unauthenticated paths need no token, <actor>
      When <actor> GETs "p/public"
      Then the answer is 200 with:
        | data.hello | anyone |

      Examples:
        | actor      |
        | nobody     |
        | a stranger |

    @ACC-041 @must @needs-plugin-directory
    Scenario Outline: All other paths need a token, <actor>
      Given I wrote "1" to "p/kv/x"
      When <actor> GETs "p/kv/x"
      Then the answer is 403
      When <actor> POSTs "p/kv/x" {"value": "2"}
      Then the answer is 403
      And "p/kv/x" holds "1"

      Examples:
        | actor      |
        | nobody     |
        | a stranger |

    @ACC-042 @must @needs-plugin-directory
    Scenario: Root paths need sudo
      Given "clerk" has a token with the policy:
        """
        path "p/*" { capabilities = ["create", "read", "update", "delete", "list"] }
        """
      And "admin" has a token with the policy:
        """
        path "p/*" { capabilities = ["read", "sudo"] }
        """
      When "clerk" GETs "p/rooted"
      Then the answer is 403
      When "admin" GETs "p/rooted"
      Then the answer is 200 with:
        | data.ok | true |

    @ACC-043 @should @needs-plugin-directory
    Scenario: A refused request says permission denied
      When nobody GETs "p/kv/x"
      Then the answer is 403 with the error "permission denied"

  Rule: A login becomes a token

    @ACC-050 @must @needs-plugin-directory
    Scenario: The token has the attributes that the plugin returned
      Given the auth plugin "probe" is registered
      And "probe" is enabled as an auth method at "a"
      When nobody POSTs "auth/a/login" {"user": "ada", "policies": "default,dev"}
      Then the answer is 200 with:
        | auth.client_token   | (any)             |
        | auth.accessor       | (any)             |
        | auth.entity_id      | (any)             |
        | auth.policies       | ["default","dev"] |
        | auth.metadata.user  | ada               |
        | auth.lease_duration | 2764800           |
        | auth.renewable      | true              |
        | auth.token_type     | service           |
      When I keep "auth.client_token" as "ada"
      And "ada" GETs "auth/token/lookup-self"
      Then the answer is 200 with:
        | data.path         | auth/a/login      |
        | data.display_name | a-ada             |
        | data.policies     | ["default","dev"] |
        | data.meta.user    | ada               |

    @ACC-051 @must @needs-plugin-directory
    Scenario: The token can renew and revoke itself
      Given the auth plugin "probe" is registered
      And "probe" is enabled as an auth method at "a"
      When nobody POSTs "auth/a/login" {"user": "ada"}
      And I keep "auth.client_token" as "ada"
      And "ada" POSTs "auth/token/renew-self" {}
      # 768 hours after the login, minus the seconds since.
      Then the answer is 200 with:
        | auth.lease_duration | /2764800\|27647[5-9][0-9]/ |
      When "ada" POSTs "auth/token/revoke-self" {}
      Then the answer is 204
      When "ada" GETs "auth/token/lookup-self"
      Then the answer is 403

    @ACC-052 @must @needs-plugin-directory
    Scenario: The mount limits the token's TTL
      Given the auth plugin "probe" is registered
      And "probe" is enabled as an auth method at "a" with:
        | config.default_lease_ttl | 10m |
        | config.max_lease_ttl     | 20m |
      When nobody POSTs "auth/a/login" {"user": "ada"}
      Then the answer is 200 with:
        | auth.lease_duration | 600 |
      When nobody POSTs "auth/a/login" {"user": "ada", "ttl": "2h"}
      Then the answer is 200 with:
        | auth.lease_duration | 1200 |
      And the answer has the field "warnings" of type list

    @ACC-053 @must @needs-plugin-directory
    Scenario: The token's TTL is at most 768 hours
      Given the auth plugin "probe" is registered
      And "probe" is enabled as an auth method at "a"
      When nobody POSTs "auth/a/login" {"user": "ada", "ttl": "10000h"}
      Then the answer is 200 with:
        | auth.lease_duration | 2764800 |

    @ACC-054 @must @needs-plugin-directory
    Scenario: A login that the plugin denies is refused
      Given the auth plugin "probe" is registered
      And "probe" is enabled as an auth method at "a"
      When nobody POSTs "auth/a/login" {}
      Then the answer is 403

    @ACC-055 @must @needs-plugin-directory
    Scenario: Logins of one user share an entity, other users have others
      Given the auth plugin "probe" is registered
      And "probe" is enabled as an auth method at "a"
      When nobody POSTs "auth/a/login" {"user": "ada"}
      And I keep "auth.entity_id" as "entity of ada"
      And nobody POSTs "auth/a/login" {"user": "ada"}
      Then the answer is 200 with:
        | auth.entity_id | {entity of ada} |
      When nobody POSTs "auth/a/login" {"user": "bob"}
      Then the answer does not disclose "{entity of ada}"

  Rule: Policies decide what a token may do
    Source: https://developer.hashicorp.com/vault/docs/concepts/policies

    @ACC-060 @must @needs-plugin-directory
    Scenario: A token may do what its policy allows, and nothing else
      Given "reader" has a token with the policy:
        """
        path "p/kv/*" { capabilities = ["create", "read", "list"] }
        """
      When "reader" POSTs "p/kv/x" {"value": "1"}
      Then the answer is 204
      When "reader" POSTs "p/kv/x" {"value": "2"}
      Then the answer is 403
      When "reader" GETs "p/kv/x"
      Then the answer is 200 with:
        | data.value | 1 |
      When "reader" LISTs "p/kv/"
      Then the answer is 200
      When "reader" DELETEs "p/kv/x"
      Then the answer is 403
      When "reader" GETs "sys/mounts"
      Then the answer is 403

    @ACC-061 @must @needs-plugin-directory
    Scenario: The most specific path wins, and deny wins within a path
      Given "reader" has a token with the policy:
        """
        path "p/kv/*"      { capabilities = ["read"] }
        path "p/kv/secret" { capabilities = ["deny"] }
        path "p/kv/both"   { capabilities = ["read", "deny"] }
        path "p/kv/sub/*"  { capabilities = ["delete"] }
        """
      When "reader" GETs "p/kv/x"
      Then the answer is 404
      When "reader" GETs "p/kv/secret"
      Then the answer is 403
      When "reader" GETs "p/kv/both"
      Then the answer is 403
      When "reader" GETs "p/kv/sub/x"
      Then the answer is 403
      When "reader" DELETEs "p/kv/sub/x"
      Then the answer is 204

    @ACC-062 @must @needs-plugin-directory
    Scenario: A plus matches one segment of a path
      Given "reader" has a token with the policy:
        """
        path "p/kv/+/deep" { capabilities = ["delete"] }
        """
      When "reader" DELETEs "p/kv/one/deep"
      Then the answer is 204
      When "reader" DELETEs "p/kv/one/two/deep"
      Then the answer is 403
      When "reader" DELETEs "p/kv/deep"
      Then the answer is 403

    @ACC-063 @must @needs-plugin-directory
    Scenario: A policy may be written in JSON
      Given "reader" has a token with the policy:
        """
        {"path": {"p/kv/*": {"capabilities": ["read"]}}}
        """
      When "reader" GETs "p/kv/x"
      Then the answer is 404
      When "reader" DELETEs "p/kv/x"
      Then the answer is 403

    @ACC-064 @must @needs-plugin-directory
    Scenario: A deleted policy allows nothing
      Given "reader" has a token with the policy:
        """
        path "p/kv/*" { capabilities = ["read"] }
        """
      When I DELETE "sys/policies/acl/reader"
      Then the answer is 204
      When "reader" GETs "p/kv/x"
      Then the answer is 403

    @ACC-065 @must @needs-plugin-directory
    Scenario: A malformed policy is refused
      When I PUT "sys/policies/acl/bad" {"policy": "path {{{"}
      Then the answer is 400

    @ACC-066 @should @needs-plugin-directory
    Scenario: A token can read its own capabilities
      Given "reader" has a token with the policy:
        """
        path "p/kv/*"      { capabilities = ["create", "read"] }
        path "p/kv/secret" { capabilities = ["deny"] }
        """
      When "reader" POSTs "sys/capabilities-self" {"paths": ["p/kv/x", "p/kv/secret", "sys/mounts"]}
      Then the answer is 200 with:
        | data.p/kv/x      | ["create","read"] |
        | data.p/kv/secret | ["deny"]          |
        | data.sys/mounts  | ["deny"]          |

  Rule: How a request is authenticated

    @ACC-070 @should @needs-plugin-directory
    Scenario: A token may be sent as a bearer token
      Given "reader" has a token with the policy:
        """
        path "p/kv/*" { capabilities = ["read"] }
        """
      When I keep "auth.client_token" as "bearer"
      And nobody GETs "p/kv/x" with the headers:
        | Authorization | Bearer {bearer} |
      Then the answer is 404

    @ACC-071 @must @needs-plugin-directory
    Scenario Outline: The server's health needs no token, <path>
      When nobody GETs "<path>"
      Then the answer is 200

      Examples:
        | path            |
        | sys/health      |
        | sys/seal-status |
        | sys/leader      |
