@type-secret @type-auth @needs-probe
Feature: Robustness
  Every operation of the plugin's OpenAPI document is sent what its author may
  not have thought of, on a mount that is set up and on one that is not.
  Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-development
  Remedy: A panic in a request ends the process and every mount that it serves. Look at the frame of your own code that the crash names, and check values before they are used.

  @PLG-200 @must @builds-on-PLG-016
  Scenario: The plugin lives through an empty body
    Remedy: Fields may be missing: use data.GetOk, or check the default that data.Get returns.
    Then the plugin lives through "an empty body"

  @PLG-201 @must @builds-on-PLG-016
  Scenario: The plugin lives through unknown fields
    Remedy: Read fields with data.Get, which knows the schema, rather than from req.Data.
    Then the plugin lives through "unknown fields"

  @PLG-202 @must @builds-on-PLG-016
  Scenario: The plugin lives through null
    Remedy: A field may be null, which is nil in req.Data: read it with data.GetOk.
    Then the plugin lives through "null in a field"

  @PLG-203 @must @builds-on-PLG-016
  Scenario: The plugin lives through fields of a wrong type
    Remedy: A type assertion without ok panics: read fields with data.Get, which has checked them, rather than from req.Data.
    Then the plugin lives through "a field of a wrong type"

  @PLG-204 @must @builds-on-PLG-016
  Scenario: The plugin lives through very long values
    Remedy: Bound what is parsed and what is allocated by the length of a value.
    Then the plugin lives through "a very long value"

  @PLG-205 @must @builds-on-PLG-016
  Scenario: The plugin lives through odd names in its paths
    Remedy: Names of a path may hold whatever its pattern lets pass: check them before they are used as keys or in expressions.
    Then the plugin lives through "an odd name in its path"

  @PLG-208 @must @builds-on-PLG-016
  Scenario: The plugin lives through odd values
    Remedy: Numbers may be negative or enormous, and a text need not be base64, JSON, a URL, a regular expression or a template: use what returns an error rather than what panics, as regexp.Compile for regexp.MustCompile.
    Then the plugin lives through "an odd value in a field"

  @PLG-206 @must @builds-on-PLG-016
  Scenario: The plugin lives through requests before it is configured
    Remedy: What is read from storage is nil until it was written: answer with logical.ErrorResponse that says what to configure.
    Then the plugin lives through "requests before it is configured"

  @PLG-207 @must
  Scenario: The plugin answers everything in time
    Remedy: Give every lock back on every way out, and end with the request's context what waits for something.
    Then the plugin answers everything in time

  @PLG-210 @should
  Scenario Outline: The plugin blames the user for mistakes in a body
    Remedy: Return logical.ErrorResponse for mistakes of the user, which is a 400. Other Go errors become 500, which operators take for a fault of the server.
    Then the plugin blames the user for "<input>"

    Examples:
      | input                   |
      | an empty body           |
      | unknown fields          |
      | null in a field         |
      | a field of a wrong type |
      | a very long value       |
      | an odd value in a field  |

  @PLG-211 @should
  Scenario: The plugin blames the user for odd names
    Remedy: Return logical.ErrorResponse for names that can't be, which is a 400, or nil for what does not exist, which is a 404.
    Then the plugin blames the user for "an odd name in its path"

  @PLG-212 @should @builds-on-PLG-022
  Scenario: The plugin blames the user for what is not configured
    Remedy: Return logical.ErrorResponse that says what to configure, which is a 400. Other Go errors become 500.
    Then the plugin blames the user for "requests before it is configured"

  @PLG-213 @should @builds-on-PLG-008 @builds-on-PLG-012 @builds-on-PLG-105
  Scenario: The plugin blames the user for a time to live above its limit
    Remedy: Return logical.ErrorResponse when ttl is above max_ttl, or shorten it with a warning.
    Given a mount of its own "p"
    Then a ttl above its limit at "p" is no server error
