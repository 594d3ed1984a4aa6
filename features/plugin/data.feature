@type-secret @type-auth
Feature: Data
  What the first read after a write shows is what has to be kept: a plugin may
  normalise what it stores, and need not show secrets.
  Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-development
  Remedy: Keep state in req.Storage, not in variables of the process or in files.

  @PLG-020 @must @needs-samples @needs-plugin-directory
  Scenario: A mount does not see what another one stores
    Mounts of one process are compared, and no other scenario uses that process: what
    it deletes would be gone here too.
    Given the plugin is registered
    And the plugin is mounted at "p"
    And the plugin is mounted at "q"
    When the samples are written at "p"
    Then the samples are read at "p"
    And the samples are not at "q"

  @PLG-021 @must @needs-samples
  Scenario: Unmounting removes what was stored
    Given a mount of its own "p"
    And nothing of the samples is at "p" yet
    When the samples are written at "p"
    And I DELETE "{table}/p"
    And a mount of its own "p"
    Then the samples are not at "p"

  @PLG-031 @must @needs-samples @needs-plugin-directory
  Scenario: A reload keeps what was stored
    Given the plugin is registered
    And the plugin is mounted at "p"
    When the samples are written at "p"
    And I PUT "sys/plugins/reload/backend" {"mounts": ["{at}p/"]}
    Then the samples are read at "p"

  @PLG-022 @must
  Scenario: The samples are answered without a server error
    Remedy: Register a handler and an existence check for what the path takes, and blame mistakes of the user with logical.ErrorResponse, which is a 400. Other Go errors become 500.
    Then the samples are accepted

  @PLG-300 @must @needs-samples @needs-sample-updates
  Scenario: An update changes what was written
    Remedy: Store what an update changes, and read from storage rather than from a copy.
    Given a mount of its own "p"
    When the samples are written at "p"
    Then the samples are updated at "p"
    And the samples are read at "p"

  @PLG-301 @must @needs-samples
  Scenario: What is deleted is gone
    Remedy: Delete what was written in req.Storage, under the same key.
    Given a mount of its own "p"
    When the samples are written at "p"
    And the samples are deleted at "p"
    Then the samples are not at "p"

  @PLG-302 @must @needs-samples @builds-on-PLG-108
  Scenario: Lists name what there is, relative to their path
    Remedy: Return the keys of req.Storage.List as they are: names without the path before them, folders with a slash at their end.
    Given a mount of its own "p"
    When the samples are written at "p"
    Then the samples are listed at "p"

  @PLG-303 @must @needs-samples @builds-on-PLG-012 @builds-on-PLG-022 @builds-on-PLG-104
  Scenario: The existence check tells create from update
    Remedy: Let the existence check of a path read what its write stores, under the same key: policies grant create and update apart.
    Given a mount of its own "p"
    Then the samples can be created only once at "p"

  @PLG-304 @must @needs-samples @needs-process-control @needs-plugin-directory @builds-on-PLG-031
  Scenario: A kill keeps what was stored
    Given the plugin is registered
    And the plugin is mounted at "p"
    When the samples are written at "p"
    And the process of "my-plugin" is kept as "first"
    And the process "first" is killed
    And the process "first" has ended
    Then soon GET "{at}p/?help=1" answers 200 with:
      | help | (any) |
    And the samples are read at "p"

  @PLG-305 @must @needs-samples @needs-restart @needs-plugin-directory @own-server @builds-on-PLG-016 @builds-on-PLG-031
  Scenario: A restart of the server keeps what was stored
    Given the server keeps its state
    And the plugin is registered
    And the plugin is mounted at "p"
    When the samples are written at "p"
    And the server restarts
    Then soon GET "{at}p/?help=1" answers 200 with:
      | help | (any) |
    And the samples are read at "p"

  @PLG-306 @must @needs-samples @needs-upgrade-from @needs-plugin-directory @builds-on-PLG-031 @builds-on-PLG-020
  Scenario: An upgrade keeps what the older version stored
    Source: https://developer.hashicorp.com/vault/docs/upgrading/plugins
    Remedy: Read what older versions stored, under their keys and in their form, or convert it in Initialize.
    Given the older version of the plugin is registered
    And the plugin is mounted at "p"
    When the samples are written at "p"
    And the plugin is upgraded at "p"
    Then soon GET "{at}p/?help=1" answers 200 with:
      | help | (any) |
    And the samples are read at "p"

  @PLG-312 @should
  Scenario: Answers stay below gRPC's limits
    An answer is one message. Servers take up to 2 GB of it into their memory, and gRPC
    by default 4 MB.
    Source: features/CONTRACT.md#5-requests
    Source: https://pkg.go.dev/google.golang.org/grpc#MaxCallRecvMsgSize
    Remedy: Answer lists with names only, bound what is put into one answer, and let callers ask for the rest, as with after and limit.
    Given a mount of its own "p"
    Then no answer at "p" is larger than allowed

  @PLG-313 @must @needs-samples
  Scenario: An update is accepted as the profile has it
    Remedy: Ask for required fields only where nothing is stored yet: read what is stored before an update, and change what data.GetOk returns. If the path replaces what is there, name all of its fields under update in the profile.
    Then the updates are accepted

  @PLG-314 @must
  Scenario: What the profile names is answered in time
    Remedy: Give every lock back on every way out, take none that is held already, and bound what waits for something with the request's context.
    Then what the profile names is answered

  @PLG-307 @must @needs-samples
  Scenario: Durations are read in seconds
    Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-development
    Remedy: Return int64(ttl.Seconds()) rather than a time.Duration, which JSON has as nanoseconds.
    Given a mount of its own "p"
    When the samples are written at "p"
    Then the samples at "p" have durations in seconds

  @PLG-308 @should @needs-samples @needs-sample-updates
  Scenario: An update keeps the fields that it does not name
    Remedy: Read what is stored before an update and change what data.GetOk returns; data.Get returns the default of a field that was not sent.
    Given a mount of its own "p"
    When the samples are written at "p"
    Then updates at "p" keep what they do not name

  @PLG-309 @must @needs-setup
  Scenario: A fresh mount does not see what another one was set up with
    Remedy: Keep the configuration in req.Storage and what is made from it in the backend that the factory returns, not in variables of the process.
    Given a fresh mount of its own "p"
    Then nothing of the setup is at "p"

  @PLG-310 @must @needs-samples
  Scenario: A delete leaves everything else alone
    Remedy: Delete the one key in req.Storage under which the name is stored, rather than all that begin as it does.
    Given a mount of its own "p"
    When the samples are written at "p"
    And twins of the samples are written at "p"
    And the samples are deleted at "p"
    Then the twins of the samples are read at "p"

  @PLG-311 @must @needs-samples @builds-on-PLG-301
  Scenario: What is deleted is not listed
    Remedy: List the keys in req.Storage, or remove a name from what the list is made of when it is deleted.
    Given a mount of its own "p"
    When the samples are written at "p"
    And the samples are deleted at "p"
    Then the samples are not listed at "p"

  @PLG-318 @must @needs-setup @builds-on-PLG-421
  Scenario: What is deleted of the setup is not used any more
    Remedy: Forget what was made from a configuration, role or user when that is deleted: in the delete and in Invalidate of framework.Backend.
    Given the plugin is set up
    Then what is deleted of the setup is not used at "p" any more

  @PLG-319 @should @needs-setup @builds-on-PLG-308 @builds-on-PLG-321
  Scenario: A write to the configuration keeps the fields that it does not name
    Remedy: Read what is stored before an update and change what data.GetOk returns; data.Get returns the default of a field that was not sent, so that a password is lost.
    Given a mount of its own "p"
    Then writes to the setup of "p" keep what they do not name

  @PLG-320 @should @needs-samples @builds-on-PLG-300
  Scenario: A value can be taken back
    Remedy: Ask data.GetOk whether a field was sent, rather than whether it is false, 0 or empty.
    Given a mount of its own "p"
    When the samples are written at "p"
    Then values of the samples at "p" can be taken back

  @PLG-321 @must @needs-samples
  Scenario: The same write twice is the same as once
    Remedy: Replace the value of a field rather than adding to it.
    Given a mount of its own "p"
    When the samples are written at "p"
    Then the samples at "p" can be written twice

  @PLG-322 @must @needs-samples
  Scenario: What was not written is not found
    Clients take a success for something that exists.
    Remedy: Return nil from a read, which is a 404, when there is nothing in storage.
    Given a mount of its own "p"
    Then what was not written at "p" is not found

  @PLG-323 @must @needs-samples @builds-on-PLG-307 @builds-on-PLG-300
  Scenario: Durations may have a unit, or are refused
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#FieldType
    Remedy: Declare the field as framework.TypeDurationSecond, which reads 60, "60s" and "1m".
    Given a mount of its own "p"
    When the samples are written at "p"
    Then the samples at "p" take durations with units as such

  @PLG-324 @must @needs-samples @needs-sample-updates
  Scenario: A patch keeps what it does not name
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#HandlePatchOperation
    Remedy: Read what is stored, and change it with framework.HandlePatchOperation.
    Given a mount of its own "p"
    When the samples are written at "p"
    Then patches at "p" keep what they do not name

  @PLG-325 @must @needs-samples @builds-on-PLG-207
  Scenario: What is refused leaves nothing
    Remedy: Check everything before anything is stored, and give locks back also when a write is refused.
    Given a mount of its own "p"
    Then writes at "p" that are refused leave nothing

  @PLG-326 @should @needs-samples @builds-on-PLG-301
  Scenario: Names may have capitals, or are refused
    Remedy: Use a name in lower case everywhere, as with framework.TypeLowerCaseString, or nowhere.
    Given a mount of its own "p"
    Then names at "p" may have capitals or are refused

  @PLG-327 @must @needs-samples @builds-on-PLG-302 @builds-on-PLG-021 @builds-on-PLG-108
  Scenario: A list has what was written after it was asked for before
    Remedy: List the keys in req.Storage, or add a name to what the list is made of when it is written.
    Given a mount of its own "p"
    When the samples are written at "p"
    Then lists at "p" have what was written after they were asked for

  @PLG-331 @must
  Scenario: What is written is there
    Remedy: Store what a write succeeds with, with req.Storage.Put, under the key that the read of the path uses.
    Given a fresh mount of its own "p"
    Then what the profile writes to "p" is there

  @PLG-328 @should @needs-samples @needs-sample-updates @needs-faults @builds-on-PLG-020 @builds-on-PLG-021 @builds-on-PLG-031
  Scenario: What another server writes is read
    On a standby that serves reads the storage changes without a request, and the plugin
    is told the keys.
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#Backend
    Remedy: Set Invalidate of framework.Backend, and forget there what was kept of the key that it names.
    Given a mount of its own "p"
    When the samples are written at "p"
    Then what another server writes at "p" is read

  @PLG-329 @should @needs-setup @needs-faults @needs-loopback
  Scenario: What another server configures takes effect
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#Backend
    Remedy: Set Invalidate of framework.Backend, and forget there the client that was made from the configuration when its key is named.
    Given a mount of its own "p" beside services that can fail
    Then what another server configures at "p" takes effect

  @PLG-330 @must @needs-setup @needs-loopback
  Scenario: Mounts of one process call what each was set up with
    Remedy: Keep clients and configurations in the backend that the factory returns, or by the mount, and not in variables of the process.
    Given a mount of its own "p" beside services that can fail
    Then mounts beside "p" call what they were set up with

  @PLG-332 @must @needs-pairs
  Scenario: What one path gives another one takes back
    Remedy: Put into what is given all that taking it back needs, such as the version of its key and a nonce. If the plugin is right, correct the pairs in the profile.
    Given a mount of its own "p"
    When what the pairs give is asked for at "p"
    Then what the pairs gave is taken back at "p"

  @PLG-333 @must @needs-pairs @needs-plugin-directory @builds-on-PLG-332
  Scenario: What was given is taken back after a reload
    Remedy: Keep keys in req.Storage, and nothing that goes into what is given in variables of the process.
    Given the plugin is registered
    And the plugin is mounted at "p"
    When what the pairs give is asked for at "p"
    And I PUT "sys/plugins/reload/backend" {"mounts": ["{at}p/"]}
    Then what the pairs gave is taken back at "p"

  @PLG-334 @must @needs-pairs @builds-on-PLG-332
  Scenario: What was given is taken back after what is between
    A key that is rotated has to keep its older versions.
    Remedy: Keep the older versions of a key, note the version in what is given, and use that one to take it back.
    Given a mount of its own "p"
    When what the pairs give is asked for at "p"
    Then what the pairs gave is taken back after what is between at "p"

  @PLG-335 @must @needs-pairs @builds-on-PLG-332
  Scenario: What was altered is not taken back
    Remedy: Compare signatures as a whole, and use a cipher that notices changes, such as AES-GCM.
    Given a mount of its own "p"
    When what the pairs give is asked for at "p"
    Then what the pairs gave is not taken back at "p" when it was altered

  @PLG-336 @must @needs-setup @needs-credentials-or-logins @builds-on-PLG-317 @builds-on-PLG-421 @builds-on-PLG-468
  Scenario: A change of the setup takes effect
    Remedy: Forget what was made from a configuration, role or user when that is written, and in Invalidate of framework.Backend; or read it from req.Storage for each request.
    Given a mount of its own "p"
    Then changes of the setup take effect at "p"

  @PLG-337 @must @needs-rotations @needs-credentials-or-logins @needs-plugin-directory @builds-on-PLG-031
  Scenario: A rotated secret is used, and outlives the process
    Nobody else knows it.
    Remedy: Store the new secret in req.Storage before it is used, answer with an error if that fails, and forget the client that was made with the old one.
    Given the plugin is registered
    And the plugin is mounted at "p"
    Then secrets that are rotated at "p" are kept

  @PLG-338 @must @needs-rotations @needs-credentials-or-logins @needs-secrets @builds-on-PLG-317 @builds-on-PLG-336 @builds-on-PLG-337
  Scenario: The secret from before a rotation does not serve any more
    Whoever knew it could go on with it.
    Remedy: Change the secret where it is checked, and delete the old one there. If the plugin is right, correct the rotations in the profile.
    Given a mount of its own "p"
    Then secrets from before rotations at "p" do not serve any more

  @PLG-339 @must @needs-samples @builds-on-PLG-302 @builds-on-PLG-108
  Scenario: A list has no names of what was written elsewhere
    Remedy: Give each kind of thing a folder of its own in req.Storage, which is that of no other path, and list that one alone.
    Given a fresh mount of its own "p"
    Then lists at "p" have no names of what was written elsewhere

  @PLG-340 @must @needs-samples @builds-on-PLG-302 @builds-on-PLG-108
  Scenario: Many names that are written at once are listed
    Remedy: List the keys in req.Storage. Guard with a lock what is read, changed and stored again, such as a list of names under one key, and return all names where the request sets no limit.
    Given a mount of its own "p"
    Then many names that are written at once at "p" are listed

  @PLG-341 @should @needs-samples @builds-on-PLG-331
  Scenario: A read shows the fields that were written
    Secrets and objects may be left out.
    Remedy: Return every stored field from the read, under the name with which it is written. Name under secrets in the profile what must not be shown.
    Then reads of the samples show the fields that were written

  @PLG-342 @should @needs-setup
  Scenario: Defaults are those that are documented
    Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#FieldSchema
    Remedy: Set the default of a field that was not sent when something is created, as data.Get does, or correct Default in the field's schema.
    Given a fresh mount of its own "p"
    Then defaults that are documented apply at "p"

  @PLG-343 @must @builds-on-PLG-332 @builds-on-PLG-031 @builds-on-PLG-415
  Scenario: A tidy leaves what is in use
    Source: https://developer.hashicorp.com/vault/docs/auth/approle
    Remedy: Remove in a tidy only what is over: compare the time at which it ends with now, take none for no end, and keep roles and configurations.
    Given a mount of its own "p"
    Then a tidy at "p" keeps what is in use

  @PLG-344 @must @needs-samples @builds-on-PLG-302 @builds-on-PLG-340
  Scenario: A list is given in pages where it documents that
    Source: https://openbao.org/api-docs/#pagination
    Remedy: Return the names after the one in after, without it, and no more of them than limit: req.Storage.ListPage of OpenBao does it.
    Given a mount of its own "p"
    Then lists at "p" are given in pages

  @PLG-345 @must @needs-samples
  Scenario: A write for another version is refused
    Source: https://developer.hashicorp.com/vault/docs/secrets/kv/kv-v2
    Remedy: Compare cas with the version that is stored before a write, where it was sent, and refuse 0 if there is something.
    Given a mount of its own "p"
    When the samples are written at "p"
    Then writes at "p" for another version are refused
