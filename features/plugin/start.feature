@type-secret @type-auth
Feature: A server can start the plugin
  These requirements hold for every secrets engine and auth method.
  'plugproof check' checks them for one binary.
  Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-development

  @PLG-001 @must
  Scenario: The plugin can be registered and mounted
    Remedy: Serve the backend with plugin.ServeMultiplex of vault/sdk, print nothing to stdout before, and build for the server's platform with CGO_ENABLED=0.
    Given the plugin is mounted
    When I GET "{entry}"
    Then the answer is 200 with:
      | data.running_sha256 | {sha256 of my-plugin} |

  @PLG-002 @should
  Scenario: The plugin reports its version
    Remedy: Set RunningVersion in framework.Backend to a semantic version, such as "v1.2.3", or to a variable that the build fills in: go build -ldflags "-X main.version=v1.2.3". A build by 'go install' without it has no version.
    Given the plugin is mounted
    When I GET "{entry}"
    Then the answer is 200 with:
      | data.running_plugin_version | /v[0-9]+\..*/ |

  @PLG-003 @should @needs-settings @needs-plugin-directory
  Scenario: The plugin needs no api_addr
    Remedy: Build the plugin with an SDK from 2022 or later, which has AutoMTLS.
    Given the server has no api_addr
    And the plugin is registered
    And the plugin is mounted at "p"
    When I GET "{at}p/?help=1"
    Then the answer is 200

  @PLG-004 @should @needs-process-control
  Scenario: Two mounts share one process
    Remedy: Serve with plugin.ServeMultiplex instead of plugin.Serve.
    Given the plugin is mounted
    And a fresh mount of its own "p"
    When I GET "{mount}/?help=1"
    And I GET "{at}p/?help=1"
    Then one process serves the plugin

  @PLG-005 @must @needs-process-control
  Scenario: A registered variable reaches the plugin's process
    Remedy: A script or launcher around the plugin has to pass its environment on: no 'env -i', no list of variables of its own.
    Given the plugin is mounted
    When I GET "{mount}/?help=1"
    Then the plugin's process has the variable PLUGPROOF_CHECK=reached

  @PLG-006 @must @needs-setup
  Scenario: The plugin can be set up
    Remedy: Blame mistakes of the user with logical.ErrorResponse, which is a 400. Other Go errors become 500.
    Then the setup is accepted

  @PLG-007 @must
  Scenario: The plugin answers its first request
    Remedy: Read what the plugin wrote to stderr. The framework ends the process at the first request if a path's pattern is not a regular expression, or if a path takes CreateOperation and has no ExistenceCheck.
    Then the first request is answered

  @PLG-008 @must
  Scenario: The plugin's type is that of what it does
    Remedy: Set BackendType in framework.Backend: logical.TypeCredential for an auth method, logical.TypeLogical for a secrets engine.
    Then the plugin's type fits what it does

  @PLG-009 @should @needs-process-control @needs-plugin-directory
  Scenario: A start that only asks for the version leaves nothing behind
    Servers start a plugin at its registration to ask for its type and version,
    with VAULT_PLUGIN_METADATA_MODE=true.
    Remedy: Do nothing in main but serve. Create files when a mount is initialized or a request needs them.
    Given the plugin is registered with an empty directory for its files
    Then the plugin left no files

  @PLG-014 @should
  Scenario: The plugin starts quickly
    A server waits for it at each start, and so does the request that comes after
    a crash.
    Remedy: Load and connect to what the plugin needs when a request needs it, not before it serves.
    Then the plugin started within 3s

  @PLG-015 @must
  Scenario: The plugin can be mounted more than once
    Remedy: Keep nothing in variables of the process that only one mount can have.
    Given the plugin is set up
    And a mount of its own "p"
    When I GET "{at}p/?help=1"
    Then the answer is 200
    When I GET "{mount}/?help=1"
    Then the answer is 200

  @PLG-016 @must @needs-plugin-directory
  Scenario: Two processes of the plugin run side by side
    Two registrations, or two versions of one, have a process each.
    Remedy: Listen on no fixed port, and take no lock on a fixed file.
    Given the plugin is mounted
    And the plugin is registered
    And the plugin is mounted at "p"
    When I GET "{at}p/?help=1"
    Then the answer is 200
    When I GET "{mount}/?help=1"
    Then the answer is 200
