@contract-1
Feature: The environment of a plugin's process
  The environment is composed of layers, and a later layer replaces an earlier
  one. Vault 1.16 swapped two of them: in earlier versions, and in OpenBao, the
  environment of the server process replaces registered variables (host-wins);
  from 1.16 registered variables replace it (plugin-wins).
  Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-management
  Source: https://developer.hashicorp.com/vault/docs/upgrading/upgrade-to-1.16.x
  Remedy: 'plugproof env explain' shows, layer by layer, where a variable's value comes from under the server's rule.

  Rule: Registered variables are set in the plugin's process

    @ENV-001 @must @needs-plugin-directory
    Scenario: Registered variables are set
      Given the secret plugin "probe" is registered with:
        | env | REGION=eu                 |
        | env | TOKEN_FILE=/var/run/token |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees REGION=eu
      And the plugin at "p" sees TOKEN_FILE=/var/run/token
      And the plugin at "p" sees no ZONE

    @ENV-002 @must @needs-plugin-directory
    Scenario: Of several entries with one name the last one wins
      Given the secret plugin "probe" is registered with:
        | env | A=1 |
        | env | A=2 |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees A=2

    @ENV-003 @must @needs-plugin-directory
    Scenario Outline: The value is everything after the first equals sign, <entry>
      Given the secret plugin "probe" is registered with:
        | env | <entry> |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees <name>=<value>

      Examples:
        | entry       | name      | value    |
        | A=x=y       | A         | x=y      |
        | A=1=2=3     | A         | 1=2=3    |
        | A=          | A         |          |
        | A="quoted"  | A         | "quoted" |
        | A=plüg ✓    | A         | plüg ✓   |
        | with.dot=1  | with.dot  | 1        |
        | with-dash=2 | with-dash | 2        |
        | 9digit=3    | 9digit    | 3        |

    @ENV-004 @must @needs-plugin-directory
    Scenario: An entry without an equals sign is ignored
      Given the secret plugin "probe" is registered with:
        | env | LONELY    |
        | env | REGION=eu |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees no LONELY
      And the plugin at "p" sees REGION=eu

    @ENV-005 @must @needs-plugin-directory
    Scenario: Names differ by case
      Given the secret plugin "probe" is registered with:
        | env | SOME_PROXY=upper |
        | env | some_proxy=lower |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees SOME_PROXY=upper
      And the plugin at "p" sees some_proxy=lower

    @ENV-006 @must @needs-plugin-directory
    Scenario: An auth method has a registered environment too
      Given the auth plugin "probe" is registered with:
        | env | REGION=eu |
      And "probe" is enabled as an auth method at "a"
      Then the plugin at "auth/a" sees REGION=eu

    @ENV-007 @must @needs-plugin-directory
    Scenario: Two registrations of one binary have separate environments and processes
      Given the auth plugin "jwt-eu" is registered with:
        | env | PROXY_OF_REGION=eu.example.com |
      And the auth plugin "jwt-us" is registered with:
        | env | PROXY_OF_REGION=us.example.com |
      And "jwt-eu" is enabled as an auth method at "jwt-eu"
      And "jwt-us" is enabled as an auth method at "jwt-us"
      Then the plugin at "auth/jwt-eu" sees PROXY_OF_REGION=eu.example.com
      And the plugin at "auth/jwt-us" sees PROXY_OF_REGION=us.example.com
      When the plugin at "auth/jwt-eu" runs as "eu"
      Then the plugin at "auth/jwt-us" runs as another process than "eu"

    @ENV-008 @must @needs-plugin-directory
    Scenario: No endpoint discloses registered variables
      Given the secret plugin "probe" is registered with:
        | env | SECRET_OF_PLUGIN=d41586-018 |
      And "probe" is mounted at "p"
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer does not disclose "d41586-018"
      And the answer does not disclose "SECRET_OF_PLUGIN"
      When I GET "sys/plugins/catalog"
      Then the answer does not disclose "SECRET_OF_PLUGIN"
      When I LIST "sys/plugins/catalog/secret"
      Then the answer does not disclose "SECRET_OF_PLUGIN"
      When I GET "sys/mounts/p"
      Then the answer does not disclose "SECRET_OF_PLUGIN"
      When I GET "sys/mounts"
      Then the answer does not disclose "SECRET_OF_PLUGIN"
      When I GET "sys/internal/ui/mounts"
      Then the answer does not disclose "SECRET_OF_PLUGIN"

  Rule: A changed environment takes effect when the process next starts

    @ENV-010 @must @needs-plugin-directory
    Scenario: Registering again does not change a running process
      Given the secret plugin "probe" is registered with:
        | env | WHICH=1 |
      And "probe" is mounted at "p"
      When the plugin at "p" runs as "first"
      And the secret plugin "probe" is registered with:
        | env | WHICH=2 |
      Then the plugin at "p" sees WHICH=1
      And the plugin at "p" still runs as "first"

    @ENV-011 @must @needs-plugin-directory
    Scenario: A reload applies the new environment
      Given the secret plugin "probe" is registered with:
        | env | WHICH=1 |
      And "probe" is mounted at "p"
      And the secret plugin "probe" is registered with:
        | env | WHICH=2 |
      When I PUT "sys/plugins/reload/backend" {"plugin": "probe"}
      Then the answer is 200
      And the plugin at "p" sees WHICH=2

    @ENV-012 @must @needs-plugin-directory
    Scenario: A restart after a crash applies the new environment
      Given the secret plugin "probe" is registered with:
        | env | WHICH=1 |
      And "probe" is mounted at "p"
      And I wrote "kept" to "p/kv/x"
      And the secret plugin "probe" is registered with:
        | env | WHICH=2 |
      When I GET "p/crash"
      Then soon "p/kv/x" holds "kept"
      And the plugin at "p" sees WHICH=2

    @ENV-013 @must @needs-plugin-directory
    Scenario: A new mount gets the new environment while another mount runs with the old one
      Given the secret plugin "probe" is registered with:
        | env | WHICH=1 |
      And "probe" is mounted at "a"
      And the secret plugin "probe" is registered with:
        | env | WHICH=2 |
      And "probe" is mounted at "b"
      Then the plugin at "a" sees WHICH=1
      And the plugin at "b" sees WHICH=2

  Rule: Plugins inherit the environment of the server process

    @ENV-020 @must @needs-plugin-directory @needs-host-environment
    Scenario: All of it is inherited, including the server's secrets
      Given the server's environment has REGION=host
      And the server's environment has AWS_SECRET_ACCESS_KEY=leaky
      And the server's environment has VAULT_TOKEN=leaky
      And the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      Then the plugin at "p" sees REGION=host
      And the plugin at "p" sees AWS_SECRET_ACCESS_KEY=leaky
      And the plugin at "p" sees VAULT_TOKEN=leaky

    @ENV-021 @must @needs-plugin-directory @needs-host-environment
    Scenario Outline: Of a name in both environments one wins, <winner>
      Given the server's environment has SOURCE=host
      And the secret plugin "probe" is registered with:
        | env | SOURCE=plugin |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees SOURCE=<winner>

      @vault<1.16 @openbao
      Examples: host-wins
        | winner |
        | host   |

      @vault>=1.16
      Examples: plugin-wins
        | winner |
        | plugin |

    @ENV-022 @must @needs-plugin-directory @needs-host-environment
    Scenario Outline: An empty value is a value, <value>
      Given the server's environment has A=host
      And the server's environment has EMPTY=
      And the secret plugin "probe" is registered with:
        | env | A=      |
        | env | EMPTY=x |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees A=<a>
      And the plugin at "p" sees EMPTY=<empty>

      @vault<1.16 @openbao
      Examples: host-wins
        | value           | a    | empty |
        | the host's does | host |       |

      @vault>=1.16
      Examples: plugin-wins
        | value             | a | empty |
        | the plugin's does |   | x     |

    @ENV-023 @must @needs-plugin-directory @needs-host-environment
    Scenario: Names that differ by case do not replace each other
      Given the server's environment has some_proxy=host
      And the secret plugin "probe" is registered with:
        | env | SOME_PROXY=plugin |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees some_proxy=host
      And the plugin at "p" sees SOME_PROXY=plugin

    @ENV-024 @must @needs-plugin-directory @needs-host-environment
    Scenario Outline: Values are not merged, <value>
      Given the server's environment has NO_PROXY=a,b
      And the secret plugin "probe" is registered with:
        | env | NO_PROXY=c |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees NO_PROXY=<value>

      @vault<1.16 @openbao
      Examples: host-wins
        | value |
        | a,b   |

      @vault>=1.16
      Examples: plugin-wins
        | value |
        | c     |

  Rule: VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING restores the old order

    @ENV-030 @must @needs-plugin-directory @needs-host-environment @vault>=1.16
    Scenario Outline: A true value in the server's environment turns it on, <value>
      Given the server's environment has VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING=<value>
      And the server's environment has SOURCE=host
      And the secret plugin "probe" is registered with:
        | env | SOURCE=plugin |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees SOURCE=host

      Examples:
        | value |
        | 1     |
        | t     |
        | T     |
        | TRUE  |
        | true  |
        | True  |

    @ENV-031 @must @needs-plugin-directory @needs-host-environment @vault>=1.16
    Scenario Outline: Any other value leaves it off, <value>
      Remedy: The variable is parsed as Go's strconv.ParseBool; yes and on are not true.
      Given the server's environment has VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING=<value>
      And the server's environment has SOURCE=host
      And the secret plugin "probe" is registered with:
        | env | SOURCE=plugin |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees SOURCE=plugin

      Examples:
        | value  |
        | false  |
        | 0      |
        | yes    |
        | on     |
        |        |
        | banana |

    @ENV-032 @must @needs-plugin-directory @needs-host-environment
    Scenario Outline: As a registered variable it has no effect, <winner> wins
      Given the server's environment has SOURCE=host
      And the secret plugin "probe" is registered with:
        | env | SOURCE=plugin                             |
        | env | VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING=true |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees SOURCE=<winner>
      And the plugin at "p" sees VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING=true

      @vault<1.16 @openbao
      Examples: host-wins anyway
        | winner |
        | host   |

      @vault>=1.16
      Examples: plugin-wins still
        | winner |
        | plugin |

    @ENV-033 @must @needs-plugin-directory @needs-host-environment @needs-restart @needs-server-logs @vault>=1.16
    Scenario: At unseal the server logs the names of conflicting variables, never their values
      Given the server keeps its state
      And the server's environment has VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING=true
      And the server's environment has SOURCE_IN_CONFLICT=hosts-value
      And the secret plugin "probe" is registered with:
        | env | SOURCE_IN_CONFLICT=plugins-value |
      When the server restarts
      Then the server's log has "SOURCE_IN_CONFLICT"
      And the server's log has no "hosts-value"
      And the server's log has no "plugins-value"

    @ENV-035 @should @needs-plugin-directory @needs-host-environment @needs-restart @needs-server-logs @vault>=1.16
    Scenario: At unseal the server logs that there are no conflicts
      Given the server keeps its state
      And the server's environment has VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING=true
      And the secret plugin "probe" is registered with:
        | env | ONLY_OF_PLUGIN=1 |
      When the server restarts
      Then the server's log has "no conflicts"
      And the server's log has no "ONLY_OF_PLUGIN"

    @ENV-034 @must @needs-plugin-directory @needs-host-environment @vault<1.16 @openbao
    Scenario: Host-wins servers ignore it
      Given the server's environment has VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING=true
      And the server's environment has SOURCE=host
      And the secret plugin "probe" is registered with:
        | env | SOURCE=plugin |
      And "probe" is mounted at "p"
      Then the plugin at "p" sees SOURCE=host

  Rule: Variables of the server and of the handshake can't be overridden

    @ENV-040 @must @needs-plugin-directory
    Scenario: The server sets its own variables
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      When I GET "p/env/VAULT_VERSION"
      Then the answer is 200 with:
        | data.set   | true      |
        | data.value | /[0-9].*/ |
      And the plugin at "p" sees VAULT_PLUGIN_METADATA_MODE=false
      And the plugin at "p" sees VAULT_PLUGIN_AUTOMTLS_ENABLED=true
      And the plugin at "p" sees no VAULT_UNWRAP_TOKEN

    @ENV-041 @must @needs-plugin-directory @openbao
    Scenario: OpenBao sets them with the prefix BAO_ too
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      When I GET "p/env/VAULT_VERSION"
      And I keep "data.value" as "version"
      Then the plugin at "p" sees BAO_VERSION={version}
      And the plugin at "p" sees BAO_PLUGIN_METADATA_MODE=false
      And the plugin at "p" sees BAO_PLUGIN_AUTOMTLS_ENABLED=true

    @ENV-042 @must @needs-plugin-directory
    Scenario: Registering the server's own variables has no effect
      Given the secret plugin "probe" is registered with:
        | env | VAULT_VERSION=plugin              |
        | env | VAULT_PLUGIN_METADATA_MODE=plugin |
      And "probe" is mounted at "p"
      When I GET "p/env/VAULT_VERSION"
      Then the answer is 200 with:
        | data.value | lacks plugin |
      And the plugin at "p" sees VAULT_PLUGIN_METADATA_MODE=false

    @ENV-043 @must @needs-plugin-directory @needs-host-environment @vault>=1.16
    Scenario: The host's VAULT_VERSION does not reach plugins
      Given the server's environment has VAULT_VERSION=9.9.9-host
      And the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      When I GET "p/env/VAULT_VERSION"
      Then the answer is 200 with:
        | data.set   | true       |
        | data.value | lacks host |

    @ENV-044 @must @needs-plugin-directory @needs-host-environment @vault<1.16 @openbao
    Scenario: The host's VAULT_VERSION replaces the server's under host-wins
      Source: https://github.com/hashicorp/docker-vault/issues/140
      Given the server's environment has VAULT_VERSION=9.9.9-host
      And the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      Then the plugin at "p" sees VAULT_VERSION=9.9.9-host

    @ENV-045 @must @needs-plugin-directory
    Scenario Outline: Registering a variable of the handshake has no effect, <name>
      Given the secret plugin "probe" is registered with:
        | env | <name>=plugin |
      And "probe" is mounted at "p"
      When I GET "p/env/<name>"
      Then the answer is 200 with:
        | data.set   | true    |
        | data.value | <value> |

      Examples:
        | name                     | value        |
        | PLUGIN_MIN_PORT          | 10000        |
        | PLUGIN_MAX_PORT          | 25000        |
        | PLUGIN_PROTOCOL_VERSIONS | 5            |
        | VAULT_BACKEND_PLUGIN     | lacks plugin |

    @ENV-046 @must @needs-plugin-directory @needs-host-environment
    Scenario: In the server's environment the handshake's variables have no effect
      Given the server's environment has PLUGIN_MIN_PORT=1
      And the server's environment has PLUGIN_PROTOCOL_VERSIONS=99
      And the server's environment has VAULT_BACKEND_PLUGIN=host
      And the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      Then the plugin at "p" sees PLUGIN_MIN_PORT=10000
      And the plugin at "p" sees PLUGIN_PROTOCOL_VERSIONS=5
      When I GET "p/env/VAULT_BACKEND_PLUGIN"
      Then the answer is 200 with:
        | data.value | lacks host |

    @ENV-047 @must @needs-plugin-directory
    Scenario: AutoMTLS passes the client certificate in the environment
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      When I GET "p/environ"
      Then the answer is 200 with:
        | data.names | contains PLUGIN_CLIENT_CERT |
        | data.names | lacks VAULT_UNWRAP_TOKEN    |
