@own-server @needs-plugin-directory
Feature: What any plugin must do
  These requirements hold for every secrets engine and auth method, whatever it
  is for. 'plugproof check' runs them for one binary.
  Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-development
  Remedy: The exchange shows what the server made of the plugin's answer. Run the plugin's own tests with its backend, then look at what it writes to stderr.

  Rule: A server can start it

    @PLG-001 @must
    Scenario: It is registered and mounted
      Remedy: Serve the backend with plugin.ServeMultiplex of vault/sdk, print nothing to stdout before, and build for the server's system, without cgo.
      Given the plugin is registered
      And the plugin is mounted at "p"
      When I GET "{table}/p"
      Then the answer is 200 with:
        | data.running_sha256 | {sha256 of my-plugin} |

    @PLG-002 @should
    Scenario: It reports its version
      Remedy: Set RunningVersion in framework.Backend, or implement logical.PluginVersioner, with a semantic version.
      Given the plugin is registered
      And the plugin is mounted at "p"
      When I GET "{table}/p"
      Then the answer is 200 with:
        | data.running_plugin_version | /v[0-9]+\..*/ |

    @PLG-003 @should @needs-settings
    Scenario: It needs no api_addr
      Remedy: Build it with an SDK from 2022 or later: AutoMTLS makes it independent of the server's api_addr.
      Given the server has no api_addr
      And the plugin is registered
      And the plugin is mounted at "p"
      When I GET "{at}p/?help=1"
      Then the answer is 200

    @PLG-004 @should @needs-process-control
    Scenario: Two mounts share one process
      Remedy: Serve with plugin.ServeMultiplex instead of plugin.Serve.
      Given the plugin is registered
      And the plugin is mounted at "p"
      And the plugin is mounted at "q"
      When I GET "{at}p/?help=1"
      And I GET "{at}q/?help=1"
      Then 1 process of "my-plugin" runs

    @PLG-005 @must @needs-process-control
    Scenario: Its environment reaches it
      Given the plugin is registered with the variable PLUGPROOF_CHECK=reached
      And the plugin is mounted at "p"
      When I GET "{at}p/?help=1"
      Then the process of "my-plugin" has the variable PLUGPROOF_CHECK=reached

  Rule: It answers

    @PLG-010 @must
    Scenario: It has help
      Remedy: Set Help in framework.Backend.
      Given the plugin is registered
      And the plugin is mounted at "p"
      When I GET "{at}p/?help=1"
      Then the answer is 200 with:
        | help | /(?s:.*\S.*)/ |

    @PLG-011 @must
    Scenario: A path that it does not have is 404 or 405
      Remedy: Return logical.ErrUnsupportedPath, or nil for what isn't there; other Go errors become 500.
      Given the plugin is registered
      And the plugin is mounted at "p"
      When I GET "{at}p/plugproof/no-such-path"
      Then the answer is one of 404, 405

    @PLG-012 @must
    Scenario: A path that it does not have needs a token
      Remedy: Name the paths that need no token one by one in PathsSpecial.Unauthenticated; "*" opens all.
      Given the plugin is registered
      And the plugin is mounted at "p"
      When nobody GETs "{at}p/plugproof/no-such-path"
      Then the answer is 403

  Rule: It keeps to its mount

    @PLG-020 @must @needs-sample-path
    Scenario: What one mount stores the other does not see
      Remedy: Keep state in req.Storage, never in variables of the process.
      Given the plugin is registered
      And the plugin is mounted at "p"
      And the plugin is mounted at "q"
      When the sample is written at "p"
      Then the sample is read at "p"
      And the sample is not at "q"

    @PLG-021 @must @needs-sample-path
    Scenario: What was stored is gone with the mount
      Given the plugin is registered
      And the plugin is mounted at "p"
      When the sample is written at "p"
      And I DELETE "{table}/p"
      And the plugin is mounted at "p"
      Then the sample is not at "p"

  Rule: It survives what servers do to it

    @PLG-030 @must @needs-process-control
    Scenario: A reload gives it a new process, and the old one ends
      Remedy: Return from main when the server goes: do not block in Cleanup or on other goroutines.
      Given the plugin is registered
      And the plugin is mounted at "p"
      When I GET "{at}p/?help=1"
      And the process of "my-plugin" is kept as "old"
      And I PUT "sys/plugins/reload/backend" {"plugin": "my-plugin"}
      Then the answer is 200
      When I GET "{at}p/?help=1"
      Then the answer is 200
      And the process "old" has ended

    @PLG-031 @must @needs-sample-path
    Scenario: A reload keeps what was stored
      Remedy: Keep state in req.Storage, never in variables of the process.
      Given the plugin is registered
      And the plugin is mounted at "p"
      When the sample is written at "p"
      And I PUT "sys/plugins/reload/backend" {"mounts": ["{at}p/"]}
      Then the sample is read at "p"

    @PLG-032 @must @needs-process-control
    Scenario: Killed, it comes back with the next request
      Given the plugin is registered
      And the plugin is mounted at "p"
      When I GET "{at}p/?help=1"
      And the process of "my-plugin" is kept as "first"
      And the process "first" is killed
      And the process "first" has ended
      Then soon GET "{at}p/?help=1" answers 200 with:
        | help | (any) |

    @PLG-033 @must @needs-process-control
    Scenario: Its process ends with its last mount
      Remedy: Return from main when the server goes: do not block in Cleanup or on other goroutines.
      Given the plugin is registered
      And the plugin is mounted at "p"
      When I GET "{at}p/?help=1"
      And I DELETE "{table}/p"
      Then the answer is 204
      And 0 processes of "my-plugin" run
