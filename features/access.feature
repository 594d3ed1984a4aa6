@contract-5
Feature: What a plugin's caller sees
  The server stands between callers and plugins: it decides who may, tells the
  plugin what is wanted, and turns what it says into an answer.
  Source: https://developer.hashicorp.com/vault/api-docs
  Remedy: Compare the exchange with what the plugin returned: the server's rules for turning it into an answer are the same for every plugin.

  Background:
    Given the secret plugin "probe" is registered
    And "probe" is mounted at "p"

  Rule: The method says which operation is wanted

    @ACC-001 @must @needs-plugin-directory
    Scenario Outline: The first write creates and the next updates, as the plugin's existence check says, <method>
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
    Scenario: PATCH patches
      When I POST "p/operation" {"x": "1"}
      And I PATCH "p/operation" {"x": "2"}
      Then the answer is 200 with:
        | data.operation | patch |

    @ACC-003 @must @needs-plugin-directory
    Scenario: LIST and GET with list=true list
      Given I wrote "1" to "p/kv/x"
      When I LIST "p/kv"
      Then the answer is 200 with:
        | data.keys | ["x"] |
      When I GET "p/kv?list=true"
      Then the answer is 200 with:
        | data.keys | ["x"] |

    @ACC-004 @must @needs-plugin-directory
    Scenario: DELETE deletes
      Given I wrote "1" to "p/kv/x"
      When I DELETE "p/kv/x"
      Then the answer is 204
      And "p/kv/x" holds nothing

    @ACC-005 @must @needs-plugin-directory
    Scenario: The plugin's help is asked for with help=1
      When I GET "p/public?help=1"
      Then the answer is 200 with:
        | help | contains A path that needs no token. |

  Rule: What the plugin says becomes a status

    @ACC-010 @must @needs-plugin-directory
    Scenario: Nothing is 404 on read and 204 on write
      When I GET "p/kv/never"
      Then the answer is 404 without an error
      When I POST "p/kv/x" {"value": "1"}
      Then the answer is 204

    @ACC-011 @must @needs-plugin-directory
    Scenario Outline: Errors, <method> is answered with <status>
      When I <method> "p/fail" <body>
      Then the answer is <status> with the error "<error>"

      Examples:
        | method | body | status | error                   |
        | GET    | {}   | 500    | probe: internal failure |
        | POST   | {}   | 400    | probe: bad input        |
        | DELETE | {}   | 403    | permission denied       |

    @ACC-012 @must @needs-plugin-directory
    Scenario: An operation that the plugin does not support
      When I GET "p/operation"
      Then the answer is 405 with the error "unsupported operation"
      When I DELETE "p/operation"
      Then the answer is 405 with the error "unsupported operation"

    @ACC-013 @must @needs-plugin-directory
    Scenario: A path that the plugin does not support, and one of no mount
      When I GET "p/nothing/here"
      Then the answer is 404 with the error "unsupported path"
      When I GET "nomount/x"
      Then the answer is 404 with the error "no handler for route"

    @ACC-014 @must @needs-plugin-directory
    Scenario: Warnings are passed on
      When I GET "p/warn"
      Then the answer is 200 with:
        | data.ok | true |
      And the answer warns "probe: a warning"

    @ACC-015 @must @needs-plugin-directory
    Scenario: A raw answer is passed on as it is
      When I GET "p/raw"
      Then the answer is 202 with the body "raw body\n"
      And the answer has the header "Content-Type" with "text/plain"

    @ACC-016 @must @needs-plugin-directory
    Scenario: A body that is no JSON object is refused
      When I POST "p/kv/x" with:
        """
        {
        """
      Then the answer is 400 with the error "error parsing JSON"
      When I POST "p/kv/x" with:
        """
        []
        """
      Then the answer is 400 with the error "error parsing JSON"
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
    Scenario: A secret has a lease that can be renewed
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
      Then the answer is 400 with the error "invalid lease"

    @ACC-022 @must @needs-plugin-directory
    Scenario: A token's leases go with the token
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

  Rule: Wrapping

    @ACC-030 @must @needs-plugin-directory
    Scenario: A wrapped answer can be unwrapped once
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
      Then the answer is 400 with the error "wrapping token is not valid or does not exist"

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
    Scenario Outline: All others do, <actor>
      Given I wrote "1" to "p/kv/x"
      When <actor> GETs "p/kv/x"
      Then the answer is 403 with the error "permission denied"
      When <actor> POSTs "p/kv/x" {"value": "2"}
      Then the answer is 403 with the error "permission denied"
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
      Then the answer is 403 with the error "permission denied"
      When "admin" GETs "p/rooted"
      Then the answer is 200 with:
        | data.ok | true |

  Rule: A login becomes a token

    @ACC-050 @must @needs-plugin-directory
    Scenario: The token has what the plugin said
      Given the auth plugin "probe" is registered
      And "probe" is enabled as auth method at "a"
      When nobody POSTs "auth/a/login" {"user": "ada", "policies": "default,dev"}
      Then the answer is 200 with:
        | auth.client_token   | (any)              |
        | auth.accessor       | (any)              |
        | auth.entity_id      | (any)              |
        | auth.policies       | ["default","dev"]  |
        | auth.metadata.user  | ada                |
        | auth.lease_duration | 2764800            |
        | auth.renewable      | true               |
        | auth.token_type     | service            |
      When I keep "auth.client_token" as "ada"
      And "ada" GETs "auth/token/lookup-self"
      Then the answer is 200 with:
        | data.path         | auth/a/login      |
        | data.display_name | a-ada             |
        | data.policies     | ["default","dev"] |
        | data.meta.user    | ada               |

    @ACC-051 @must @needs-plugin-directory
    Scenario: The token is renewed and revoked by its owner
      Given the auth plugin "probe" is registered
      And "probe" is enabled as auth method at "a"
      When nobody POSTs "auth/a/login" {"user": "ada"}
      And I keep "auth.client_token" as "ada"
      And "ada" POSTs "auth/token/renew-self" {}
      # 768 hours after the login, of which some seconds may be over.
      Then the answer is 200 with:
        | auth.lease_duration | /2764800\|27647[5-9][0-9]/ |
      When "ada" POSTs "auth/token/revoke-self" {}
      Then the answer is 204
      When "ada" GETs "auth/token/lookup-self"
      Then the answer is 403 with the error "permission denied"

    @ACC-052 @must @needs-plugin-directory
    Scenario: Its time is bounded by the mount
      Given the auth plugin "probe" is registered
      And "probe" is enabled as auth method at "a" with:
        | config.default_lease_ttl | 10m |
        | config.max_lease_ttl     | 20m |
      When nobody POSTs "auth/a/login" {"user": "ada"}
      Then the answer is 200 with:
        | auth.lease_duration | 600 |
      When nobody POSTs "auth/a/login" {"user": "ada", "ttl": "2h"}
      Then the answer is 200 with:
        | auth.lease_duration | 1200 |
      And the answer warns "exceeded the effective max_ttl"

    @ACC-053 @must @needs-plugin-directory
    Scenario: Its time is bounded by 768 hours
      Given the auth plugin "probe" is registered
      And "probe" is enabled as auth method at "a"
      When nobody POSTs "auth/a/login" {"user": "ada", "ttl": "10000h"}
      Then the answer is 200 with:
        | auth.lease_duration | 2764800 |

    @ACC-054 @must @needs-plugin-directory
    Scenario: A login that the plugin denies is denied
      Given the auth plugin "probe" is registered
      And "probe" is enabled as auth method at "a"
      When nobody POSTs "auth/a/login" {}
      Then the answer is 403 with the error "permission denied"

    @ACC-055 @must @needs-plugin-directory
    Scenario: Two logins of one user are one entity, two users are two
      Given the auth plugin "probe" is registered
      And "probe" is enabled as auth method at "a"
      When nobody POSTs "auth/a/login" {"user": "ada"}
      And I keep "auth.entity_id" as "entity of ada"
      And nobody POSTs "auth/a/login" {"user": "ada"}
      Then the answer is 200 with:
        | auth.entity_id | {entity of ada} |
      When nobody POSTs "auth/a/login" {"user": "bob"}
      Then the answer does not disclose "{entity of ada}"

  Rule: Policies say who may what
    Source: https://developer.hashicorp.com/vault/docs/concepts/policies

    @ACC-060 @must @needs-plugin-directory
    Scenario: A token may what its policy says, and no more
      Given "reader" has a token with the policy:
        """
        path "p/kv/*" { capabilities = ["create", "read", "list"] }
        """
      When "reader" POSTs "p/kv/x" {"value": "1"}
      Then the answer is 204
      When "reader" POSTs "p/kv/x" {"value": "2"}
      Then the answer is 403 with the error "permission denied"
      When "reader" GETs "p/kv/x"
      Then the answer is 200 with:
        | data.value | 1 |
      When "reader" LISTs "p/kv/"
      Then the answer is 200
      When "reader" DELETEs "p/kv/x"
      Then the answer is 403 with the error "permission denied"
      When "reader" GETs "sys/mounts"
      Then the answer is 403 with the error "permission denied"

    @ACC-061 @must @needs-plugin-directory
    Scenario: The most specific path wins, and deny within one
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
      Then the answer is 403 with the error "permission denied"
      When "reader" GETs "p/kv/both"
      Then the answer is 403 with the error "permission denied"
      When "reader" GETs "p/kv/sub/x"
      Then the answer is 403 with the error "permission denied"
      When "reader" DELETEs "p/kv/sub/x"
      Then the answer is 204

    @ACC-062 @must @needs-plugin-directory
    Scenario: A plus stands for one part of a path
      Given "reader" has a token with the policy:
        """
        path "p/kv/+/deep" { capabilities = ["delete"] }
        """
      When "reader" DELETEs "p/kv/one/deep"
      Then the answer is 204
      When "reader" DELETEs "p/kv/one/two/deep"
      Then the answer is 403 with the error "permission denied"
      When "reader" DELETEs "p/kv/deep"
      Then the answer is 403 with the error "permission denied"

    @ACC-063 @must @needs-plugin-directory
    Scenario: A policy may be written in JSON
      Given "reader" has a token with the policy:
        """
        {"path": {"p/kv/*": {"capabilities": ["read"]}}}
        """
      When "reader" GETs "p/kv/x"
      Then the answer is 404
      When "reader" DELETEs "p/kv/x"
      Then the answer is 403 with the error "permission denied"

    @ACC-064 @must @needs-plugin-directory
    Scenario: A policy that was deleted gives nothing any more
      Given "reader" has a token with the policy:
        """
        path "p/kv/*" { capabilities = ["read"] }
        """
      When I DELETE "sys/policies/acl/reader"
      Then the answer is 204
      When "reader" GETs "p/kv/x"
      Then the answer is 403 with the error "permission denied"

    @ACC-065 @must @needs-plugin-directory
    Scenario: A policy that can't be read is refused
      When I PUT "sys/policies/acl/bad" {"policy": "path {{{"}
      Then the answer is 400 with the error "failed to parse policy"

    @ACC-066 @should @needs-plugin-directory
    Scenario: A token can ask what it may
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

  Rule: How a token is shown

    @ACC-070 @should @needs-plugin-directory
    Scenario: As a bearer token it is worth the same
      Given "reader" has a token with the policy:
        """
        path "p/kv/*" { capabilities = ["read"] }
        """
      When I keep "auth.client_token" as "bearer"
      And nobody GETs "p/kv/x" with the headers:
        | Authorization | Bearer {bearer} |
      Then the answer is 404

    @ACC-071 @must @needs-plugin-directory
    Scenario Outline: The server's health is anybody's business, <path>
      When nobody GETs "<path>"
      Then the answer is 200

      Examples:
        | path            |
        | sys/health      |
        | sys/seal-status |
        | sys/leader      |
