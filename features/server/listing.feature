Feature: Listing plugins and mounts
  The lists of plugins and mounts, and the fields of their entries.
  Source: https://developer.hashicorp.com/vault/api-docs/system/plugins-catalog
  Source: https://developer.hashicorp.com/vault/api-docs/system/mounts
  Remedy: Compare the listing in the exchange with the fields that the API's documentation names.

  @contract-2
  Rule: The catalog lists plugins

    @LST-001 @must @needs-plugin-directory
    Scenario: The list of a type has the names of its plugins only
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
    Scenario: The catalog has the names by type, and details
      Given the secret plugin "probe" is registered
      When I GET "sys/plugins/catalog"
      Then the answer is 200 with:
        | data.secret                        | contains probe    |
        | data.auth                          | lacks probe       |
        | data.database                      | (any)             |
        | data.detailed.[name=probe].type    | secret            |
        | data.detailed.[name=probe].version |                   |
        | data.detailed.[name=probe].builtin | false             |
        | data.detailed.[name=probe].sha256  | {sha256 of probe} |

    @LST-004 @must @needs-plugin-directory
    Scenario: Each version has an entry in the details
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      And the secret plugin "probe" is registered with:
        | version | v2.0.0 |
      When I GET "sys/plugins/catalog"
      Then the answer is 200 with:
        | data.detailed.[name=probe version=v1.0.0].type | secret |
        | data.detailed.[name=probe version=v2.0.0].type | secret |

    @LST-005 @must @needs-plugin-directory
    Scenario Outline: A plugin without an unversioned entry in the list of names, <expectation>
      Vault leaves it out (hashicorp/vault#28936), OpenBao lists it since its #3186.
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
    Scenario: Builtin plugins are marked as builtin
      When I GET "sys/plugins/catalog"
      Then the answer is 200 with:
        | data.secret                                            | contains kv      |
        | data.detailed.[name=kv type=secret].builtin            | true             |
        | data.detailed.[name=kv type=secret].version            | /v.*\+builtin.*/ |
        | data.detailed.[name=kv type=secret].deprecation_status | supported        |

    @LST-007 @should
    Scenario Outline: The whole catalog and an unknown type can't be listed with LIST, <path>
      When I LIST "<path>"
      Then the answer is 405

      Examples:
        | path                      |
        | sys/plugins/catalog       |
        | sys/plugins/catalog/bogus |

  @contract-3
  Rule: The lists of mounts have all fields of a mount

    @LST-010 @must @needs-plugin-directory
    Scenario: A secrets engine in the list of mounts
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "my-secrets" with:
        | description | mine |
      When I GET "sys/mounts"
      Then the answer is 200 with:
        | data.my-secrets/.type                     | probe               |
        | data.my-secrets/.description              | mine                |
        | data.my-secrets/.accessor                 | /probe_[0-9a-f]{8}/ |
        | data.my-secrets/.uuid                     | /[0-9a-f-]{36}/     |
        | data.my-secrets/.config.default_lease_ttl | 0                   |
        | data.my-secrets/.config.max_lease_ttl     | 0                   |
        | data.my-secrets/.config.force_no_cache    | false               |
        | data.my-secrets/.local                    | false               |
        | data.my-secrets/.seal_wrap                | false               |
        | data.my-secrets/.external_entropy_access  | false               |
        | data.my-secrets/.plugin_version           |                     |
        | data.my-secrets/.running_plugin_version   |                     |
        | data.my-secrets/.running_sha256           | {sha256 of probe}   |
        | data.my-secrets/.deprecation_status       | (missing)           |

    @LST-011 @must @needs-plugin-directory
    Scenario: A single secrets engine can be read, a missing one is 400
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "my-secrets"
      When I GET "sys/mounts/my-secrets"
      Then the answer is 200 with:
        | data.type           | probe             |
        | data.running_sha256 | {sha256 of probe} |
      When I GET "sys/mounts/never"
      Then the answer is 400

    @LST-012 @must @needs-plugin-directory
    Scenario: An auth method in the list of auth methods
      Given the auth plugin "probe" is registered
      And "probe" is enabled as an auth method at "a"
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
    Scenario: A single auth method can be read, a missing one is 400
      Given the auth plugin "probe" is registered
      And "probe" is enabled as an auth method at "a"
      When I GET "sys/auth/a"
      Then the answer is 200 with:
        | data.type | probe |
      When I GET "sys/auth/never"
      Then the answer is 400

    @LST-014 @must @needs-plugin-directory
    Scenario: Accessor and UUID are unique to a mount
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
        | data.<path>.type                   | <type>             |
        | data.<path>.local                  | <local>            |
        | data.<path>.running_plugin_version | /v.*\+builtin\..*/ |

      Examples:
        | path       | type      | local |
        | sys/       | system    | false |
        | identity/  | identity  | false |
        | cubbyhole/ | cubbyhole | true  |

    @LST-016 @must @needs-plugin-directory
    Scenario: The user interface's list has only mounts that the token may see
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
    Scenario Outline: Listing mounts needs a valid token, <path>
      When nobody GETs "<path>"
      Then the answer is 403
      When a stranger GETs "<path>"
      Then the answer is 403

      Examples:
        | path       |
        | sys/mounts |
        | sys/auth   |
