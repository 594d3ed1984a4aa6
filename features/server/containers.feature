@contract-1
Feature: Plugins in containers
  A plugin that is registered with an image runs in a container, which the server has
  the container engine of its machine make for each process of the plugin.
  Source: https://developer.hashicorp.com/vault/docs/plugins/containerized-plugins
  Remedy: Start the image with the container engine, and pass what it needs to the container alone.

  Background:
    Given there is an image of "probe"

  Rule: A plugin from an image is one like others

    @CTN-001 @must @needs-plugin-directory @needs-container-plugins @vault>=1.16
    Scenario: A plugin from an image is registered, mounted, used and removed
      When I PUT "sys/plugins/runtimes/catalog/container/rt" {"oci_runtime": "{OCI runtime}"}
      Then the answer is 204
      When I PUT "sys/plugins/catalog/secret/probe" {"oci_image": "{image of probe}", "sha256": "{digest of probe}", "runtime": "rt"}
      Then the answer is 204
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 200 with:
        | data.oci_image | {image of probe}  |
        | data.sha256    | {digest of probe} |
        | data.runtime   | rt                |
      Given "probe" is mounted at "m"
      And I wrote "1" to "m/kv/x"
      Then "m/kv/x" holds "1"
      And "probe" runs in 1 container
      When I DELETE "sys/mounts/m"
      Then the answer is 204
      And "probe" runs in 0 containers

    @CTN-002 @must @needs-plugin-directory @needs-container-plugins @vault>=1.16
    Scenario: A reload leaves one container, and what was stored is kept
      When I PUT "sys/plugins/runtimes/catalog/container/rt" {"oci_runtime": "{OCI runtime}"}
      Then the answer is 204
      When I PUT "sys/plugins/catalog/secret/probe" {"oci_image": "{image of probe}", "sha256": "{digest of probe}", "runtime": "rt"}
      Then the answer is 204
      Given "probe" is mounted at "m"
      And I wrote "1" to "m/kv/x"
      When I PUT "sys/plugins/reload/backend" {"plugin": "probe"}
      Then the answer is 200
      And "m/kv/x" holds "1"
      And "probe" runs in 1 container

  Rule: A plugin in a container sees what it is registered with

    @CTN-003 @must @needs-plugin-directory @needs-container-plugins @needs-host-environment @vault>=1.16
    Scenario: Registered variables reach the container, those of the server do not
      Given the server's environment has REGION=server
      And the server's environment has ONLY_SERVER=1
      When I PUT "sys/plugins/runtimes/catalog/container/rt" {"oci_runtime": "{OCI runtime}"}
      Then the answer is 204
      When I PUT "sys/plugins/catalog/secret/probe" {"oci_image": "{image of probe}", "sha256": "{digest of probe}", "runtime": "rt", "env": ["REGION=eu"]}
      Then the answer is 204
      Given "probe" is mounted at "m"
      Then the plugin at "m" sees REGION=eu
      And the plugin at "m" sees no ONLY_SERVER

    @CTN-008 @must @needs-plugin-directory @needs-container-plugins @vault>=1.16
    Scenario: A container has the limits of its runtime
      When I PUT "sys/plugins/runtimes/catalog/container/rt" {"oci_runtime": "{OCI runtime}", "memory_bytes": 134217728}
      Then the answer is 204
      When I PUT "sys/plugins/catalog/secret/probe" {"oci_image": "{image of probe}", "sha256": "{digest of probe}", "runtime": "rt"}
      Then the answer is 204
      Given "probe" is mounted at "m"
      Then the containers of "probe" have 134217728 bytes of memory

    @CTN-009 @must @needs-plugin-directory @needs-container-plugins @vault>=1.16
    Scenario: A container of a rootless runtime may write to the directory of its socket
      Source: https://developer.hashicorp.com/vault/docs/plugins/containerized-plugins
      Remedy: Give the containers of a runtime with rootless the capability DAC_OVERRIDE, and the directory of the socket a default ACL for the server's user; those of others neither.
      When I PUT "sys/plugins/runtimes/catalog/container/rt" {"oci_runtime": "{OCI runtime}", "rootless": true}
      Then the answer is 204
      When I GET "sys/plugins/runtimes/catalog/container/rt"
      Then the answer is 200 with:
        | data.rootless | true |
      When I PUT "sys/plugins/catalog/secret/probe" {"oci_image": "{image of probe}", "sha256": "{digest of probe}", "runtime": "rt"}
      Then the answer is 204
      Given "probe" is mounted at "m"
      And I wrote "kept" to "m/kv/x"
      Then the containers of "probe" have the capability "DAC_OVERRIDE"
      When I PUT "sys/plugins/runtimes/catalog/container/rt" {"oci_runtime": "{OCI runtime}"}
      Then the answer is 204
      When I PUT "sys/plugins/reload/backend" {"mounts": ["m/"]}
      Then the answer is one of 200, 202
      And "m/kv/x" holds "kept"
      And "probe" runs in 1 container
      And the containers of "probe" do not have the capability "DAC_OVERRIDE"

  Rule: Only the image that was registered runs

    @CTN-004 @must @needs-plugin-directory @needs-container-plugins @vault>=1.16
    Scenario: An image with another digest is not run
      When I PUT "sys/plugins/runtimes/catalog/container/rt" {"oci_runtime": "{OCI runtime}"}
      Then the answer is 204
      When I PUT "sys/plugins/catalog/secret/probe" {"oci_image": "{image of probe}", "sha256": "0000000000000000000000000000000000000000000000000000000000000000", "runtime": "rt"}
      Then the answer is 400 with the error "SHA256 mismatch"
      When I POST "sys/mounts/m" {"type": "probe"}
      Then the answer is 400
      And "probe" runs in 0 containers

    @CTN-005 @should @needs-plugin-directory @needs-container-plugins @vault>=1.16
    Scenario: A runtime that a plugin refers to is not deleted
      When I PUT "sys/plugins/runtimes/catalog/container/rt" {"oci_runtime": "{OCI runtime}"}
      Then the answer is 204
      When I PUT "sys/plugins/catalog/secret/probe" {"oci_image": "{image of probe}", "sha256": "{digest of probe}", "runtime": "rt"}
      Then the answer is 204
      When I DELETE "sys/plugins/runtimes/catalog/container/rt"
      Then the answer is 400 with the error "are referencing it"

  Rule: What can't be run is refused, and nothing of it stays

    @CTN-006 @must @needs-plugin-directory @needs-container-plugins @vault>=1.16
    Scenario: An image that the engine does not have is not registered
      When I PUT "sys/plugins/runtimes/catalog/container/rt" {"oci_runtime": "{OCI runtime}"}
      Then the answer is 204
      When I PUT "sys/plugins/catalog/secret/probe" {"oci_image": "plugproof.invalid/none", "sha256": "{digest of probe}", "runtime": "rt"}
      Then the answer is 400 with the error "unable to run plugin"
      When I GET "sys/plugins/catalog/secret/probe"
      Then the answer is 404
      When I POST "sys/mounts/m" {"type": "probe"}
      Then the answer is 400
      And "probe" runs in 0 containers

    @CTN-007 @must @needs-plugin-directory @needs-container-plugins @vault>=1.16
    Scenario: A plugin whose OCI runtime the engine does not have is not mounted
      When I PUT "sys/plugins/runtimes/catalog/container/rt" {"oci_runtime": "{OCI runtime}"}
      Then the answer is 204
      When I PUT "sys/plugins/catalog/secret/probe" {"oci_image": "{image of probe}", "sha256": "{digest of probe}", "runtime": "rt"}
      Then the answer is 204
      When I PUT "sys/plugins/runtimes/catalog/container/rt" {"oci_runtime": "plugproof-none"}
      Then the answer is 204
      When I POST "sys/mounts/m" {"type": "probe"}
      Then the answer is 400
      And "probe" runs in 0 containers
      When I GET "sys/mounts/m"
      Then the answer is 400
      When I PUT "sys/plugins/catalog/secret/again" {"oci_image": "{image of probe}", "sha256": "{digest of probe}", "runtime": "rt"}
      Then the answer is 400 with the error "unable to run plugin"
