@type-secret @type-auth @needs-process-control @needs-plugin-directory
Feature: Processes of the plugin
  Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-development

  @PLG-030 @must
  Scenario: A reload starts a new process, and the old one ends
    Remedy: Return from main when the server disconnects. Do not block in Cleanup or on other goroutines.
    Given the plugin is registered
    And the plugin is mounted at "p"
    When I GET "{at}p/?help=1"
    And the process of "my-plugin" is kept as "old"
    And I PUT "sys/plugins/reload/backend" {"plugin": "{plugin}"}
    Then the answer is 200
    When I GET "{at}p/?help=1"
    Then the answer is 200
    And the process "old" has ended

  @PLG-032 @must
  Scenario: A killed process is started again by the next request
    Remedy: Do not keep locks, ports or files that a killed process leaves behind.
    Given the plugin is registered
    And the plugin is mounted at "p"
    When I GET "{at}p/?help=1"
    And the process of "my-plugin" is kept as "first"
    And the process "first" is killed
    And the process "first" has ended
    Then soon GET "{at}p/?help=1" answers 200 with:
      | help | (any) |

  @PLG-033 @must
  Scenario: The process ends with its last mount
    Remedy: Return from main when the server disconnects. Do not block in Cleanup or on other goroutines.
    Given the plugin is registered
    And the plugin is mounted at "p"
    When I GET "{at}p/?help=1"
    And I DELETE "{table}/p"
    Then the answer is 204
    And 0 processes of "my-plugin" run

  @PLG-600 @must @needs-samples
  Scenario: Many clients at once see what they wrote
    Remedy: Guard what several requests share with a lock, and keep nothing of a request in the backend.
    Given the plugin is registered
    And the plugin is mounted at "p"
    When the samples are written at "p"
    Then 16 clients read and write the samples at "p"

  @PLG-601 @should
  Scenario: The process stays as small over many requests
    Remedy: Close what a request opens, and bound what is kept between requests.
    Given the plugin is registered
    And the plugin is mounted at "p"
    Then the process stays as small over 300 requests to "p"

  @PLG-603 @must @needs-restart @own-server
  Scenario: The process ends with its server
    Remedy: Return from main when the server disconnects: do not start processes or wait for others after plugin.ServeMultiplex has returned.
    Given the server keeps its state
    And the plugin is registered
    And the plugin is mounted at "p"
    When I GET "{at}p/?help=1"
    And the process of "my-plugin" is kept as "old"
    And the server is killed and starts again
    Then the process "old" has ended
