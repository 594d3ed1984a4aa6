Feature: Listing plugins and mounts
  What a server has, and what it knows about each.
  Source: https://developer.hashicorp.com/vault/api-docs/system/plugins-catalog
  Source: https://developer.hashicorp.com/vault/api-docs/system/mounts
  Remedy: Compare the listing in the exchange with the fields that the API's documentation names.

  @contract-2
  Rule: The catalog lists plugins

    @LST-001 @must @needs-plugin-directory
    Scenario: A type's list has the names of its plugins and of no others
      Given the secret plugin "probe" is registered
      And the auth plugin "prove" is registered
      When I LIST "sys/plugins/catalog/secret"
      Then the answer is 200 with:
        | data.keys | contains probe |
        | data.keys | lacks prove    |
      When I LIST "sys/plugins/catalog/auth"
      Then the answer is 200 with:
        | data.keys | contains prove |
        | data.keys | lacks probe    |

    @LST-002 @must @needs-plugin-directory
    Scenario: LIST may be written as GET with list=true
      Given the secret plugin "probe" is registered
      When I GET "sys/plugins/catalog/secret?list=true"
      Then the answer is 200 with:
        | data.keys | contains probe |

    @LST-003 @must @needs-plugin-directory
    Scenario: The whole catalog has names by type, and details
      Given the secret plugin "probe" is registered
      When I GET "sys/plugins/catalog"
      Then the answer is 200 with:
        | data.secret                               | contains probe    |
        | data.auth                                 | lacks probe       |
        | data.database                             | (any)             |
        | data.detailed.[name=probe].type           | secret            |
        | data.detailed.[name=probe].version        |                   |
        | data.detailed.[name=probe].builtin        | false             |
        | data.detailed.[name=probe].sha256         | {sha256 of probe} |

    @LST-004 @must @needs-plugin-directory
    Scenario: Every version has details of its own
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      And the secret plugin "probe" is registered with:
        | version | v2.0.0 |
      When I GET "sys/plugins/catalog"
      Then the answer is 200 with:
        | data.detailed.[name=probe version=v1.0.0].type | secret |
        | data.detailed.[name=probe version=v2.0.0].type | secret |

    @LST-005 @must @needs-plugin-directory
    Scenario Outline: A plugin that has only versions in the list of names, <expectation>
      Vault leaves it out, which is reported as hashicorp/vault#28936; OpenBao
      has it since its #3186.
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      When I LIST "sys/plugins/catalog/secret"
      Then the answer is 200 with:
        | data.keys | <expectation> |
      When I GET "sys/plugins/catalog"
      Then the answer is 200 with:
        | data.secret | <expectation> |

      @vault
      Examples:
        | expectation |
        | lacks probe |

      @openbao>=2.5.5
      Examples:
        | expectation    |
        | contains probe |

    @LST-006 @must
    Scenario: Builtins are listed as such
      When I GET "sys/plugins/catalog"
      Then the answer is 200 with:
        | data.secret                                         | contains kv |
        | data.detailed.[name=kv type=secret].builtin            | true        |
        | data.detailed.[name=kv type=secret].version            | /v.*\+builtin.*/ |
        | data.detailed.[name=kv type=secret].deprecation_status | supported   |

    @LST-007 @should
    Scenario Outline: There is no LIST of the whole catalog or of an unknown type, <path>
      When I LIST "<path>"
      Then the answer is 405 with the error "unsupported operation"

      Examples:
        | path                      |
        | sys/plugins/catalog       |
        | sys/plugins/catalog/bogus |

  @contract-3
  Rule: Mounts are listed with all that is known about them

    @LST-010 @must @needs-plugin-directory
    Scenario: A secrets engine in the list of mounts
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "my-secrets" with:
        | description | mine |
      When I GET "sys/mounts"
      Then the answer is 200 with:
        | data.my-secrets/.type                     | probe              |
        | data.my-secrets/.description              | mine               |
        | data.my-secrets/.accessor                 | /probe_[0-9a-f]{8}/ |
        | data.my-secrets/.uuid                     | /[0-9a-f-]{36}/    |
        | data.my-secrets/.config.default_lease_ttl | 0                  |
        | data.my-secrets/.config.max_lease_ttl     | 0                  |
        | data.my-secrets/.config.force_no_cache    | false              |
        | data.my-secrets/.local                    | false              |
        | data.my-secrets/.seal_wrap                | false              |
        | data.my-secrets/.external_entropy_access  | false              |
        | data.my-secrets/.plugin_version           |                    |
        | data.my-secrets/.running_plugin_version   |                    |
        | data.my-secrets/.running_sha256           | {sha256 of probe}  |
        | data.my-secrets/.deprecation_status       | (missing)          |

    @LST-011 @must @needs-plugin-directory
    Scenario: One secrets engine, and one that is not there
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "my-secrets"
      When I GET "sys/mounts/my-secrets"
      Then the answer is 200 with:
        | data.type           | probe             |
        | data.running_sha256 | {sha256 of probe} |
      When I GET "sys/mounts/never"
      Then the answer is 400 with the error "No secret engine mount at never/"

    @LST-012 @must @needs-plugin-directory
    Scenario: An auth method in the list of auth methods
      Given the auth plugin "probe" is registered
      And "probe" is enabled as auth method at "a"
      When I GET "sys/auth"
      Then the answer is 200 with:
        | data.a/.type              | probe                    |
        | data.a/.accessor          | /auth_probe_[0-9a-f]{8}/ |
        | data.a/.config.token_type | default-service          |
        | data.a/.running_sha256    | {sha256 of probe}        |
        | data.token/.type          | token                    |
      When I GET "sys/mounts"
      Then the answer is 200 with:
        | data.a/ | (missing) |

    @LST-013 @must @needs-plugin-directory
    Scenario: One auth method, and one that is not there
      Given the auth plugin "probe" is registered
      And "probe" is enabled as auth method at "a"
      When I GET "sys/auth/a"
      Then the answer is 200 with:
        | data.type | probe |
      When I GET "sys/auth/never"
      Then the answer is 400 with the error "No auth engine at never/"

    @LST-014 @must @needs-plugin-directory
    Scenario: Every mount has an accessor and a UUID of its own
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "a"
      And "probe" is mounted at "b"
      When I GET "sys/mounts/a"
      And I keep "data.accessor" as "accessor"
      And I keep "data.uuid" as "uuid"
      When I GET "sys/mounts/b"
      Then the answer is 200
      And the answer does not disclose "{accessor}"
      And the answer does not disclose "{uuid}"

    @LST-015 @must
    Scenario Outline: The server's own mounts are listed, <path>
      When I GET "sys/mounts"
      Then the answer is 200 with:
        | data.<path>.type                   | <type>   |
        | data.<path>.local                  | <local>  |
        | data.<path>.running_plugin_version | /v.*\+builtin\..*/ |

      Examples:
        | path       | type      | local |
        | sys/       | system    | false |
        | identity/  | identity  | false |
        | cubbyhole/ | cubbyhole | true  |

    @LST-016 @must @needs-plugin-directory
    Scenario: The user interface's list has what a token may see
      Source: https://developer.hashicorp.com/vault/api-docs/system/internal-ui-mounts
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "my-secrets" with:
        | description | mine |
      When I GET "sys/internal/ui/mounts"
      Then the answer is 200 with:
        | data.secret.my-secrets/.type        | probe |
        | data.secret.my-secrets/.description | mine  |
        | data.auth.token/.type               | token |
      When nobody GETs "sys/internal/ui/mounts"
      Then the answer is 200 with:
        | data.secret.my-secrets/ | (missing) |

    @LST-017 @must @needs-plugin-directory
    Scenario Outline: Listing mounts needs a token that may, <path>
      When nobody GETs "<path>"
      Then the answer is 403 with the error "permission denied"
      When a stranger GETs "<path>"
      Then the answer is 403 with the error "permission denied"

      Examples:
        | path       |
        | sys/mounts |
        | sys/auth   |
