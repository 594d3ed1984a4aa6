@type-secret @type-auth
Feature: Environment
  Source: features/CONTRACT.md#1-environment

  @PLG-800 @must @needs-loopback @needs-plugin-directory @builds-on-PLG-016
  Scenario: A registered proxy is used for HTTP calls
    Source: https://pkg.go.dev/net/http#ProxyFromEnvironment
    Remedy: Set Proxy of each http.Transport to http.ProxyFromEnvironment, or clone http.DefaultTransport. cleanhttp.DefaultPooledTransport has it.
    Then the plugin's calls go through a registered proxy

  @PLG-801 @must @needs-process-control
  Scenario: A registered value arrives as it is
    Remedy: A script or launcher around the plugin has to pass values on as they are, with blanks, quotes and further equals signs.
    Given the plugin is mounted
    When I GET "{mount}/?help=1"
    Then the plugin's process has the variable PLUGPROOF_VALUE=a=b "c  d" $HOME

  @PLG-802 @should @needs-loopback @needs-plugin-directory
  Scenario: A registered exception from the proxy is honoured
    Source: https://pkg.go.dev/net/http#ProxyFromEnvironment
    Remedy: Use http.ProxyFromEnvironment rather than http.ProxyURL with a variable's value: NO_PROXY names what is asked directly.
    Then the plugin's calls go past the proxy to what is excepted

  @PLG-317 @must @needs-loopback @needs-plugin-directory
  Scenario: A change of the configuration takes effect
    The plugin is set up with other addresses than before.
    Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-development
    Remedy: Forget the client that was made from the configuration when that is written, and in Invalidate of framework.Backend; or make it anew for each request.
    Then the plugin calls what it was configured with last
