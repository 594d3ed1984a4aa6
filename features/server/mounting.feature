@contract-3
Feature: Mounting plugins
  A mount binds a plugin to a path, gives it storage and starts its process.
  Source: https://developer.hashicorp.com/vault/api-docs/system/mounts
  Remedy: The server's error in the exchange says what it did not accept. A refused mount must leave nothing behind.

  Rule: A plugin is mounted by its name

    @MNT-001 @must @needs-plugin-directory
    Scenario Outline: A mounted plugin serves requests, <method>
      Given the secret plugin "probe" is registered
      When I <method> "sys/mounts/my-secrets" {"type": "probe"}
      Then the answer is 204
      When I GET "my-secrets/public"
      Then the answer is 200 with:
        | data.hello | anyone |

      Examples:
        | method |
        | POST   |
        | PUT    |

    @MNT-002 @must @needs-plugin-directory
    Scenario Outline: The older form with plugin_name works, <body>
      Given the secret plugin "probe" is registered
      When I POST "sys/mounts/p" <body>
      Then the answer is 204
      When I GET "sys/mounts/p"
      Then the answer is 200 with:
        | data.type | probe |

      Examples:
        | body                                                   |
        | {"type": "plugin", "plugin_name": "probe"}             |
        | {"type": "plugin", "config": {"plugin_name": "probe"}} |

    @MNT-003 @must
    Scenario Outline: A mount without a plugin is refused, <body>
      When I POST "sys/mounts/p" <body>
      Then the answer is 400

      Examples:
        | body               |
        | {}                 |
        | {"type": ""}       |
        | {"type": "plugin"} |

    @MNT-004 @must
    Scenario Outline: An unregistered plugin is refused, <table>
      When I POST "<table>/p" {"type": "never"}
      Then the answer is 400

      Examples:
        | table      |
        | sys/mounts |
        | sys/auth   |

    @MNT-005 @must @needs-plugin-directory
    Scenario: Description, options, local and seal_wrap are stored
      Given the secret plugin "probe" is registered
      When I POST "sys/mounts/p" with:
        """
        {"type": "probe", "description": "mine", "options": {"colour": "red"}, "local": true, "seal_wrap": true,
         "config": {"default_lease_ttl": "1h", "max_lease_ttl": "24h", "force_no_cache": true}}
        """
      Then the answer is 204
      When I GET "sys/mounts/p"
      Then the answer is 200 with:
        | data.description              | mine  |
        | data.options.colour           | red   |
        | data.local                    | true  |
        | data.seal_wrap                | true  |
        | data.config.default_lease_ttl | 3600  |
        | data.config.max_lease_ttl     | 86400 |
        | data.config.force_no_cache    | true  |

    @MNT-006 @must @needs-plugin-directory
    Scenario Outline: An invalid configuration is refused, <config>
      Given the secret plugin "probe" is registered
      When I POST "sys/mounts/p" {"type": "probe", "config": <config>}
      Then the answer is 400
      When I GET "sys/mounts/p"
      Then the answer is 400

      Examples:
        | config                                              |
        | {"default_lease_ttl": "banana"}                     |
        | {"default_lease_ttl": "10h", "max_lease_ttl": "1s"} |
        | {"listing_visibility": "bogus"}                     |

    @MNT-007 @must @needs-plugin-directory
    Scenario: The plugin is told its mount's path and type
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "my-secrets"
      When I GET "my-secrets/process"
      Then the answer is 200 with:
        | data.mount_point | my-secrets/ |
        | data.mount_type  | probe       |

  Rule: Which catalog entry a mount uses

    @MNT-010 @must @needs-plugin-directory
    Scenario: A requested version is used
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0  |
        | env     | WHICH=1 |
      And the secret plugin "probe" is registered with:
        | version | v2.0.0  |
        | env     | WHICH=2 |
      And "probe" is mounted at "p" with:
        | config.plugin_version | v1.0.0 |
      Then the plugin at "p" sees WHICH=1
      When I GET "sys/mounts/p"
      Then the answer is 200 with:
        | data.plugin_version         | v1.0.0 |
        | data.running_plugin_version | v1.0.0 |

    @MNT-011 @must @needs-plugin-directory
    Scenario: Without a requested version the unversioned entry is used
      Given the secret plugin "probe" is registered with:
        | version | v2.0.0  |
        | env     | WHICH=2 |
      And the secret plugin "probe" is registered with:
        | env | WHICH=none |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees WHICH=none

    @MNT-012 @must @needs-plugin-directory
    Scenario: Without an unversioned entry the highest version is used
      Given the secret plugin "probe" is registered with:
        | version | v10.0.0  |
        | env     | WHICH=10 |
      And the secret plugin "probe" is registered with:
        | version | v9.0.0  |
        | env     | WHICH=9 |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees WHICH=10
      When I GET "sys/mounts/p"
      Then the answer is 200 with:
        | data.plugin_version | v10.0.0 |

    @MNT-013 @must @needs-plugin-directory
    Scenario Outline: An unregistered or malformed version is refused, <version>
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      When I POST "sys/mounts/p" {"type": "probe", "config": {"plugin_version": "<version>"}}
      Then the answer is 400

      Examples:
        | version |
        | v3.0.0  |
        | bogus   |

    @MNT-014 @must @needs-plugin-directory
    Scenario: The version that the plugin reports is that of the mount
      Given the secret plugin "probe" is registered with:
        | env | PROBE_VERSION=v3.1.0 |
      And "probe" is mounted at "p"
      When I GET "sys/mounts/p"
      Then the answer is 200 with:
        | data.plugin_version         | v3.1.0 |
        | data.running_plugin_version | v3.1.0 |

  Rule: Mount paths do not overlap

    @MNT-020 @must @needs-plugin-directory
    Scenario Outline: A path in use, inside or above another mount is refused, <path>
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "x/y"
      When I POST "sys/mounts/<path>" {"type": "probe"}
      Then the answer is 400

      Examples:
        | path  |
        | x/y   |
        | x/y/z |
        | x     |

    @MNT-021 @must @needs-plugin-directory
    Scenario Outline: Reserved paths are refused, <path>
      Given the secret plugin "probe" is registered
      When I POST "sys/mounts/<path>" {"type": "probe"}
      Then the answer is 400

      Examples:
        | path      |
        | sys       |
        | sys/x     |
        | auth/x    |
        | cubbyhole |
        | identity  |

    @MNT-022 @must @needs-plugin-directory
    Scenario: Auth methods have a separate table of paths
      Given the secret plugin "probe" is registered
      And the auth plugin "probe" is registered
      And "probe" is mounted at "same"
      And "probe" is enabled as an auth method at "same"
      When I POST "sys/auth/same" {"type": "probe"}
      Then the answer is 400
      When I POST "sys/auth/token" {"type": "probe"}
      Then the answer is 400

  Rule: Mounting verifies the plugin

    @MNT-030 @must @needs-plugin-directory
    Scenario: A binary with another checksum than registered is refused
      Remedy: Register the plugin with the checksum of its binary, which 'sha256sum FILE' prints.
      Given the secret plugin "probe" is registered with:
        | sha256 | 0000000000000000000000000000000000000000000000000000000000000000 |
      When I POST "sys/mounts/p" {"type": "probe"}
      Then the answer is 400
      When I GET "sys/mounts/p"
      Then the answer is 400

    @MNT-031 @must @needs-plugin-directory @needs-plugin-files @own-server @needs-own-server
    Scenario: A binary that changed after its registration is refused
      Given the plugin directory holds "passthrough" as "changing"
      When I PUT "sys/plugins/catalog/secret/changing" {"command": "changing", "sha256": "{sha256 of changing}"}
      Then the answer is 204
      Given the binary "changing" is changed
      When I POST "sys/mounts/p" {"type": "changing"}
      Then the answer is 400
      When I GET "sys/mounts/p"
      Then the answer is 400

    @MNT-032 @must @needs-plugin-directory @needs-plugin-files @own-server @needs-own-server
    Scenario: A binary that was removed after its registration is refused
      Given the plugin directory holds "passthrough" as "going"
      When I PUT "sys/plugins/catalog/secret/going" {"command": "going", "sha256": "{sha256 of going}"}
      Then the answer is 204
      Given the binary "going" is removed
      When I POST "sys/mounts/p" {"type": "going"}
      Then the answer is 400

    @MNT-033 @must @needs-plugin-directory
    Scenario: A secrets engine can't be enabled as an auth method
      Given the plugin directory holds "passthrough"
      When I PUT "sys/plugins/catalog/auth/engine" {"command": "passthrough", "sha256": "{sha256 of passthrough}"}
      And I POST "sys/auth/a" {"type": "engine"}
      Then the answer is 400
      When I GET "sys/auth/a"
      Then the answer is 400

    @MNT-034 @must @needs-plugin-directory
    Scenario Outline: A plugin that does not start leaves no mount, <fault>
      Given the secret plugin "probe" is registered with:
        | env | PROBE_FAULT=<fault> |
      When I POST "sys/mounts/p" {"type": "probe"}
      Then the answer is 400
      When I GET "sys/mounts/p"
      Then the answer is 400
      When I GET "p/public"
      Then the answer is 404

      Examples:
        | fault             |
        | exit-at-start     |
        | garbage-handshake |
        | fail-setup        |

    @MNT-035 @should @needs-plugin-directory
    Scenario Outline: The refusal contains what the plugin said, <fault>
      Given the secret plugin "probe" is registered with:
        | env | PROBE_FAULT=<fault> |
      When I POST "sys/mounts/p" {"type": "probe"}
      Then the answer is 400 with the error "<said>"

      Examples:
        | fault             | said                               |
        | garbage-handshake | this is not a handshake            |
        | fail-setup        | probe: told to fail in the factory |

  Rule: Mounts are isolated from each other

    @MNT-040 @must @needs-plugin-directory
    Scenario: A mount does not see another mount's storage
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "a"
      And "probe" is mounted at "b"
      And I wrote "from a" to "a/kv/x"
      Then "b/kv/x" holds nothing
      And "a/kv/x" holds "from a"
      When I LIST "b/kv"
      Then the answer is 404

  Rule: Unmounting removes everything that belongs to the mount

    @MNT-050 @must @needs-plugin-directory
    Scenario: The path and the table entry are removed
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      When I DELETE "sys/mounts/p"
      Then the answer is 204
      When I GET "p/public"
      Then the answer is 404
      When I GET "sys/mounts/p"
      Then the answer is 400

    @MNT-051 @must @needs-plugin-directory
    Scenario: The storage is deleted
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      And I wrote "1" to "p/kv/x"
      When I DELETE "sys/mounts/p"
      Then the answer is 204
      Given "probe" is mounted at "p"
      Then "p/kv/x" holds nothing

    @MNT-052 @must @needs-plugin-directory
    Scenario: The leases are revoked
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      When I GET "p/lease"
      And I keep "lease_id" as "lease"
      And I PUT "sys/leases/lookup" {"lease_id": "{lease}"}
      Then the answer is 200
      When I DELETE "sys/mounts/p"
      Then the answer is 204
      When I PUT "sys/leases/lookup" {"lease_id": "{lease}"}
      Then the answer is 400

    @MNT-053 @must @needs-plugin-directory
    Scenario: The tokens of an auth method are revoked
      Given the auth plugin "probe" is registered
      And "probe" is enabled as an auth method at "a"
      When nobody POSTs "auth/a/login" {"user": "ada"}
      And I keep "auth.client_token" as "ada"
      And "ada" GETs "auth/token/lookup-self"
      Then the answer is 200
      When I DELETE "sys/auth/a"
      Then the answer is 204
      When "ada" GETs "auth/token/lookup-self"
      Then the answer is 403

    @MNT-054 @must
    Scenario Outline: Unmounting a path without a mount succeeds, <path>
      When I DELETE "<path>"
      Then the answer is 204

      Examples:
        | path             |
        | sys/mounts/never |
        | sys/auth/never   |

    @MNT-055 @must
    Scenario: The token auth method can't be disabled
      When I DELETE "sys/auth/token"
      Then the answer is 400

  Rule: Tuning and moving

    @MNT-060 @must @needs-plugin-directory
    Scenario: TTLs and description can be tuned and read
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      When I GET "sys/mounts/p/tune"
      Then the answer is 200 with:
        | data.default_lease_ttl | 2764800 |
        | data.max_lease_ttl     | 2764800 |
      When I POST "sys/mounts/p/tune" {"default_lease_ttl": "1h", "max_lease_ttl": "24h", "description": "tuned"}
      Then the answer is 204
      When I GET "sys/mounts/p/tune"
      Then the answer is 200 with:
        | data.default_lease_ttl | 3600  |
        | data.max_lease_ttl     | 86400 |
        | data.description       | tuned |

    @MNT-061 @must @needs-plugin-directory
    Scenario Outline: Invalid tuning is refused, <body>
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p" with:
        | config.max_lease_ttl | 24h |
      When I POST "sys/mounts/p/tune" <body>
      Then the answer is 400

      Examples:
        | body                            |
        | {"default_lease_ttl": "48h"}    |
        | {"default_lease_ttl": "banana"} |
        | {"listing_visibility": "bogus"} |
        | {"plugin_version": "v7.0.0"}    |
        | {"plugin_version": "bogus"}     |

    @MNT-062 @must
    Scenario: Tuning a path without a mount is refused
      When I POST "sys/mounts/never/tune" {"default_lease_ttl": "1h"}
      Then the answer is 400

    @MNT-063 @must @needs-plugin-directory
    Scenario: A mount can be moved with its data
      Source: https://developer.hashicorp.com/vault/api-docs/system/remount
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "here"
      And I wrote "1" to "here/kv/x"
      When I POST "sys/remount" {"from": "here", "to": "there"}
      Then the answer is 200 with:
        | data.migration_id | (any) |
      When I keep "data.migration_id" as "migration"
      Then soon GET "sys/remount/status/{migration}" answers 200 with:
        | data.migration_info.status       | success |
        | data.migration_info.source_mount | here/   |
        | data.migration_info.target_mount | there/  |
      And "there/kv/x" holds "1"
      When I GET "here/kv/x"
      Then the answer is 404
      When I DELETE "sys/mounts/there"
      Then the answer is 204

    @MNT-064 @must
    Scenario Outline: An invalid move is refused, <body>
      When I POST "sys/remount" <body>
      Then the answer is 400

      Examples:
        | body                             |
        | {"from": "never", "to": "there"} |
        | {"from": "never"}                |
        | {"from": "sys", "to": "there"}   |

    @MNT-065 @must @needs-plugin-directory
    Scenario: An auth method can be tuned at sys/auth and at sys/mounts/auth
      Given the auth plugin "probe" is registered
      And "probe" is enabled as an auth method at "a"
      When I POST "sys/auth/a/tune" {"default_lease_ttl": "30m", "token_type": "batch"}
      Then the answer is 204
      When I GET "sys/mounts/auth/a/tune"
      Then the answer is 200 with:
        | data.default_lease_ttl | 1800  |
        | data.token_type        | batch |
      When nobody POSTs "auth/a/login" {"user": "ada"}
      Then the answer is 200 with:
        | auth.token_type     | batch |
        | auth.renewable      | false |
        | auth.lease_duration | 1800  |

  Rule: A mount documents its paths

    @MNT-070 @must @needs-plugin-directory
    Scenario: The server's OpenAPI document has the paths of a mounted plugin
      Source: https://developer.hashicorp.com/vault/api-docs/system/internal-specs-openapi
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "my-secrets"
      When I GET "sys/internal/specs/openapi"
      Then the answer is 200 with:
        | openapi                      | (any) |
        | paths./my-secrets/public.get | (any) |
        | paths./sys/mounts            | (any) |
      When I GET "my-secrets/?help=1"
      Then the answer is 200 with:
        | openapi.paths./public.get | (any) |
