"""What actors do to a fleet: real SDK calls with sensible parameters, so that a test reads like a story.

Each function makes one call and returns the SDK's answer. A call that needs no more than a line is not here:
a test makes it itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.aws import ACCOUNT, REGION
from local.intruder import make_ca_certificate

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

    from local.aws import EmbeddedAws

DEVICE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/devices"
EVERY_THING = f"arn:aws:iot:{REGION}:{ACCOUNT}:thinggroup/all"
"""The thing group that a rollout goes to; `make_everything_group` makes it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """An IAM user, as clients of the services that it uses. The SDK's stubs cover only the first."""

    name: str
    iot: IoTClient
    greengrass: Any
    tunneling: Any


def make_actor(aws: EmbeddedAws, name: str, *actions: str) -> Actor:
    """Make a new IAM user who may do these actions, or nothing; that counts once IAM is enforced."""
    iam = aws.client("iam")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    credentials = key["AccessKeyId"], key["SecretAccessKey"]
    actor = Actor(
        name,
        aws.client_of("iot", *credentials),
        aws.client_of("greengrassv2", *credentials),
        aws.client_of("iotsecuretunneling", *credentials),
    )
    if actions:
        allow(aws, actor, *actions)
    return actor


def allow(aws: EmbeddedAws, actor: Actor, *actions: str) -> None:
    """Let the actor do these actions and no others."""
    aws.client("iam").put_user_policy(
        UserName=actor.name, PolicyName="own", PolicyDocument=document(*actions)
    )


def document(*actions: str, resource: str = "*") -> str:
    """A policy that allows these actions."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def sign_up(iot: IoTClient) -> Any:
    """Make a certificate from a signing request, as a device does that keeps its own key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "device")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name)
    signed = request.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    text = signed.public_bytes(serialization.Encoding.PEM).decode()
    return iot.create_certificate_from_csr(certificateSigningRequest=text, setAsActive=True)


def write_version(iot: IoTClient, policy: str, *actions: str, resource: str = "*") -> Any:
    """Write a version of a policy that allows these actions, and make it the default."""
    text = document(*actions, resource=resource)
    return iot.create_policy_version(policyName=policy, policyDocument=text, setAsDefault=True)


def let_devices_assume(iot: IoTClient, policy: str, role_alias_arn: str) -> Any:
    """Write a version of a policy that gives devices the role behind an alias."""
    return write_version(iot, policy, "iot:AssumeRoleWithCertificate", resource=role_alias_arn)


def make_destination(iot: IoTClient, url: str) -> Any:
    """Make a destination for topic rules; it has to be confirmed."""
    return iot.create_topic_rule_destination(
        destinationConfiguration={"httpUrlConfiguration": {"confirmationUrl": url}}
    )


def send_to(iot: IoTClient, rule: str, url: str) -> Any:
    """Make a topic rule that sends every message to a URL."""
    return iot.create_topic_rule(
        ruleName=rule, topicRulePayload={"sql": "SELECT * FROM '#'", "actions": [{"http": {"url": url}}]}
    )


def register_ca(iot: IoTClient) -> Any:
    """Register an active CA whose certificates register themselves."""
    return iot.register_ca_certificate(
        caCertificate=make_ca_certificate(),
        certificateMode="SNI_ONLY",
        setAsActive=True,
        allowAutoRegistration=True,
    )


def make_template(iot: IoTClient, name: str) -> Any:
    """Make a provisioning template that gives each new device a certificate."""
    return iot.create_provisioning_template(
        templateName=name, templateBody=_template("v1"), provisioningRoleArn=DEVICE_ROLE, enabled=True
    )


def write_template_version(iot: IoTClient, name: str) -> Any:
    """Write a new version of a provisioning template, and make it the default."""
    return iot.create_provisioning_template_version(
        templateName=name, templateBody=_template("v2"), setAsDefault=True
    )


def make_unsigned_authorizer(iot: IoTClient, name: str) -> Any:
    """Make an authorizer that takes any token."""
    return iot.create_authorizer(
        authorizerName=name,
        authorizerFunctionArn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
        signingDisabled=True,
        status="ACTIVE",
    )


def make_stream(iot: IoTClient, stream: str) -> Any:
    """Make a stream that brings a file to devices."""
    return iot.create_stream(
        streamId=stream,
        files=[{"fileId": 1, "s3Location": {"bucket": "firmware", "key": "image.bin"}}],
        roleArn=DEVICE_ROLE,
    )


def make_everything_group(iot: IoTClient) -> Any:
    """Make the thing group that a rollout goes to."""
    return iot.create_thing_group(thingGroupName=EVERY_THING.rpartition("/")[2])


def update_firmware(iot: IoTClient, update: str, stream: str) -> Any:
    """Start an OTA update of the whole fleet from a stream."""
    return iot.create_ota_update(
        otaUpdateId=update,
        targets=[EVERY_THING],
        files=[{"fileName": "image.bin", "fileLocation": {"stream": {"streamId": stream, "fileId": 1}}}],
        roleArn=DEVICE_ROLE,
    )


def run_everywhere(iot: IoTClient, job: str) -> Any:
    """Start a job that also reaches every device that joins the fleet later."""
    steps = [{"action": {"name": "run", "type": "runHandler", "input": {"handler": "x.sh"}}}]
    text = json.dumps({"version": "1.0", "steps": steps})
    return iot.create_job(jobId=job, targets=[EVERY_THING], document=text, targetSelection="CONTINUOUS")


def make_component(greengrass: Any, name: str, version: str = "1.0.0") -> Any:
    """Make a version of a Greengrass component."""
    recipe = {
        "RecipeFormatVersion": "2020-01-25",
        "ComponentName": name,
        "ComponentVersion": version,
        "Manifests": [{"Lifecycle": {"run": "true"}}],
    }
    return greengrass.create_component_version(inlineRecipe=json.dumps(recipe).encode())


def deploy_component(greengrass: Any, name: str, version: str = "1.0.0") -> Any:
    """Deploy a Greengrass component to the whole fleet."""
    components = {name: {"componentVersion": version}}
    return greengrass.create_deployment(targetArn=EVERY_THING, components=components)


def open_tunnel(tunneling: Any, thing: str) -> Any:
    """Open a tunnel to the SSH port of a device."""
    return tunneling.open_tunnel(destinationConfig={"thingName": thing, "services": ["SSH"]})


def _template(description: str) -> str:
    certificate = {
        "Type": "AWS::IoT::Certificate",
        "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}, "Status": "Active"},
    }
    parameters = {"AWS::IoT::Certificate::Id": {"Type": "String"}}
    return json.dumps(
        {"Description": description, "Parameters": parameters, "Resources": {"certificate": certificate}}
    )
