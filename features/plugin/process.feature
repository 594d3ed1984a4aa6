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

  @PLG-600 @must @needs-samples @builds-on-PLG-021
  Scenario: Many clients at once see what they wrote
    Remedy: Guard what several requests share with a lock, and keep nothing of a request in the backend.
    Given the plugin is registered
    And the plugin is mounted at "p"
    When the samples are written at "p"
    Then 16 clients read and write the samples at "p"

  @PLG-601 @should
  Scenario: The process stays as small over many requests
    Remedy: Close what a request opens, end the goroutines that it starts, and bound what is kept between requests.
    Given the plugin is registered
    And the plugin is mounted at "p"
    Then the process stays as small over 300 requests to "p"

  @PLG-603 @must @needs-restart @own-server @builds-on-PLG-016
  Scenario: The process ends with its server
    Remedy: Return from main when the server disconnects: do not start processes or wait for others after plugin.ServeMultiplex has returned.
    Given the server keeps its state
    And the plugin is registered
    And the plugin is mounted at "p"
    When I GET "{at}p/?help=1"
    And the process of "my-plugin" is kept as "old"
    And the server is killed and starts again
    Then the process "old" has ended

  @PLG-604 @must @needs-requests @needs-plugin-logs @needs-faults
  Scenario: Requests that are cancelled end
    A client that goes away, or a server that ends a request after its longest time,
    cancels the context of the request in the plugin.
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/logical#Backend
    Remedy: Pass the request's context on to all that waits, end loops that try again when ctx.Err() is not nil, and give a channel that a goroutine answers on room for its answer.
    Given the plugin is registered
    And the plugin is mounted at "p"
    Then 8 requests of each kind to "p" end when they are cancelled

  @PLG-610 @must @needs-race-build @needs-requests @needs-plugin-logs
  Scenario: There is no data race
    What is written while others read or write it can end the process at any time.
    Source: https://go.dev/doc/articles/race_detector
    Remedy: Guard what both lines use with a lock, or keep it in the request or in req.Storage.
    Given the plugin is registered
    And the plugin is mounted at "p"
    When 16 clients carry out all of the profile at "p" at the same time
    Then no data race is in the plugin's log

  @PLG-605 @must @needs-plugin-logs @builds-on-PLG-510
  Scenario: Nothing of a mount runs on after its Cleanup
    The storage and the system view of a mount are gone then, and other mounts keep the
    process.
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#Backend
    Remedy: End in Clean of framework.Backend what the backend started: cancel the context of its goroutines and stop its tickers.
    Given the plugin is registered
    And the plugin is mounted at "p"
    Then nothing of 6 mounts beside "p" runs on after their Cleanup

  @PLG-606 @should @needs-services @needs-credentials-or-logins @needs-plugin-logs @needs-loopback
  Scenario: Requests end with their client while a service does not answer
    Source: https://pkg.go.dev/net/http#NewRequestWithContext
    Remedy: Make requests with http.NewRequestWithContext and the context of the request to the plugin.
    Given the plugin is registered
    And the plugin is mounted at "p"
    And services that can fail stand in at "p"
    Then 8 requests of each kind to "p" end when their service hangs and they are cancelled

  @PLG-607 @should @needs-credentials-or-logins @builds-on-PLG-601
  Scenario: The process stays as small over many credentials or logins
    Remedy: Close the body of each HTTP response, use one http.Client for all requests, wait for the child processes that are started, and end each goroutine.
    Given the plugin is registered
    And the plugin is mounted at "p"
    Then the process stays as small over 60 credentials or logins at "p"

  @PLG-608 @must @needs-crashes
  Scenario: The plugin lives when one of its mounts is removed
    All mounts of the process would end with it.
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#Backend
    Remedy: Let Clean of framework.Backend bear what is not there, or not any more: a nil client, a channel that is closed.
    Then the plugin has lived when one of its mounts was removed

  @PLG-609 @should @builds-on-PLG-009
  Scenario: No files are left when the plugin has ended
    Remedy: Remove each temporary file when the request is done, with defer os.Remove, or in Clean of framework.Backend.
    Given the plugin is registered with an empty directory for its files
    And the plugin is mounted at "p"
    When all of the profile is carried out at "p"
    And I DELETE "{table}/p"
    Then the plugin left no files

  @PLG-611 @should @needs-probe @builds-on-PLG-601 @builds-on-PLG-607
  Scenario: No operation leaves a goroutine behind
    Remedy: End each goroutine that a request starts: give a channel that it answers on room for its answer, and let it end with the request's context.
    Given the plugin is registered
    And the plugin is mounted at "p"
    Then 40 requests for each operation leave nothing at "p"
