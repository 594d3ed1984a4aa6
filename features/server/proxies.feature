@contract-1
Feature: Proxies of plugins
  Plugins that call other services use HTTP_PROXY and NO_PROXY from their own
  environment. The scenarios run the proxies and the identity provider. Only the
  proxies can resolve idp.example.com, so a plugin that has its keys used a proxy.
  Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-management
  Remedy: 'plugproof env explain' shows which layer the value of HTTP_PROXY or NO_PROXY comes from.

  Background:
    Given an identity provider at "idp.example.com"
    And a forward proxy "eu.example.com"
    And a forward proxy "us.example.com"
    And "idp.example.com" signs a token for "ada" and the audience "app" as "token of ada"

  Rule: A plugin uses the proxy that was registered with it

    @PRX-001 @must @needs-plugin-directory @needs-loopback
    Scenario: Two registrations of one binary use different proxies
      Given the auth plugin "jwt-eu" is registered with:
        | binary | jwt                         |
        | env    | HTTP_PROXY={eu.example.com} |
      And the auth plugin "jwt-us" is registered with:
        | binary | jwt                         |
        | env    | HTTP_PROXY={us.example.com} |
      And "jwt-eu" is enabled as an auth method at "jwt-eu"
      And "jwt-us" is enabled as an auth method at "jwt-us"
      When I POST "auth/jwt-eu/config" {"jwks_url": "http://idp.example.com/keys", "bound_issuer": "http://idp.example.com"}
      Then the answer is 204
      When I POST "auth/jwt-eu/role/app" {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["app"], "token_policies": ["default"]}
      Then the answer is 204
      When nobody POSTs "auth/jwt-eu/login" {"role": "app", "jwt": "{token of ada}"}
      Then the answer is 200 with:
        | auth.policies | ["default"] |
      And "idp.example.com" was requested through the proxy "eu.example.com"
      And no request went through the proxy "us.example.com"
      When I POST "auth/jwt-us/config" {"jwks_url": "http://idp.example.com/keys", "bound_issuer": "http://idp.example.com"}
      Then the answer is 204
      When I POST "auth/jwt-us/role/app" {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["app"], "token_policies": ["default"]}
      Then the answer is 204
      When nobody POSTs "auth/jwt-us/login" {"role": "app", "jwt": "{token of ada}"}
      Then the answer is 200
      And "idp.example.com" was requested through the proxy "us.example.com"

    @PRX-002 @must @needs-plugin-directory @needs-loopback
    Scenario: A changed proxy is used after the next reload
      Given the auth plugin "jwt-eu" is registered with:
        | binary | jwt                         |
        | env    | HTTP_PROXY={eu.example.com} |
      And "jwt-eu" is enabled as an auth method at "jwt-eu"
      And the auth plugin "jwt-eu" is registered with:
        | binary | jwt                         |
        | env    | HTTP_PROXY={us.example.com} |
      When I PUT "sys/plugins/reload/backend" {"mounts": ["auth/jwt-eu/"]}
      Then the answer is 200
      When I POST "auth/jwt-eu/config" {"jwks_url": "http://idp.example.com/keys", "bound_issuer": "http://idp.example.com"}
      Then the answer is 204
      When I POST "auth/jwt-eu/role/app" {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["app"], "token_policies": ["default"]}
      Then the answer is 204
      When nobody POSTs "auth/jwt-eu/login" {"role": "app", "jwt": "{token of ada}"}
      Then the answer is 200
      And "idp.example.com" was requested through the proxy "us.example.com"
      And no request went through the proxy "eu.example.com"

    @PRX-003 @must @needs-plugin-directory @needs-loopback
    Scenario: A registered NO_PROXY bypasses the proxy
      Given the auth plugin "jwt-eu" is registered with:
        | binary | jwt                         |
        | env    | HTTP_PROXY={eu.example.com} |
        | env    | NO_PROXY=idp.example.com    |
      And "jwt-eu" is enabled as an auth method at "jwt-eu"
      When I POST "auth/jwt-eu/config" {"jwks_url": "http://idp.example.com/keys"}
      Then the answer is an error
      And no request went through the proxy "eu.example.com"

  Rule: The proxies of server and plugin are layered like other variables

    @PRX-010 @must @needs-plugin-directory @needs-loopback @needs-host-environment
    Scenario Outline: The server's proxy and the plugin's differ, <asked> is used
      Given the server's environment has HTTP_PROXY={us.example.com}
      And the auth plugin "jwt-eu" is registered with:
        | binary | jwt                         |
        | env    | HTTP_PROXY={eu.example.com} |
      And "jwt-eu" is enabled as an auth method at "jwt-eu"
      When I POST "auth/jwt-eu/config" {"jwks_url": "http://idp.example.com/keys", "bound_issuer": "http://idp.example.com"}
      Then the answer is 204
      When I POST "auth/jwt-eu/role/app" {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["app"], "token_policies": ["default"]}
      Then the answer is 204
      When nobody POSTs "auth/jwt-eu/login" {"role": "app", "jwt": "{token of ada}"}
      Then the answer is 200
      And "idp.example.com" was requested through the proxy "<asked>"
      And no request went through the proxy "<other>"

      @vault<1.16 @openbao
      Examples: host-wins
        | asked          | other          |
        | us.example.com | eu.example.com |

      @vault>=1.16
      Examples: plugin-wins
        | asked          | other          |
        | eu.example.com | us.example.com |

    @PRX-011 @must @needs-plugin-directory @needs-loopback @needs-host-environment
    Scenario: A plugin without a registered proxy uses the server's
      Given the server's environment has HTTP_PROXY={us.example.com}
      And the auth plugin "jwt-eu" is registered with:
        | binary | jwt |
      And "jwt-eu" is enabled as an auth method at "jwt-eu"
      When I POST "auth/jwt-eu/config" {"jwks_url": "http://idp.example.com/keys", "bound_issuer": "http://idp.example.com"}
      Then the answer is 204
      When I POST "auth/jwt-eu/role/app" {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["app"], "token_policies": ["default"]}
      Then the answer is 204
      When nobody POSTs "auth/jwt-eu/login" {"role": "app", "jwt": "{token of ada}"}
      Then the answer is 200
      And "idp.example.com" was requested through the proxy "us.example.com"

    @PRX-012 @must @needs-plugin-directory @needs-loopback @needs-host-environment @vault>=1.16
    Scenario: With the opt-out the server's proxy is used
      Given the server's environment has HTTP_PROXY={us.example.com}
      And the server's environment has VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING=true
      And the auth plugin "jwt-eu" is registered with:
        | binary | jwt                         |
        | env    | HTTP_PROXY={eu.example.com} |
      And "jwt-eu" is enabled as an auth method at "jwt-eu"
      When I POST "auth/jwt-eu/config" {"jwks_url": "http://idp.example.com/keys", "bound_issuer": "http://idp.example.com"}
      Then the answer is 204
      When I POST "auth/jwt-eu/role/app" {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["app"], "token_policies": ["default"]}
      Then the answer is 204
      When nobody POSTs "auth/jwt-eu/login" {"role": "app", "jwt": "{token of ada}"}
      Then the answer is 200
      And "idp.example.com" was requested through the proxy "us.example.com"
      And no request went through the proxy "eu.example.com"
