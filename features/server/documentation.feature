@own-server
Feature: Command-line sessions of the documentation
  The commands that "Plugin management" prints, with their output. Each is run by
  the bundled vault command line, or by a real one, against a server that starts
  real plugin processes.
  Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-management
  Remedy: Read the command's own message in the exchange, then look for another requirement that fails for the same reason.

  @DOC-001 @must @contract-2 @needs-plugin-directory
  Scenario: Register a plugin with its sha256
    Given the plugin directory holds "passthrough" as "passthrough-plugin"
    When I run "vault plugin register -sha256={sha256 of passthrough-plugin} secret passthrough-plugin"
    Then it prints "Success! Registered plugin: passthrough-plugin"
    When I run "vault plugin info secret passthrough-plugin"
    Then it prints a table with:
      | Key     | Value                          |
      | builtin | false                          |
      | command | passthrough-plugin             |
      | name    | passthrough-plugin             |
      | sha256  | {sha256 of passthrough-plugin} |

  @DOC-002 @must @contract-3 @needs-plugin-directory
  Scenario: Enable a secrets engine and read back what was written
    Given the plugin directory holds "passthrough" as "passthrough-plugin"
    When I run "vault plugin register -sha256={sha256 of passthrough-plugin} secret passthrough-plugin"
    Then it prints "Success! Registered plugin: passthrough-plugin"
    When I run "vault secrets enable -path=my-secrets passthrough-plugin"
    Then it prints "Success! Enabled the passthrough-plugin secrets engine at: my-secrets/"
    When I run "vault write my-secrets/app value=s3cr3t"
    Then it prints "Success! Data written to: my-secrets/app"
    When I run "vault read -field=value my-secrets/app"
    Then it prints "s3cr3t"

  @DOC-003 @must @contract-3 @needs-plugin-directory
  Scenario: List the secrets engines, in short and in detail
    Given the plugin directory holds "passthrough" as "passthrough-plugin"
    When I run "vault plugin register -sha256={sha256 of passthrough-plugin} secret passthrough-plugin"
    And I run "vault secrets enable -path=my-secrets -description=mine passthrough-plugin"
    And I run "vault secrets list"
    Then it prints a table with:
      | Path        | Type               | Accessor                         | Description |
      | my-secrets/ | passthrough-plugin | /passthrough-plugin_[0-9a-f]{8}/ | mine        |
      | sys/        | system             | /system_[0-9a-f]{8}/             | (any)       |
    When I run "vault secrets list -detailed"
    Then it prints a table with:
      | Path        | Plugin             | Accessor                         | Default TTL | Max TTL | Force No Cache | Replication | Options | Description | UUID            | Version | Running Version | Running SHA256                 |
      | my-secrets/ | passthrough-plugin | /passthrough-plugin_[0-9a-f]{8}/ | system      | system  | false          | replicated  | map[]   | mine        | /[0-9a-f-]{36}/ | n/a     | n/a             | {sha256 of passthrough-plugin} |

  @DOC-004 @must @contract-3 @needs-plugin-directory @needs-process-control
  Scenario: Disable a secrets engine
    Given the plugin directory holds "passthrough" as "passthrough-plugin"
    When I run "vault plugin register -sha256={sha256 of passthrough-plugin} secret passthrough-plugin"
    And I run "vault secrets enable -path=my-secrets passthrough-plugin"
    And I run "vault write my-secrets/app value=s3cr3t"
    Then 1 process of "passthrough-plugin" runs
    When I run "vault secrets disable my-secrets"
    Then it prints "Success! Disabled the secrets engine (if it existed) at: my-secrets/"
    And 0 processes of "passthrough-plugin" run
    When I run "vault secrets list"
    Then it prints a table without "my-secrets/"
    When I run "vault read my-secrets/app"
    Then it exits with 2 and the error "No value found at my-secrets/app"
    When I run "vault secrets enable -path=my-secrets passthrough-plugin"
    And I run "vault read my-secrets/app"
    Then it exits with 2 and the error "No value found at my-secrets/app"

  @DOC-005 @must @contract-1 @needs-plugin-directory @needs-cli-env
  Scenario: Register a plugin with an environment of its own
    Given the plugin directory holds "passthrough" as "passthrough-plugin"
    When I run "vault plugin register -sha256={sha256 of passthrough-plugin} -env REGION=eu -env TOKEN_FILE=/var/run/token secret passthrough-plugin"
    Then it prints "Success! Registered plugin: passthrough-plugin"
    When I run "vault secrets enable -path=my-secrets passthrough-plugin"
    And I run "vault read -field=value my-secrets/env/REGION"
    Then it prints "eu"
    When I run "vault read -field=value my-secrets/env/TOKEN_FILE"
    Then it prints "/var/run/token"

  @DOC-006 @must @contract-1 @needs-plugin-directory @needs-loopback @needs-cli-env
  Scenario: One auth plugin twice, each behind the proxy of its region
    Given the plugin directory holds "jwt" as "jwt-eu"
    And the plugin directory holds "jwt" as "jwt-us"
    And an identity provider at "idp.example.com"
    And a forward proxy "eu.example.com"
    And a forward proxy "us.example.com"
    And "idp.example.com" signs a token for "ada" and the audience "app" as "token of ada"
    When I run "vault plugin register -sha256={sha256 of jwt-eu} -env HTTP_PROXY={eu.example.com} auth jwt-eu"
    Then it prints "Success! Registered plugin: jwt-eu"
    When I run "vault plugin register -sha256={sha256 of jwt-us} -env HTTP_PROXY={us.example.com} auth jwt-us"
    Then it prints "Success! Registered plugin: jwt-us"
    When I run "vault auth enable jwt-eu"
    Then it prints "Success! Enabled jwt-eu auth method at: jwt-eu/"
    When I run "vault auth enable jwt-us"
    Then it prints "Success! Enabled jwt-us auth method at: jwt-us/"
    When I run "vault write auth/jwt-eu/config jwks_url=http://idp.example.com/keys bound_issuer=http://idp.example.com"
    Then it exits with 0
    When I run "vault write auth/jwt-eu/role/app user_claim=sub bound_audiences=app token_policies=default"
    Then it exits with 0
    When I run "vault write -field=token_policies auth/jwt-eu/login role=app jwt={token of ada}"
    Then it prints "[default]"
    And "idp.example.com" was requested through the proxy "eu.example.com"
    And no request went through the proxy "us.example.com"
    When I run "vault write auth/jwt-us/config jwks_url=http://idp.example.com/keys bound_issuer=http://idp.example.com"
    Then it exits with 0
    When I run "vault write auth/jwt-us/role/app user_claim=sub bound_audiences=app token_policies=default"
    Then it exits with 0
    When I run "vault write -field=token_policies auth/jwt-us/login role=app jwt={token of ada}"
    Then it prints "[default]"
    And "idp.example.com" was requested through the proxy "us.example.com"

  @DOC-007 @must @contract-4 @needs-plugin-directory @needs-settings
  Scenario Outline: A plugin built before AutoMTLS, <setting>
    Remedy: Set api_addr to an address that plugins on the same machine reach, or build the plugin with an SDK that has AutoMTLS.

    Given <setting>
    And the plugin directory holds "probe-v4" as "old"
    When I run "vault plugin register -sha256={sha256 of old} secret old"
    Then it prints "Success! Registered plugin: old"
    When I run "vault secrets enable old"
    Then it prints "Success! Enabled the old secrets engine at: old/"
    When I run "vault <command>"
    Then <result>

    Examples:
      | setting                    | command                      | result                                                             |
      | the server has an api_addr | read -field=hello old/public | it prints "anyone"                                                 |
      | the server has no api_addr | read old/public              | it exits with 2 and the error "Unrecognized remote plugin message" |

  @DOC-008 @must @contract-3 @needs-plugin-directory
  Scenario: Upgrade a plugin and keep its data
    Given the plugin directory holds "passthrough" as "passthrough-plugin"
    When I run "vault plugin register -sha256={sha256 of passthrough-plugin} -version=v1.0.0 secret passthrough-plugin"
    And I run "vault secrets enable -path=my-secrets -plugin-version=v1.0.0 passthrough-plugin"
    Then it prints "Success! Enabled the passthrough-plugin secrets engine version v1.0.0 at: my-secrets/"
    When I run "vault write my-secrets/app value=s3cr3t"
    And I run "vault plugin register -sha256={sha256 of passthrough-plugin} -version=v2.0.0 secret passthrough-plugin"
    Then it prints "Success! Registered plugin: passthrough-plugin"
    When I run "vault secrets tune -plugin-version=v2.0.0 my-secrets"
    Then it prints "Success! Tuned the secrets engine at: my-secrets/"
    When I GET "sys/mounts/my-secrets"
    Then the answer is 200 with:
      | data.plugin_version         | v2.0.0 |
      | data.running_plugin_version | v1.0.0 |
    When I run "vault plugin reload -plugin=passthrough-plugin"
    Then it prints "Success! Reloaded plugin: passthrough-plugin"
    When I GET "sys/mounts/my-secrets"
    Then the answer is 200 with:
      | data.plugin_version         | v2.0.0 |
      | data.running_plugin_version | v2.0.0 |
    When I run "vault read -field=value my-secrets/app"
    Then it prints "s3cr3t"
