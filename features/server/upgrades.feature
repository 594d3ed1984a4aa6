@contract-3
Feature: Upgrading and reloading plugins
  A new version is registered beside the old one. A mount runs it after it was
  tuned to it and reloaded.
  Source: https://developer.hashicorp.com/vault/docs/upgrading/plugins
  Source: https://developer.hashicorp.com/vault/api-docs/system/plugins-reload
  Remedy: Compare the mount's plugin_version, which the next start uses, with its running_plugin_version.

  Rule: Tuning selects a version, a reload applies it

    @UPG-001 @must @needs-plugin-directory
    Scenario: A tuned version runs after the reload, with the mount's data
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0  |
        | env     | WHICH=1 |
      And the secret plugin "probe" is registered with:
        | version | v2.0.0  |
        | env     | WHICH=2 |
      And "probe" is mounted at "p" with:
        | config.plugin_version | v1.0.0 |
      And I wrote "kept" to "p/kv/x"
      When I POST "sys/mounts/p/tune" {"plugin_version": "v2.0.0"}
      Then the answer is 204
      When I GET "sys/mounts/p"
      Then the answer is 200 with:
        | data.plugin_version         | v2.0.0 |
        | data.running_plugin_version | v1.0.0 |
      And the plugin at "p" sees WHICH=1
      When I PUT "sys/plugins/reload/backend" {"plugin": "probe"}
      Then the answer is 200 with:
        | data.reload_id | (any) |
      And the plugin at "p" sees WHICH=2
      And "p/kv/x" holds "kept"
      When I GET "sys/mounts/p"
      Then the answer is 200 with:
        | data.plugin_version         | v2.0.0            |
        | data.running_plugin_version | v2.0.0            |
        | data.running_sha256         | {sha256 of probe} |

    @UPG-002 @must @needs-plugin-directory
    Scenario: A downgrade works the same way
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0  |
        | env     | WHICH=1 |
      And the secret plugin "probe" is registered with:
        | version | v2.0.0  |
        | env     | WHICH=2 |
      And "probe" is mounted at "p" with:
        | config.plugin_version | v2.0.0 |
      When I POST "sys/mounts/p/tune" {"plugin_version": "v1.0.0"}
      And I PUT "sys/plugins/reload/backend" {"mounts": ["p/"]}
      Then the plugin at "p" sees WHICH=1

    @UPG-003 @must @needs-plugin-directory
    Scenario: An auth method is upgraded like a secrets engine
      Given the auth plugin "probe" is registered with:
        | version | v1.0.0  |
        | env     | WHICH=1 |
      And the auth plugin "probe" is registered with:
        | version | v2.0.0  |
        | env     | WHICH=2 |
      And "probe" is enabled as an auth method at "a" with:
        | config.plugin_version | v1.0.0 |
      When I POST "sys/auth/a/tune" {"plugin_version": "v2.0.0"}
      And I PUT "sys/plugins/reload/backend" {"mounts": ["auth/a/"]}
      Then the plugin at "auth/a" sees WHICH=2

  Rule: A reload restarts only what it names

    @UPG-010 @must @needs-plugin-directory
    Scenario: A reload by plugin restarts all of its mounts
      Given the secret plugin "probe" is registered with:
        | env | PROBE_SERVE=automtls |
      And the secret plugin "other" is registered
      And "probe" is mounted at "a"
      And "probe" is mounted at "b"
      And "other" is mounted at "c"
      When the plugin at "a" runs as "process of a"
      And the plugin at "b" runs as "process of b"
      And the plugin at "c" runs as "process of c"
      When I PUT "sys/plugins/reload/backend" {"plugin": "probe"}
      Then the answer is 200
      And the plugin at "a" runs as another process than "process of a"
      And the plugin at "b" runs as another process than "process of b"
      And the plugin at "c" still runs as "process of c"

    @UPG-011 @must @needs-plugin-directory
    Scenario: A reload by mount restarts only this mount
      Given the secret plugin "probe" is registered with:
        | env | PROBE_SERVE=automtls |
      And "probe" is mounted at "a"
      And "probe" is mounted at "b"
      When the plugin at "a" runs as "process of a"
      And the plugin at "b" runs as "process of b"
      And I PUT "sys/plugins/reload/backend" {"mounts": ["a/"]}
      Then the answer is 200
      And the plugin at "a" runs as another process than "process of a"
      And the plugin at "b" still runs as "process of b"

    @UPG-012 @must @needs-plugin-directory
    Scenario: A reload keeps data
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      And I wrote "kept" to "p/kv/x"
      When I PUT "sys/plugins/reload/backend" {"mounts": ["p/"]}
      Then the answer is 200
      And "p/kv/x" holds "kept"

  Rule: Invalid and empty reloads

    @UPG-020 @must @needs-plugin-directory
    Scenario Outline: A reload needs either plugin or mounts, <body>
      When I PUT "sys/plugins/reload/backend" <body>
      Then the answer is 400

      Examples:
        | body                                  |
        | {}                                    |
        | {"plugin": "probe", "mounts": ["p/"]} |

    @UPG-021 @should
    Scenario: A reload of a missing mount is refused
      When I PUT "sys/plugins/reload/backend" {"mounts": ["never/"]}
      Then the answer is an error

    @UPG-022 @should @vault @openbao<2.6
    Scenario: A reload of a plugin that is not mounted succeeds
      When I PUT "sys/plugins/reload/backend" {"plugin": "never"}
      Then the answer is 200 with:
        | data.reload_id | (any) |

    @UPG-023 @should @vault>=1.16
    Scenario: A reload of a plugin that is not mounted gets a warning
      When I PUT "sys/plugins/reload/backend" {"plugin": "never"}
      Then the answer is 200
      And the answer warns "no plugins were reloaded"

    @UPG-024 @should @needs-plugin-directory
    Scenario Outline: The scope of a reload, <scope> <status>
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      When I PUT "sys/plugins/reload/backend" {"plugin": "probe", "scope": "<scope>"}
      Then the answer is <status>

      @vault
      Examples: Vault
        | scope  | status |
        | global | 202    |
        | bogus  | 400    |

      @openbao
      Examples: OpenBao ignores it
        | scope  | status |
        | global | 200    |
        | bogus  | 200    |

    @UPG-025 @must @needs-plugin-directory @vault>=1.16
    Scenario: A reload by type and name restarts the plugin's mounts
      Given the secret plugin "probe" is registered with:
        | env | WHICH=1 |
      And "probe" is mounted at "p"
      And the secret plugin "probe" is registered with:
        | env | WHICH=2 |
      When I POST "sys/plugins/reload/secret/probe" {}
      Then the answer is 200 with:
        | data.reload_id | (any) |
      And the plugin at "p" sees WHICH=2

    @UPG-026 @must @needs-plugin-directory
    Scenario: A reload needs a policy that allows it
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      And "clerk" has a token with the policy:
        """
        path "p/*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }
        """
      When "clerk" PUTs "sys/plugins/reload/backend" {"plugin": "probe"}
      Then the answer is 403

  @vault>=1.16
  Rule: A pinned version overrides others
    Source: https://developer.hashicorp.com/vault/api-docs/system/plugins-pins

    @UPG-030 @must @needs-plugin-directory
    Scenario: A pin can be set, read, listed and deleted
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      When I GET "sys/plugins/pins/secret/probe"
      Then the answer is 404
      When I POST "sys/plugins/pins/secret/probe" {"version": "v1.0.0"}
      Then the answer is 200
      When I GET "sys/plugins/pins/secret/probe"
      Then the answer is 200 with:
        | data.name    | probe  |
        | data.type    | secret |
        | data.version | v1.0.0 |
      When I GET "sys/plugins/pins"
      Then the answer is 200 with:
        | data.pinned_versions.[name=probe].version | v1.0.0 |
      When I DELETE "sys/plugins/pins/secret/probe"
      Then the answer is 200
      When I GET "sys/plugins/pins/secret/probe"
      Then the answer is 404

    @UPG-031 @must @needs-plugin-directory
    Scenario Outline: An invalid pin is refused, <body>
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      When I POST "sys/plugins/pins/secret/probe" <body>
      Then the answer is 400

      Examples:
        | body                          |
        | {}                            |
        | {"version": "v9.0.0"}         |
        | {"version": "v1.0.0+builtin"} |

    @UPG-032 @must @needs-plugin-directory
    Scenario: New mounts get the pinned version and can't request another
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0  |
        | env     | WHICH=1 |
      And the secret plugin "probe" is registered with:
        | version | v2.0.0  |
        | env     | WHICH=2 |
      When I POST "sys/plugins/pins/secret/probe" {"version": "v1.0.0"}
      Then the answer is 200
      Given "probe" is mounted at "p"
      Then the plugin at "p" sees WHICH=1
      When I POST "sys/mounts/q" {"type": "probe", "config": {"plugin_version": "v2.0.0"}}
      Then the answer is 400
      When I POST "sys/mounts/p/tune" {"plugin_version": "v2.0.0"}
      Then the answer is 400

    @UPG-033 @must @needs-plugin-directory
    Scenario: Existing mounts get the pinned version at the next reload
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0  |
        | env     | WHICH=1 |
      And the secret plugin "probe" is registered with:
        | version | v2.0.0  |
        | env     | WHICH=2 |
      And "probe" is mounted at "p" with:
        | config.plugin_version | v2.0.0 |
      When I POST "sys/plugins/pins/secret/probe" {"version": "v1.0.0"}
      Then the plugin at "p" sees WHICH=2
      When I PUT "sys/plugins/reload/backend" {"plugin": "probe"}
      Then the plugin at "p" sees WHICH=1

    @UPG-034 @must @needs-plugin-directory
    Scenario: A pinned version can't be deleted
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      And the secret plugin "probe" is registered with:
        | version | v2.0.0 |
      When I POST "sys/plugins/pins/secret/probe" {"version": "v1.0.0"}
      And I DELETE "sys/plugins/catalog/secret/probe?version=v1.0.0"
      Then the answer is 500
      When I DELETE "sys/plugins/catalog/secret/probe?version=v2.0.0"
      Then the answer is 204
      When I DELETE "sys/plugins/pins/secret/probe"
      And I DELETE "sys/plugins/catalog/secret/probe?version=v1.0.0"
      Then the answer is 204

    @UPG-035 @should @needs-plugin-directory
    Scenario Outline: The refusal of an invalid pin gives the reason, <body>
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      When I POST "sys/plugins/pins/secret/probe" <body>
      Then the answer is 400 with the error "<reason>"

      Examples:
        | body                          | reason                          |
        | {}                            | missing plugin version          |
        | {"version": "v9.0.0"}         | plugin not found in the catalog |
        | {"version": "v1.0.0+builtin"} | cannot pin a builtin plugin     |

    @UPG-036 @should @needs-plugin-directory
    Scenario: The refusal of another version than the pinned one names the pinned one
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      And the secret plugin "probe" is registered with:
        | version | v2.0.0 |
      When I POST "sys/plugins/pins/secret/probe" {"version": "v1.0.0"}
      Then the answer is 200
      Given "probe" is mounted at "p"
      When I POST "sys/mounts/q" {"type": "probe", "config": {"plugin_version": "v2.0.0"}}
      Then the answer is 400 with the error "v1.0.0"
      When I POST "sys/mounts/p/tune" {"plugin_version": "v2.0.0"}
      Then the answer is 400 with the error "v1.0.0"

    @UPG-037 @should @needs-plugin-directory
    Scenario: The refusal to delete a pinned version says that it is pinned
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      When I POST "sys/plugins/pins/secret/probe" {"version": "v1.0.0"}
      And I DELETE "sys/plugins/catalog/secret/probe?version=v1.0.0"
      Then the answer is 500 with the error "pinned version"

  @vault<1.16 @openbao
  Rule: Servers without pins and reload by type

    @UPG-040 @should
    Scenario Outline: The endpoint answers 404, <path>
      When I GET "<path>"
      Then the answer is 404

      Examples:
        | path                          |
        | sys/plugins/pins              |
        | sys/plugins/pins/secret/never |
