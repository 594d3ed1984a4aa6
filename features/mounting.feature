@contract-3
Feature: Mounting plugins
  A mount joins a path to a plugin, gives it storage of its own and starts its
  process.
  Source: https://developer.hashicorp.com/vault/api-docs/system/mounts
  Remedy: Look at the exchange: the server's error names what it did not accept. A mount that was refused must leave nothing behind.

  Rule: A plugin is mounted by its name

    @MNT-001 @must @needs-plugin-directory
    Scenario Outline: A mounted plugin answers, <method>
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
    Scenario Outline: The old form names the plugin beside the type, <body>
      Given the secret plugin "probe" is registered
      When I POST "sys/mounts/p" <body>
      Then the answer is 204
      When I GET "sys/mounts/p"
      Then the answer is 200 with:
        | data.type | probe |

      Examples:
        | body                                                  |
        | {"type": "plugin", "plugin_name": "probe"}            |
        | {"type": "plugin", "config": {"plugin_name": "probe"}} |

    @MNT-003 @must
    Scenario Outline: A mount without a plugin is refused, <body>
      When I POST "sys/mounts/p" <body>
      Then the answer is 400 with the error "<error>"

      Examples:
        | body               | error                                           |
        | {}                 | backend type must be specified as a string      |
        | {"type": ""}       | backend type must be specified as a string      |
        | {"type": "plugin"} | plugin_name must be provided for plugin backend |

    @MNT-004 @must
    Scenario Outline: A plugin that nobody registered is refused, <table>
      When I POST "<table>/p" {"type": "never"}
      Then the answer is 400 with the error "plugin not found in the catalog: never"

      Examples:
        | table      |
        | sys/mounts |
        | sys/auth   |

    @MNT-005 @must @needs-plugin-directory
    Scenario: Description, options, local and seal_wrap are kept
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
    Scenario Outline: A configuration that makes no sense is refused, <config>
      Given the secret plugin "probe" is registered
      When I POST "sys/mounts/p" {"type": "probe", "config": <config>}
      Then the answer is 400 with the error "<error>"
      When I GET "sys/mounts/p"
      Then the answer is 400 with the error "No secret engine mount at p/"

      Examples:
        | config                                              | error                                                  |
        | {"default_lease_ttl": "banana"}                     | unable to parse default TTL of banana                  |
        | {"default_lease_ttl": "10h", "max_lease_ttl": "1s"} | given default lease TTL greater than given max lease TTL |
        | {"listing_visibility": "bogus"}                     | invalid listing_visibility bogus                       |

    @MNT-007 @must @needs-plugin-directory
    Scenario: The plugin knows its mount
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "my-secrets"
      When I GET "my-secrets/process"
      Then the answer is 200 with:
        | data.mount_point | my-secrets/ |
        | data.mount_type  | probe       |

  Rule: Which entry of the catalog is used

    @MNT-010 @must @needs-plugin-directory
    Scenario: The version that is asked for
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
        | env     | WHICH=1 |
      And the secret plugin "probe" is registered with:
        | version | v2.0.0 |
        | env     | WHICH=2 |
      And "probe" is mounted at "p" with:
        | config.plugin_version | v1.0.0 |
      Then the plugin at "p" sees WHICH=1
      When I GET "sys/mounts/p"
      Then the answer is 200 with:
        | data.plugin_version         | v1.0.0 |
        | data.running_plugin_version | v1.0.0 |

    @MNT-011 @must @needs-plugin-directory
    Scenario: Without asking, the entry without version
      Given the secret plugin "probe" is registered with:
        | version | v2.0.0 |
        | env     | WHICH=2 |
      And the secret plugin "probe" is registered with:
        | env | WHICH=none |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees WHICH=none

    @MNT-012 @must @needs-plugin-directory
    Scenario: Without asking and without such an entry, the newest version
      Given the secret plugin "probe" is registered with:
        | version | v10.0.0 |
        | env     | WHICH=10 |
      And the secret plugin "probe" is registered with:
        | version | v9.0.0 |
        | env     | WHICH=9 |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees WHICH=10
      When I GET "sys/mounts/p"
      Then the answer is 200 with:
        | data.plugin_version | v10.0.0 |

    @MNT-013 @must @needs-plugin-directory
    Scenario Outline: A version that is not there, or is none, is refused, <version>
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      When I POST "sys/mounts/p" {"type": "probe", "config": {"plugin_version": "<version>"}}
      Then the answer is 400 with the error "<error>"

      Examples:
        | version | error                                                    |
        | v3.0.0  | plugin not found in the catalog: probe, version=v3.0.0   |
        | bogus   | version "bogus" is not a valid semantic version          |

    @MNT-014 @must @needs-plugin-directory
    Scenario: The version that the plugin reports is shown
      Given the secret plugin "probe" is registered with:
        | env | PROBE_VERSION=v3.1.0 |
      And "probe" is mounted at "p"
      When I GET "sys/mounts/p"
      Then the answer is 200 with:
        | data.plugin_version         | v3.1.0 |
        | data.running_plugin_version | v3.1.0 |

  Rule: Paths do not overlap

    @MNT-020 @must @needs-plugin-directory
    Scenario Outline: A path in use, inside or above another mount is refused, <path>
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "x/y"
      When I POST "sys/mounts/<path>" {"type": "probe"}
      Then the answer is 400 with the error "path is already in use at x/y/"

      Examples:
        | path  |
        | x/y   |
        | x/y/z |
        | x     |

    @MNT-021 @must @needs-plugin-directory
    Scenario Outline: The server's own paths are refused, <path>
      Given the secret plugin "probe" is registered
      When I POST "sys/mounts/<path>" {"type": "probe"}
      Then the answer is 400 with the error "cannot mount "<path>/""

      Examples:
        | path      |
        | sys       |
        | sys/x     |
        | auth/x    |
        | cubbyhole |
        | identity  |

    @MNT-022 @must @needs-plugin-directory
    Scenario: Auth methods have paths of their own
      Given the secret plugin "probe" is registered
      And the auth plugin "probe" is registered
      And "probe" is mounted at "same"
      And "probe" is enabled as auth method at "same"
      When I POST "sys/auth/same" {"type": "probe"}
      Then the answer is 400 with the error "path is already in use at same/"
      When I POST "sys/auth/token" {"type": "probe"}
      Then the answer is 400 with the error "path is already in use at token/"

  Rule: At mount the process is started and checked

    @MNT-030 @must @needs-plugin-directory
    Scenario: A sum that does not fit the file
      Remedy: Register the plugin with the sum of the file: sha256sum FILE.
      Given the secret plugin "probe" is registered with:
        | sha256 | 0000000000000000000000000000000000000000000000000000000000000000 |
      When I POST "sys/mounts/p" {"type": "probe"}
      Then the answer is 400 with the error "checksums did not match"
      When I GET "sys/mounts/p"
      Then the answer is 400 with the error "No secret engine mount at p/"

    @MNT-031 @must @needs-plugin-directory @needs-plugin-files @own-server @needs-own-server
    Scenario: A file that was changed after its registration
      Given the plugin directory holds "passthrough" as "changing"
      When I PUT "sys/plugins/catalog/secret/changing" {"command": "changing", "sha256": "{sha256 of changing}"}
      Then the answer is 204
      Given the binary "changing" is changed
      When I POST "sys/mounts/p" {"type": "changing"}
      Then the answer is 400 with the error "checksums did not match"
      When I GET "sys/mounts/p"
      Then the answer is 400 with the error "No secret engine mount at p/"

    @MNT-032 @must @needs-plugin-directory @needs-plugin-files @own-server @needs-own-server
    Scenario: A file that was removed after its registration
      Given the plugin directory holds "passthrough" as "going"
      When I PUT "sys/plugins/catalog/secret/going" {"command": "going", "sha256": "{sha256 of going}"}
      Then the answer is 204
      Given the binary "going" is removed
      When I POST "sys/mounts/p" {"type": "going"}
      Then the answer is 400 with the error "no such file or directory"

    @MNT-033 @must @needs-plugin-directory
    Scenario: A secrets engine is no auth method
      Given the plugin directory holds "passthrough"
      When I PUT "sys/plugins/catalog/auth/engine" {"command": "passthrough", "sha256": "{sha256 of passthrough}"}
      And I POST "sys/auth/a" {"type": "engine"}
      Then the answer is 400 with the error "cannot mount "engine" of type "secret" as an auth backend"
      When I GET "sys/auth/a"
      Then the answer is 400 with the error "No auth engine at a/"

    @MNT-034 @must @needs-plugin-directory
    Scenario Outline: A plugin that does not start leaves no mount, <fault>
      Given the secret plugin "probe" is registered with:
        | env | PROBE_FAULT=<fault> |
      When I POST "sys/mounts/p" {"type": "probe"}
      Then the answer is 400 with the error "<error>"
      When I GET "sys/mounts/p"
      Then the answer is 400 with the error "No secret engine mount at p/"
      When I GET "p/public"
      Then the answer is 404

      Examples:
        | fault             | error                                                      |
        | exit-at-start     | Unrecognized remote plugin message                         |
        | garbage-handshake | Unrecognized remote plugin message: this is not a handshake |
        | fail-setup        | probe: told to fail in the factory                         |

  Rule: Mounts are apart from each other

    @MNT-040 @must @needs-plugin-directory
    Scenario: One mount does not see the storage of another
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "a"
      And "probe" is mounted at "b"
      And I wrote "from a" to "a/kv/x"
      Then "b/kv/x" holds nothing
      And "a/kv/x" holds "from a"
      When I LIST "b/kv"
      Then the answer is 404

  Rule: Unmounting removes everything of the mount

    @MNT-050 @must @needs-plugin-directory
    Scenario: The path and the entry are gone
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      When I DELETE "sys/mounts/p"
      Then the answer is 204
      When I GET "p/public"
      Then the answer is 404 with the error "no handler for route"
      When I GET "sys/mounts/p"
      Then the answer is 400 with the error "No secret engine mount at p/"

    @MNT-051 @must @needs-plugin-directory
    Scenario: The storage is emptied
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
      Then the answer is 400 with the error "invalid lease"

    @MNT-053 @must @needs-plugin-directory
    Scenario: The tokens of an auth method are revoked
      Given the auth plugin "probe" is registered
      And "probe" is enabled as auth method at "a"
      When nobody POSTs "auth/a/login" {"user": "ada"}
      And I keep "auth.client_token" as "ada"
      And "ada" GETs "auth/token/lookup-self"
      Then the answer is 200
      When I DELETE "sys/auth/a"
      Then the answer is 204
      When "ada" GETs "auth/token/lookup-self"
      Then the answer is 403 with the error "permission denied"

    @MNT-054 @must
    Scenario Outline: Unmounting what isn't there succeeds, <path>
      When I DELETE "<path>"
      Then the answer is 204

      Examples:
        | path             |
        | sys/mounts/never |
        | sys/auth/never   |

    @MNT-055 @must
    Scenario: The token method can't be disabled
      When I DELETE "sys/auth/token"
      Then the answer is 400 with the error "token credential backend cannot be disabled"

  Rule: Tuning and moving

    @MNT-060 @must @needs-plugin-directory
    Scenario: TTLs and description are tuned and shown
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
    Scenario Outline: Tuning to nonsense is refused, <body>
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p" with:
        | config.max_lease_ttl | 24h |
      When I POST "sys/mounts/p/tune" <body>
      Then the answer is 400 with the error "<error>"

      Examples:
        | body                            | error                                            |
        | {"default_lease_ttl": "48h"}    | would be less than backend default lease TTL     |
        | {"default_lease_ttl": "banana"} | invalid duration "banana"                        |
        | {"listing_visibility": "bogus"} | invalid listing_visibility bogus                 |
        | {"plugin_version": "v7.0.0"}    | plugin not found in the catalog: probe           |
        | {"plugin_version": "bogus"}     | version "bogus" is not a valid semantic version  |

    @MNT-062 @must
    Scenario: Tuning what isn't there is refused
      When I POST "sys/mounts/never/tune" {"default_lease_ttl": "1h"}
      Then the answer is 400 with the error "no mount entry found"

    @MNT-063 @must @needs-plugin-directory
    Scenario: A mount is moved with its data
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
      Then the answer is 404 with the error "no handler for route"
      When I DELETE "sys/mounts/there"
      Then the answer is 204

    @MNT-064 @must
    Scenario Outline: A move that makes no sense is refused, <body>
      When I POST "sys/remount" <body>
      Then the answer is 400 with the error "<error>"

      Examples:
        | body                             | error                                               |
        | {"from": "never", "to": "there"} | no matching mount at "never/"                       |
        | {"from": "never"}                | both 'from' and 'to' path must be specified         |
        | {"from": "sys", "to": "there"}   | cannot remount "sys/"                               |

    @MNT-065 @must @needs-plugin-directory
    Scenario: An auth method is tuned at both of its paths
      Given the auth plugin "probe" is registered
      And "probe" is enabled as auth method at "a"
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
