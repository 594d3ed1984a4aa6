@contract-2
Feature: Registering plugins
  The catalog says which plugins a server may start, from which file, with which
  sum, arguments, environment and version.
  Source: https://developer.hashicorp.com/vault/api-docs/system/plugins-catalog
  Remedy: Compare the request in the exchange with the API's documentation; if the server answers something else than documented, its catalog deviates.

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
        | type     | other    |
        | secret   | auth     |
        | auth     | secret   |
        | database | secret   |

    @REG-003 @must @needs-plugin-directory
    Scenario: Registering again replaces everything, arguments and environment included
      Given the secret plugin "probe" is registered with:
        | args | --first    |
        | env  | FIRST=1    |
      And the secret plugin "probe" is registered with:
        | env  | SECOND=2   |
      And "probe" is mounted at "p"
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 200 with:
        | data.args | [] |
      And the plugin at "p" sees SECOND=2
      And the plugin at "p" sees no FIRST

    @REG-004 @must @needs-plugin-directory
    Scenario: A name that was never registered is not found
      When I GET "sys/plugins/catalog/secret/never"
      Then the answer is 404 without an error

    @REG-005 @must @needs-plugin-directory
    Scenario Outline: Names may hold letters, digits and punctuation, <name>
      Given the secret plugin "<name>" is registered
      When I GET "sys/plugins/catalog/secret/<name>"
      Then the answer is 200 with:
        | data.name | <name> |

      Examples:
        | name                    |
        | With.Dots-and_underscore |
        | 0digits                 |

  Rule: The sha256 names the one file that may run

    @REG-010 @must @needs-plugin-directory
    Scenario Outline: The sum may be given as sha256 or sha_256, <field>
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
    Scenario Outline: A registration without sum is refused and leaves nothing, <body>
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" <body>
      Then the answer is 400 with the error "missing SHA-256 value"
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

      Examples:
        | body                                |
        | {"command": "probe"}                |
        | {"command": "probe", "sha256": ""}  |

    @REG-012 @must @needs-plugin-directory
    Scenario: A sum that is no hex is refused and leaves nothing
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe", "sha256": "zz"}
      Then the answer is 400 with the error "value from Hex"
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

    @REG-013 @must @needs-plugin-directory
    Scenario: A sum that is wrong is not noticed at registration
      The file may still be on its way; MNT-030 says what happens at the mount.
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" with:
        """
        {"command": "probe", "sha256": "0000000000000000000000000000000000000000000000000000000000000000"}
        """
      Then the answer is 204

  Rule: The command is a file of the plugin directory

    @REG-020 @must @needs-plugin-directory
    Scenario Outline: A registration without command is refused, <text>
      When I PUT "sys/plugins/catalog/secret/probe" {"sha256": "00"}
      Then the answer is 400 with the error "<text>"
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

      @vault<1.15 @openbao
      Examples: before images
        | text                  |
        | missing command value |

      @vault>=1.15
      Examples: with images
        | text                                           |
        | must provide at least one of command or oci_image |

    @REG-021 @must @needs-plugin-directory
    Scenario: The command may hold arguments
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
    Scenario: Arguments in the command and in args together are refused
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe --flag=1", "args": ["two"], "sha256": "{sha256 of probe}"}
      Then the answer is 400 with the error "must not specify args in command and args field"
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

    @REG-024 @must @needs-plugin-directory
    Scenario: A file that is not there is refused
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "nowhere", "sha256": "00"}
      Then the answer is an error
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

    @REG-025 @must @needs-plugin-directory
    Scenario Outline: References to a parent folder are refused, <name> <command>
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/<name>" {"command": "<command>", "sha256": "{sha256 of probe}"}
      Then the answer is 500 with the error "path cannot contain parent references"

      Examples:
        | name  | command  |
        | probe | ../probe |
        | a..b  | probe    |

    @REG-026 @must @needs-plugin-directory @needs-plugin-files
    Scenario: A file in a sub-folder is refused
      Given the plugin directory holds "probe"
      And the plugin directory holds a folder "sub" with "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "sub/probe", "sha256": "{sha256 of probe}"}
      Then the answer is an error
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

    @REG-027 @must @needs-plugin-directory @needs-plugin-files @own-server @needs-own-server
    Scenario: A link that leaves the directory is refused
      Given the plugin directory holds "probe"
      And the plugin directory holds a link "out" to "/bin/true"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "out", "sha256": "{sha256 of probe}"}
      Then the answer is 500 with the error "cannot execute files outside of configured plugin directory"
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

    @REG-028 @must @needs-plugin-directory @needs-plugin-files @own-server @needs-own-server
    Scenario: A link that stays in the directory is a file like others
      Given the plugin directory holds "probe"
      And the plugin directory holds a link "alias" to "probe"
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
      Then the answer is 500 with the error "plugin directory is not configured"
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
    Scenario: A text that is no semantic version is refused
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe", "sha256": "{sha256 of probe}", "version": "not-a-version"}
      Then the answer is 400 with the error "version "not-a-version" is not a valid semantic version"

    @REG-032 @must @needs-plugin-directory
    Scenario Outline: The metadata builtin is reserved, <version>
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe", "sha256": "{sha256 of probe}", "version": "<version>"}
      Then the answer is 400 with the error "'builtin' is a reserved metadata identifier"

      Examples:
        | version              |
        | v1.2.3+builtin       |
        | v1.2.3+builtin.vault |

    @REG-033 @must @needs-plugin-directory
    Scenario: Versions stand side by side
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
    Scenario: A plugin that has only versions is not found without one
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

    @REG-035 @must @needs-plugin-directory @vault>=2.1
    Scenario: One version is found without naming it, with a warning
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 200 with:
        | data.version | v1.0.0 |
      And the answer warns "v1.0.0"

    @REG-036 @must @needs-plugin-directory @vault>=2.1
    Scenario: Of several versions one has to be named
      Given the secret plugin "probe" is registered with:
        | version | v1.0.0 |
      And the secret plugin "probe" is registered with:
        | version | v2.0.0 |
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 400 with the error "v2.0.0"

  Rule: The server asks the plugin for its version

    @REG-040 @must @needs-plugin-directory
    Scenario: A plugin that can't be started is registered all the same
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe", "sha256": "{sha256 of probe}", "env": ["PROBE_FAULT=exit-at-start"]}
      Then the answer is 204
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 200 with:
        | data.name | probe |

    @REG-041 @must @needs-plugin-directory
    Scenario: A plugin that is registered without version gets the one that it reports
      Given the secret plugin "probe" is registered with:
        | env | PROBE_VERSION=v3.1.0 |
      When I GET "sys/plugins/catalog/secret/probe?version=v3.1.0"
      Then the answer is 200 with:
        | data.version | v3.1.0 |

    @REG-042 @must @needs-plugin-directory @vault>=1.12 @openbao
    Scenario: A plugin that reports another version is refused
      Remedy: Register it with the version that it reports, or without any.
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe", "sha256": "{sha256 of probe}", "version": "v1.0.0", "env": ["PROBE_VERSION=v3.1.0"]}
      Then the answer is 400 with the error "plugin version mismatch"
      When I GET "sys/plugins/catalog/secret/probe?version=v1.0.0"
      Then the answer is 404 without an error

    @REG-043 @must @needs-plugin-directory
    Scenario: A plugin that reports the version that it is registered with is taken
      Given the secret plugin "probe" is registered with:
        | version | v3.1.0               |
        | env     | PROBE_VERSION=v3.1.0 |
      When I GET "sys/plugins/catalog/secret/probe?version=v3.1.0"
      Then the answer is 200 with:
        | data.version | v3.1.0 |

    @REG-044 @must @needs-plugin-directory
    Scenario: A plugin that reports nonsense as its version is refused
      Given the plugin directory holds "probe"
      When I PUT "sys/plugins/catalog/secret/probe" {"command": "probe", "sha256": "{sha256 of probe}", "env": ["PROBE_VERSION=banana"]}
      Then the answer is 500 with the error "plugin self-reported version "banana" is not a valid semantic version"
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

  Rule: Deleting takes one entry

    @REG-050 @must @needs-plugin-directory
    Scenario: Deleting what isn't there succeeds
      When I DELETE "sys/plugins/catalog/secret/never"
      Then the answer is 204

    @REG-051 @must @needs-plugin-directory
    Scenario: A deleted plugin is gone
      Given the secret plugin "probe" is registered
      When I DELETE "sys/plugins/catalog/secret/probe"
      Then the answer is 204
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

    @REG-052 @must @needs-plugin-directory
    Scenario: Deleting one version leaves the others, and deleting without version leaves all
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
    Scenario: Builtins can't be deleted
      When I DELETE "sys/plugins/catalog/secret/kv"
      And I GET "sys/plugins/catalog/secret/kv"
      Then the answer is 200 with:
        | data.name    | kv   |
        | data.builtin | true |

    @REG-054 @must @own-server @needs-own-server @needs-plugin-directory
    Scenario: A plugin with a builtin's name takes its place until it is deleted
      Given the secret plugin "kv" is registered
      When I GET "sys/plugins/catalog/secret/kv"
      Then the answer is 200 with:
        | data.builtin | false |
        | data.command | probe |
      When I DELETE "sys/plugins/catalog/secret/kv"
      And I GET "sys/plugins/catalog/secret/kv"
      Then the answer is 200 with:
        | data.builtin | true |

  Rule: All of it needs sudo

    @REG-060 @must @needs-plugin-directory
    Scenario Outline: Nobody and strangers are refused, <actor> <method>
      Given the secret plugin "probe" is registered
      When <actor> <method>s "sys/plugins/catalog/secret/probe"
      Then the answer is 403 with the error "permission denied"

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
      Then the answer is 403 with the error "permission denied"
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
    Scenario: An image with a runtime that nobody registered is refused
      When I PUT "sys/plugins/catalog/secret/probe" {"oci_image": "example", "runtime": "nope", "sha256": "00"}
      Then the answer is 400 with the error "specified plugin runtime "nope""

    @REG-071 @may @vault>=1.15
    Scenario: A runtime is registered, read and deleted
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

    @REG-072 @should @vault<1.15 @openbao
    Scenario: A server without runtimes says so
      When I GET "sys/plugins/runtimes/catalog/container/rt"
      Then the answer is 404 with the error "unsupported path"

  Rule: Bodies that are no registration

    @REG-080 @must
    Scenario Outline: A body that is no object is refused, <body>
      When I PUT "sys/plugins/catalog/secret/probe" with:
        """
        <body>
        """
      Then the answer is 400
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404 without an error

      Examples:
        | body                                 |
        | [1,2]                                |
        | {"command": ["x"], "sha256": "00"}   |
        | {"command": "probe", "sha256": "00"  |
