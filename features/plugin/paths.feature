Feature: Paths
  Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-development

  @PLG-010 @should @type-secret @type-auth
  Scenario: The plugin has help
    Remedy: Set Help in framework.Backend to what the plugin is for.
    Given the plugin is mounted
    When I GET "{mount}/?help=1"
    Then the answer is 200
    And the help describes something

  @PLG-011 @must @type-secret @type-auth
  Scenario: A path that the plugin does not have is 404 or 405
    Remedy: Return logical.ErrUnsupportedPath, or a nil response for what is not there. Other Go errors become 500.
    Given the plugin is mounted
    When I GET "{mount}/plugproof/no-such-path"
    Then the answer is one of 404, 405

  @PLG-012 @must @type-secret @type-auth
  Scenario: A path that the plugin does not have needs a token
    Remedy: List the paths that need no token one by one in PathsSpecial.Unauthenticated. "*" opens all paths.
    Given the plugin is mounted
    When nobody GETs "{mount}/plugproof/no-such-path"
    Then the answer is 403

  @PLG-100 @should @type-secret @type-auth
  Scenario: Every path has help
    Remedy: Set HelpSynopsis in each framework.Path.
    Then every path has help

  @PLG-101 @may @type-secret @type-auth
  Scenario: Every operation has help
    Remedy: Set Summary in each framework.PathOperation.
    Then every operation has help

  @PLG-102 @should @type-secret @type-auth
  Scenario: The paths are in the plugin's OpenAPI document
    Remedy: Build on framework.Backend, and use patterns of literals, named groups and optional parts: no alternatives of a different form, no repetitions outside of groups.
    Then the paths are documented

  @PLG-103 @must @needs-special-paths @type-secret @type-auth
  Scenario: Every special path is one that the plugin has
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/logical#Paths
    Remedy: Write special paths as the patterns have them: relative to the mount, without a slash at the beginning, a + for a segment, a * at the end.
    Then every special path exists

  @PLG-104 @must @needs-open @type-secret @type-auth
  Scenario: Exactly the paths that are meant to need no token need none
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/logical#Paths
    Remedy: List in PathsSpecial.Unauthenticated what may be asked without a token, and under open in the profile.
    Given the plugin is mounted
    Then exactly the paths of the profile answer without a token

  @PLG-105 @must @type-auth
  Scenario: Somebody without a token can log in
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/logical#Paths
    Remedy: List the login path in PathsSpecial.Unauthenticated.
    Given the plugin is mounted
    Then a login needs no token

  @PLG-107 @should @type-secret @type-auth
  Scenario: No path hides another
    Remedy: Put the path with the more special pattern first in framework.Backend.Paths.
    Given the plugin is mounted
    Then no path hides another

  @PLG-108 @must @needs-probe @type-secret @type-auth
  Scenario: Every documented read and list is handled
    Remedy: Let the pattern of a list end with "/?$": servers ask for the path with a slash at its end.
    Given the plugin is mounted
    Then every documented read and list is handled

  @PLG-109 @should @needs-special-paths @needs-faults @needs-samples @type-secret @type-auth
  Scenario: What is local or sealed by its name is stored under that name
    Servers keep local, and wrap with the seal, what is stored at these paths. A path that nothing stored resembles is left alone.
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/logical#Paths
    Remedy: Write LocalStorage and SealWrapStorage of PathsSpecial as the keys that the plugin stores, a folder with a slash at its end.
    Given a mount of its own "p"
    When the samples are written at "p"
    Then special paths for storage are those stored at "p"
