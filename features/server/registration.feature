@contract-2
Feature: Registering plugins
  The catalog lists the plugins that a server may start, each with its binary,
  checksum, arguments, environment and version.
  Source: https://developer.hashicorp.com/vault/api-docs/system/plugins-catalog
  Remedy: Compare the exchange with the API's documentation of the catalog.

  Rule: A plugin is registered under a type and a name

    @REG-001 @must @needs-plugin-directory
    Scenario Outline: A plugin is registered with PUT or POST and read back, <method>
      Given the plugin directory holds "probe"
      When I <method> "sys/plugins/catalog/secret/probe" {"command": "probe", "sha256": "{sha256 of probe}"}
      Then the answer is 204
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 200 with:
        | data.name    | probe             |
        | data.command | probe             |
        | data.args    | []                |
        | data.sha256  | {sha256 of probe} |
        | data.builtin | false             |
        | data.version |                   |

      Examples:
        | method |
        | PUT    |
        | POST   |

    @REG-002 @must @needs-plugin-directory
    Scenario Outline: A plugin belongs to the type that it was registered under, <type>
      Given the <type> plugin "probe" is registered
      When I GET "sys/plugins/catalog/<type>/probe"
      Then the answer is 200 with:
        | data.name | probe |
      When I GET "sys/plugins/catalog/<other>/probe"
      Then the answer is 404 without an error

      Examples:
        | type     | other  |
        | secret   | auth   |
        | auth     | secret |
        | database | secret |

    @REG-003 @must @needs-plugin-directory
    Scenario: Registering again replaces all fields, including arguments and environment
      Given the secret plugin "probe" is registered with:
        | args | --first |
        | env  | FIRST=1 |
      And the secret plugin "probe" is registered with:
        | env | SECOND=2 |
      And "probe" is mounted at "p"
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 200 with:
        | data.args | [] |
      And the plugin at "p" sees SECOND=2
      And the plugin at "p" sees no FIRST

    @REG-004 @must @needs-plugin-directory
    Scenario: An unregistered name is not found
      When I GET "sys/plugins/catalog/secret/never"
      Then the answer is 404 without an error

    @REG-005 @must @needs-plugin-directory
    Scenario Outline: Names may contain letters, digits and punctuation, <name>
      Given the secret plugin "<name>" is registered
      When I GET "sys/plugins/catalog/secret/<name>"
      Then the answer is 200 with:
        | data.name | <name> |

      Examples:
        | name                     |
        | With.Dots-and_underscore |
        | 0digits                  |

  Rule: The sha256 identifies the binary that may run

    @REG-010 @must @needs-plugin-directory
    Scenario Outline: The checksum may be given as sha256 or sha_256, <field>
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe", "<field>": "{sha256 of probe}"}
      Then the answer is 204
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 200 with:
        | data.sha256 | {sha256 of probe} |

      Examples:
        | field   |
        | sha256  |
        | sha_256 |

    @REG-011 @must @needs-plugin-directory @vault<1.19.5 @openbao
    Scenario Outline: A registration without a checksum is refused, <body>
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" <body>
      Then the answer is 400
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

      Examples:
        | body                               |
        | {"command": "probe"}               |
        | {"command": "probe", "sha256": ""} |

    @REG-012 @must @needs-plugin-directory
    Scenario: A checksum that is not hexadecimal is refused
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe", "sha256": "zz"}
      Then the answer is 400
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

    @REG-013 @must @needs-plugin-directory
    Scenario: A wrong checksum is not detected at registration
      The binary may not have been copied yet. MNT-030 is about the mount.
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" with:
        """
        {"command": "probe", "sha256": "0000000000000000000000000000000000000000000000000000000000000000"}
        """
      Then the answer is 204

  Rule: The command is a file in the plugin directory

    @REG-020 @must @needs-plugin-directory
    Scenario: A registration without a command is refused
      When I PUT "sys/plugins/catalog/secret/probe" {"sha256": "00"}
      Then the answer is 400
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

    @REG-021 @must @needs-plugin-directory
    Scenario: The command may contain arguments
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe --flag=1 two", "sha256": "{sha256 of probe}"}
      Then the answer is 204
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 200 with:
        | data.command | probe              |
        | data.args    | ["--flag=1","two"] |

    @REG-022 @must @needs-plugin-directory
    Scenario: Arguments reach the plugin's process
      Given the secret plugin "probe" is registered with:
        | args | --flag=1 |
        | args | two      |
      And "probe" is mounted at "p"
      When I GET "p/process"
      Then the answer is 200 with:
        | data.args | ["--flag=1","two"] |

    @REG-023 @must @needs-plugin-directory
    Scenario: Arguments in both command and args are refused
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe --flag=1", "args": ["two"], "sha256": "{sha256 of probe}"}
      Then the answer is 400
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

    @REG-024 @must @needs-plugin-directory
    Scenario: A missing file is refused
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "nowhere", "sha256": "00"}
      Then the answer is an error
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

    @REG-025 @must @needs-plugin-directory
    Scenario Outline: References to a parent directory are refused, <name> <command>
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/<name>" {"command": "<command>", "sha256": "{sha256 of probe}"}
      Then the answer is 500

      Examples:
        | name  | command  |
        | probe | ../probe |
        | a..b  | probe    |

    @REG-026 @must @needs-plugin-directory @needs-plugin-files
    Scenario: A file in a subdirectory is refused
      Given the plugin directory holds "probe"
      And the plugin directory holds a subdirectory "sub" with "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "sub/probe", "sha256": "{sha256 of probe}"}
      Then the answer is an error
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

    @REG-027 @must @needs-plugin-directory @needs-plugin-files @own-server @needs-own-server
    Scenario: A symlink to a file outside of the plugin directory is refused
      Given the plugin directory holds "probe"
      And the plugin directory holds a symlink "out" to "../outside"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "out", "sha256": "{sha256 of probe}"}
      Then the answer is 500
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

    @REG-028 @must @needs-plugin-directory @needs-plugin-files @own-server @needs-own-server
    Scenario: A symlink to a file in the plugin directory is accepted
      Given the plugin directory holds "probe"
      And the plugin directory holds a symlink "alias" to "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "alias", "sha256": "{sha256 of probe}"}
      Then the answer is 204
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 200 with:
        | data.command | alias |

    @REG-029 @must @needs-settings
    Scenario: Without a plugin directory nothing can be registered
      Remedy: Start the server with plugin_directory set.
      Given the server has no plugin directory
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe", "sha256": "00"}
      Then the answer is 500
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

  Rule: Versions are semantic versions

    @REG-030 @must @needs-plugin-directory
    Scenario Outline: The leading v is optional, <written>
      Given the secret plugin "probe" is registered with:
        | version | <written> |
      When I GET "sys/plugins/catalog/secret/probe?version=<asked>"
      Then the answer is 200 with:
        | data.version | v1.2.3 |

      Examples:
        | written | asked  |
        | v1.2.3  | v1.2.3 |
        | v1.2.3  | 1.2.3  |

    @REG-031 @must @needs-plugin-directory
    Scenario: A malformed version is refused
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe", "sha256": "{sha256 of probe}", "version": "not-a-version"}
      Then the answer is 400

    @REG-032 @must @needs-plugin-directory
    Scenario Outline: The build metadata builtin is reserved, <version>
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe", "sha256": "{sha256 of probe}", "version": "<version>"}
      Then the answer is 400

      Examples:
        | version              |
        | v1.2.3+builtin       |
        | v1.2.3+builtin.vault |

    @REG-033 @must @needs-plugin-directory
    Scenario: Several versions can be registered
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      And the secret plugin "probe" is registered with:
        | version | v2.0.0 |
        | args    | --two  |
      When I GET "sys/plugins/catalog/secret/probe?version=v1.0.0"
      Then the answer is 200 with:
        | data.version | v1.0.0 |
        | data.args    | []     |
      When I GET "sys/plugins/catalog/secret/probe?version=v2.0.0"
      Then the answer is 200 with:
        | data.version | v2.0.0    |
        | data.args    | ["--two"] |
      When I GET "sys/plugins/catalog/secret/probe?version=v9.9.9"
      Then the answer is 404 without an error

    @REG-034 @must @needs-plugin-directory @vault<2.1 @openbao
    Scenario: A plugin that has only versions is not found without a version
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

    @REG-035 @must @needs-plugin-directory @vault>=2.1
    Scenario: A single version is found without a version, with a warning
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 200 with:
        | data.version | v1.0.0 |
      And the answer warns "v1.0.0"

    @REG-036 @must @needs-plugin-directory @vault>=2.1
    Scenario: Of several versions one has to be requested
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      And the secret plugin "probe" is registered with:
        | version | v2.0.0 |
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 400 with the error "v2.0.0"

  Rule: The server asks the plugin for its version

    @REG-040 @must @needs-plugin-directory
    Scenario: A plugin that can't be started is registered anyway
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe", "sha256": "{sha256 of probe}", "env": ["PROBE_FAULT=exit-at-start"]}
      Then the answer is 204
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 200 with:
        | data.name | probe |

    @REG-041 @must @needs-plugin-directory
    Scenario: Without a version the plugin gets the version that it reports
      Given the secret plugin "probe" is registered with:
        | env | PROBE_VERSION=v3.1.0 |
      When I GET "sys/plugins/catalog/secret/probe?version=v3.1.0"
      Then the answer is 200 with:
        | data.version | v3.1.0 |

    @REG-042 @must @needs-plugin-directory @vault>=1.12 @openbao
    Scenario: A plugin that reports another version than registered is refused
      Remedy: Register the plugin with the version that it reports, or without a version.
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe", "sha256": "{sha256 of probe}", "version": "v1.0.0", "env": ["PROBE_VERSION=v3.1.0"]}
      Then the answer is 400
      When I GET "sys/plugins/catalog/secret/probe?version=v1.0.0"
      Then the answer is 404 without an error

    @REG-043 @must @needs-plugin-directory
    Scenario: A plugin that reports the registered version is accepted
      Given the secret plugin "probe" is registered with:
        | version | v3.1.0               |
        | env     | PROBE_VERSION=v3.1.0 |
      When I GET "sys/plugins/catalog/secret/probe?version=v3.1.0"
      Then the answer is 200 with:
        | data.version | v3.1.0 |

    @REG-044 @must @needs-plugin-directory
    Scenario: A plugin that reports a malformed version is refused
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe", "sha256": "{sha256 of probe}", "env": ["PROBE_VERSION=banana"]}
      Then the answer is 500
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

  Rule: Deleting removes one catalog entry

    @REG-050 @must @needs-plugin-directory
    Scenario: Deleting an unregistered plugin succeeds
      When I DELETE "sys/plugins/catalog/secret/never"
      Then the answer is 204

    @REG-051 @must @needs-plugin-directory
    Scenario: A deleted plugin is not found
      Given the secret plugin "probe" is registered
      When I DELETE "sys/plugins/catalog/secret/probe"
      Then the answer is 204
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

    @REG-052 @must @needs-plugin-directory
    Scenario: Deleting a version keeps the others, and deleting without a version keeps all versions
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      And the secret plugin "probe" is registered with:
        | version | v2.0.0 |
      When I DELETE "sys/plugins/catalog/secret/probe"
      Then the answer is 204
      When I GET "sys/plugins/catalog/secret/probe?version=v1.0.0"
      Then the answer is 200
      When I DELETE "sys/plugins/catalog/secret/probe?version=v1.0.0"
      Then the answer is 204
      When I GET "sys/plugins/catalog/secret/probe?version=v1.0.0"
      Then the answer is 404 without an error
      When I GET "sys/plugins/catalog/secret/probe?version=v2.0.0"
      Then the answer is 200

    @REG-053 @must @own-server @needs-own-server
    Scenario: Builtin plugins can't be deleted
      When I DELETE "sys/plugins/catalog/secret/kv"
      And I GET "sys/plugins/catalog/secret/kv"
      Then the answer is 200 with:
        | data.name    | kv   |
        | data.builtin | true |

    @REG-054 @must @own-server @needs-own-server @needs-plugin-directory
    Scenario: A plugin with a builtin's name replaces the builtin until it is deleted
      Given the secret plugin "kv" is registered
      When I GET "sys/plugins/catalog/secret/kv"
      Then the answer is 200 with:
        | data.builtin | false |
        | data.command | probe |
      When I DELETE "sys/plugins/catalog/secret/kv"
      And I GET "sys/plugins/catalog/secret/kv"
      Then the answer is 200 with:
        | data.builtin | true |

  Rule: The catalog needs sudo

    @REG-060 @must @needs-plugin-directory
    Scenario Outline: Requests without a valid token are refused, <actor> <method>
      Given the secret plugin "probe" is registered
      When <actor> <method>s "sys/plugins/catalog/secret/probe"
      Then the answer is 403

      Examples:
        | actor      | method |
        | nobody     | GET    |
        | nobody     | PUT    |
        | nobody     | DELETE |
        | a stranger | GET    |
        | a stranger | PUT    |
        | a stranger | DELETE |

    @REG-061 @must @needs-plugin-directory
    Scenario Outline: A token with every capability but sudo is refused, <method>
      Given the secret plugin "probe" is registered
      And "clerk" has a token with the policy:
        """
        path "sys/plugins/catalog/*" { capabilities = ["create", "read", "update", "delete", "list"] }
        """
      When "clerk" <method>s "sys/plugins/catalog/secret/probe" <body>
      Then the answer is 403
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 200 with:
        | data.args | [] |

      Examples:
        | method | body                                                                       |
        | GET    | {}                                                                         |
        | PUT    | {"command": "probe", "sha256": "{sha256 of probe}", "args": ["--changed"]} |
        | DELETE | {}                                                                         |

    @REG-062 @must @needs-plugin-directory
    Scenario: A token with sudo may register
      Given the plugin directory holds "probe"
      And "admin" has a token with the policy:
        """
        path "sys/plugins/catalog/*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }
        """
      When "admin" PUTs "sys/plugins/catalog/secret/probe" {"command": "probe", "sha256": "{sha256 of probe}"}
      Then the answer is 204
      When "admin" GETs "sys/plugins/catalog/secret/probe"
      Then the answer is 200

  Rule: Images and runtimes

    @REG-070 @may @needs-plugin-directory @vault>=1.15
    Scenario: An image with an unregistered runtime is refused
      When I PUT "sys/plugins/catalog/secret/probe" {"oci_image": "example", "runtime": "nope", "sha256": "00"}
      Then the answer is 400 with the error "specified plugin runtime "nope""

    @REG-071 @may @vault>=1.15
    Scenario: A runtime can be registered, read and deleted
      Source: https://developer.hashicorp.com/vault/api-docs/system/plugins-runtimes-catalog
      When I PUT "sys/plugins/runtimes/catalog/container/rt" {"oci_runtime": "runsc", "cpu_nanos": 1000}
      Then the answer is 204
      When I GET "sys/plugins/runtimes/catalog/container/rt"
      Then the answer is 200 with:
        | data.name        | rt        |
        | data.type        | container |
        | data.oci_runtime | runsc     |
        | data.cpu_nanos   | 1000      |
      When I DELETE "sys/plugins/runtimes/catalog/container/rt"
      Then the answer is 204
      When I GET "sys/plugins/runtimes/catalog/container/rt"
      Then the answer is 404

    @REG-074 @may @vault>=1.15
    Scenario: Runtimes are listed, all of them or those of a type
      Source: https://developer.hashicorp.com/vault/api-docs/system/plugins-runtimes-catalog
      When I PUT "sys/plugins/runtimes/catalog/container/rt" {"oci_runtime": "runsc"}
      Then the answer is 204
      When I GET "sys/plugins/runtimes/catalog"
      Then the answer is 200 with:
        | data.runtimes.[name=rt].oci_runtime | runsc     |
        | data.runtimes.[name=rt].type        | container |
      When I LIST "sys/plugins/runtimes/catalog?type=container"
      Then the answer is 200 with:
        | data.runtimes.[name=rt].oci_runtime | runsc |
      When I GET "sys/plugins/runtimes/catalog?type=vm"
      Then the answer is 400 with the error "not a supported plugin runtime type"

    @REG-072 @should @vault<1.15 @openbao
    Scenario: A server without runtimes answers 404
      When I GET "sys/plugins/runtimes/catalog/container/rt"
      Then the answer is 404

    @REG-073 @should @needs-plugin-directory @vault>=1.15
    Scenario: The refusal of a registration without a command names oci_image too
      When I PUT "sys/plugins/catalog/secret/probe" {"sha256": "00"}
      Then the answer is 400 with the error "command or oci_image"

  Rule: Malformed registrations

    @REG-080 @must
    Scenario Outline: A body that is not a valid registration is refused, <body>
      When I PUT "sys/plugins/catalog/secret/probe" with:
        """
        <body>
        """
      Then the answer <answer>
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

      Examples:
        | body                                | answer             |
        | [1,2]                               | is 400             |
        | {"command": ["x"], "sha256": "00"}  | is 400             |
        | {"command": "probe", "sha256": "00" | is one of 400, 500 |
