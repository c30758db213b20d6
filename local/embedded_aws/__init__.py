"""An AWS that runs in one local process: MiniStack, held to loopback and mended where our stack needs it.

`python -m local.embedded_aws --port N` runs it in the foreground; `local.aws.EmbeddedAws` runs it for a
test.

MiniStack is an emulator. What a test proves against it is that our code and our template hang together; what
AWS itself does is proved only by AWS. On top of that, the behaviours below are imitated *by us*, in this
package, from AWS's documentation. A test that passes because of them is no evidence about AWS at all:

- `cloudtrail`: an API call of IoT, IoT Wireless, Greengrass (version 2) or Secure Tunneling becomes an "AWS
  API Call via CloudTrail" event. The record is built from botocore's model of the service. It is made at once
  (CloudTrail takes seconds to minutes and promises no order), no trail has to exist, and calls that the
  emulator makes inside itself (CloudFormation creating an IoT policy, a device provisioning itself) leave no
  record. A denied call keeps its requestParameters.
- `unimplemented`: a writing call of IoT that MiniStack does not implement, and every writing call of
  Greengrass and Secure Tunneling, succeeds with a plain answer made from botocore's model. Nothing is
  validated and nothing is kept; reads are refused.
- `events`: who may put an `aws.*` event, and which rule states receive read-only management events.
- `functions`: a rule that targets a function invokes it asynchronously, with Lambda's two retries (in
  fractions of a second instead of minutes) and its on-failure destination; a throttled asynchronous event
  waits; a target that is missing, or may not be invoked by the rule, goes to the target's dead-letter queue
  at once. At most a few functions run at a time; the others queue.
- `workers`: a function sees the standard library, its own asset and the packages that Lambda's Python
  runtime carries, and nothing else of the virtual environment, the checkout or the host's environment
  variables. What it logs through `logging` becomes JSON, as with Lambda's log format JSON, whichever format
  the function has.
- `cloudformation`: `Ref` of a secret is its ARN, a table's TimeToLiveSpecification is applied, a topic
  starts with the policy and the key that it would have on AWS, `AWS::CloudTrail::Trail` exists.
- `enforcement`: IAM enforcement can be switched while the emulator runs; loopback counts as TLS, so that
  `aws:SecureTransport` conditions can be kept in the template; batch calls of SQS and SNS need the
  permission of the single call. It covers the calls that functions make. What AWS does on a function's behalf
  (the event source mapping's receiving and deleting, the sending to an on-failure destination, the use of a
  KMS key) passes without a look at the role: those permissions have to be asserted on the template.
- `faults`: AWS errors on demand, for an operation by its name (also of the REST services that leave records).
  The code and status are the test's choice, not something AWS was seen to do.

Everything else is stock MiniStack: EventBridge's pattern matching, SQS, SNS, DynamoDB, SSM, Secrets Manager,
the event source mapping, the policy evaluation, CloudFormation. Known differences of those from AWS remain.

The patches replace private functions of one exact version. Each checks, when the emulator starts, that what
it replaces still has the signature it had, and stops the start if not (see `pinned`).
"""
