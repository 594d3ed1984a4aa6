Feature: Plugin processes
  Which mounts share a process, when it starts, when it ends, and how server and
  plugin find each other.
  Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-architecture
  Remedy: List the plugin's processes (ps --ppid PID-OF-THE-SERVER), and read in the server's log what the plugin wrote before it ended.

  @contract-3
  Rule: Mounts of one catalog entry share a process if the plugin is multiplexed

    @LIF-001 @must @needs-plugin-directory
    Scenario: A multiplexed plugin has one process for all mounts
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "a"
      And "probe" is mounted at "b"
      When the plugin at "a" runs as "first"
      Then the plugin at "b" still runs as "first"
      And the answer is 200 with:
        | data.factory_calls | 2 |

    @LIF-002 @must @needs-plugin-directory
    Scenario: A plugin that is not multiplexed has one process for each mount
      Given the secret plugin "probe" is registered with:
        | env | PROBE_SERVE=automtls |
      And "probe" is mounted at "a"
      And "probe" is mounted at "b"
      When the plugin at "a" runs as "first"
      Then the plugin at "b" runs as another process than "first"
      And the answer is 200 with:
        | data.factory_calls | 1 |

    @LIF-003 @must @needs-plugin-directory
    Scenario: Two catalog entries never share a process, even of one binary
      Given the secret plugin "probe" is registered
      And the secret plugin "prove" is registered
      And "probe" is mounted at "a"
      And "prove" is mounted at "b"
      When the plugin at "a" runs as "first"
      Then the plugin at "b" runs as another process than "first"

    @LIF-004 @must @needs-plugin-directory
    Scenario: Two versions never share a process
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      And the secret plugin "probe" is registered with:
        | version | v2.0.0 |
      And "probe" is mounted at "a" with:
        | config.plugin_version | v1.0.0 |
      And "probe" is mounted at "b" with:
        | config.plugin_version | v2.0.0 |
      When the plugin at "a" runs as "first"
      Then the plugin at "b" runs as another process than "first"

  @contract-3
  Rule: A process ends with the last mount that uses it

    @LIF-010 @must @needs-plugin-directory @needs-process-control
    Scenario: A shared process runs while a mount uses it
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "a"
      And "probe" is mounted at "b"
      When the plugin at "a" runs as "shared"
      And I DELETE "sys/mounts/a"
      Then the plugin at "b" still runs as "shared"
      When I DELETE "sys/mounts/b"
      Then the process "shared" has ended

    @LIF-011 @must @needs-plugin-directory @needs-process-control
    Scenario: A process that is not shared ends with its mount
      Given the secret plugin "probe" is registered with:
        | env | PROBE_SERVE=automtls |
      And "probe" is mounted at "a"
      And "probe" is mounted at "b"
      When the plugin at "a" runs as "process of a"
      And the plugin at "b" runs as "process of b"
      And I DELETE "sys/mounts/a"
      Then the process "process of a" has ended
      And the process "process of b" still runs

    @LIF-012 @must @needs-plugin-directory @needs-process-control
    Scenario: A reload ends the old process
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      When the plugin at "p" runs as "old"
      And I PUT "sys/plugins/reload/backend" {"plugin": "probe"}
      Then the plugin at "p" runs as another process than "old"
      And the process "old" has ended

    @LIF-013 @must @needs-plugin-directory @needs-process-control @own-server @needs-own-server
    Scenario: A registration leaves no process behind
      Given the secret plugin "probe" is registered
      Then 0 processes of "probe" run

    @LIF-014 @should @needs-plugin-directory @needs-process-control @own-server @needs-own-server
    Scenario: A refused mount leaves no process behind
      Given the secret plugin "faulty" is registered with:
        | env | PROBE_FAULT=fail-setup |
      When I POST "sys/mounts/p" {"type": "faulty"}
      Then the answer is 400
      And 0 processes of "probe" run

  @contract-3
  Rule: A crashed process is started again by the next request

    @LIF-020 @must @needs-plugin-directory
    Scenario: A process that crashed is started again
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      And I wrote "kept" to "p/kv/x"
      When the plugin at "p" runs as "first"
      And I GET "p/crash"
      Then the answer is 500
      And soon "p/kv/x" holds "kept"
      And the plugin at "p" runs as another process than "first"

    @LIF-021 @must @needs-plugin-directory @needs-process-control
    Scenario: A process that was killed is started again
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      And I wrote "kept" to "p/kv/x"
      When the plugin at "p" runs as "first"
      And the process "first" is killed
      Then soon "p/kv/x" holds "kept"
      And the plugin at "p" runs as another process than "first"

    @LIF-022 @must @needs-plugin-directory @needs-process-control
    Scenario: All mounts of a shared process recover
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "a"
      And "probe" is mounted at "b"
      And I wrote "of a" to "a/kv/x"
      And I wrote "of b" to "b/kv/x"
      When the plugin at "a" runs as "shared"
      And I GET "a/crash"
      Then the process "shared" has ended
      And soon "b/kv/x" holds "of b"
      And soon "a/kv/x" holds "of a"

  @contract-4
  Rule: How server and plugin find each other

    @LIF-030 @must @needs-plugin-directory @needs-settings
    Scenario: A plugin with AutoMTLS needs no api_addr
      Given the server has no api_addr
      And the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      When I GET "p/public"
      Then the answer is 200 with:
        | data.hello | anyone |

    @LIF-031 @must @needs-plugin-directory
    Scenario: A plugin without AutoMTLS needs api_addr
      Remedy: Set api_addr to an address of the server that its plugins can reach.
      Given the secret plugin "old" is registered with:
        | binary | probe-v4  |
        | env    | REGION=eu |
      And "old" is mounted at "o"
      And I wrote "kept" to "o/kv/x"
      Then "o/kv/x" holds "kept"
      And the plugin at "o" sees REGION=eu

    @LIF-032 @must @needs-plugin-directory @needs-settings
    Scenario: Without api_addr such a plugin fails at its first request
      Given the server has no api_addr
      And the plugin directory holds "probe-v4"
      When I PUT "sys/plugins/catalog/secret/old" {"command": "probe-v4", "sha256": "{sha256 of probe-v4}"}
      Then the answer is 204
      When I POST "sys/mounts/o" {"type": "old"}
      Then the answer is 204
      When I GET "o/public"
      Then the answer is 500

    @LIF-033 @must @needs-plugin-directory
    Scenario Outline: Every function of the SDK that serves a plugin works, <serve>
      Given the secret plugin "probe" is registered with:
        | env | PROBE_SERVE=<serve> |
      And "probe" is mounted at "p"
      And I wrote "1" to "p/kv/x"
      Then "p/kv/x" holds "1"

      Examples:
        | serve     |
        | multiplex |
        | automtls  |
        | wrapped   |

    @LIF-034 @must @needs-plugin-directory
    Scenario: A plugin without AutoMTLS survives a reload
      Given the secret plugin "old" is registered with:
        | binary | probe-v4 |
      And "old" is mounted at "o"
      And I wrote "kept" to "o/kv/x"
      When I PUT "sys/plugins/reload/backend" {"mounts": ["o/"]}
      Then the answer is 200
      And "o/kv/x" holds "kept"

  @contract-3
  Rule: Registrations, mounts and data survive a restart of the server
    Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-management

    @LIF-040 @must @needs-plugin-directory @needs-restart
    Scenario: They survive a regular restart
      Given the server keeps its state
      And the secret plugin "probe" is registered with:
        | version | v1.0.0  |
        | env     | WHICH=1 |
      And "probe" is mounted at "p"
      And I wrote "kept" to "p/kv/x"
      When the server restarts
      Then soon "p/kv/x" holds "kept"
      And the plugin at "p" sees WHICH=1
      When I GET "sys/mounts/p"
      Then the answer is 200 with:
        | data.running_plugin_version | v1.0.0 |

    @LIF-041 @must @needs-plugin-directory @needs-restart @needs-process-control
    Scenario: Plugin processes end with the server
      Given the server keeps its state
      And the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      When the plugin at "p" runs as "first"
      And the server restarts
      Then the process "first" has ended
      And soon the plugin at "p" runs as another process than "first"

    @LIF-042 @must @needs-plugin-directory @needs-restart
    Scenario: They survive a killed server
      Given the server keeps its state
      And the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      And I wrote "kept" to "p/kv/x"
      When the server is killed and starts again
      Then soon "p/kv/x" holds "kept"
