"""Each call that a sequence of the rulebook is made of succeeds and leaves its CloudTrail record."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import ACCOUNT, REGION, EmbeddedAws
from local.intruder import make_ca_certificate
from tests.support import fleet_calls
from tests.support.fleet_calls import Actor, make_actor

OTHER_ACCOUNT = "999999999999"
URL = "https://collector.example/in"
PAYLOAD: Any = {"sql": "SELECT * FROM '#'", "actions": [{"http": {"url": URL}}]}
SCOPE = f"arn:aws:iot:{REGION}:{ACCOUNT}:all/things"


@dataclass(frozen=True)
class Estate:
    """What the calls are made on: a policy `open`, a rule `copy`, a template `line`, and these."""

    certificate: str
    certificate_arn: str
    ca: str


@pytest.fixture
def actor(aws: EmbeddedAws) -> Actor:
    return make_actor(aws, "engineer", "iot:*", "greengrass:*")


@pytest.fixture
def estate(actor: Actor) -> Estate:
    certificate = actor.iot.create_keys_and_certificate(setAsActive=False)
    actor.iot.create_policy(policyName="open", policyDocument=fleet_calls.document("iot:*"))
    fleet_calls.send_to(actor.iot, "copy", URL)
    fleet_calls.make_template(actor.iot, "line")
    fleet_calls.make_everything_group(actor.iot)
    ca = fleet_calls.register_ca(actor.iot)["certificateId"]
    return Estate(certificate["certificateId"], certificate["certificateArn"], ca)


IOT: dict[str, Callable[[Any, Estate], Any]] = {
    "CreateKeysAndCertificate": lambda iot, _: iot.create_keys_and_certificate(setAsActive=True),
    "CreateCertificateFromCsr": lambda iot, _: fleet_calls.sign_up(iot),
    "RegisterCertificate": lambda iot, _: iot.register_certificate(
        certificatePem=make_ca_certificate(), status="ACTIVE"
    ),
    "RegisterCertificateWithoutCA": lambda iot, _: iot.register_certificate_without_ca(
        certificatePem=make_ca_certificate(), status="ACTIVE"
    ),
    "CreatePolicy": lambda iot, _: iot.create_policy(
        policyName="new", policyDocument=fleet_calls.document("iot:*")
    ),
    "CreatePolicyVersion": lambda iot, _: fleet_calls.write_version(iot, "open", "iot:*"),
    "SetDefaultPolicyVersion": lambda iot, _: iot.set_default_policy_version(
        policyName="open", policyVersionId="1"
    ),
    "AttachPolicy": lambda iot, estate: iot.attach_policy(policyName="open", target=estate.certificate_arn),
    "DetachPolicy": lambda iot, estate: iot.detach_policy(policyName="open", target=estate.certificate_arn),
    "DeletePolicy": lambda iot, _: iot.delete_policy(policyName="open"),
    "CreateRoleAlias": lambda iot, _: iot.create_role_alias(
        roleAlias="camera", roleArn=fleet_calls.DEVICE_ROLE
    ),
    "UpdateRoleAlias": lambda iot, _: iot.update_role_alias(
        roleAlias="camera", roleArn=fleet_calls.DEVICE_ROLE
    ),
    "CreateTopicRuleDestination": lambda iot, _: fleet_calls.make_destination(iot, URL),
    "ConfirmTopicRuleDestination": lambda iot, _: iot.confirm_topic_rule_destination(
        confirmationToken="AYADeMXLrPrNY2wqJAKsFNn"
    ),
    "UpdateTopicRuleDestination": lambda iot, _: iot.update_topic_rule_destination(
        arn=f"arn:aws:iot:{REGION}:{ACCOUNT}:ruledestination/http/1", status="ENABLED"
    ),
    "CreateTopicRule": lambda iot, _: fleet_calls.send_to(iot, "copy_all", URL),
    "ReplaceTopicRule": lambda iot, _: iot.replace_topic_rule(ruleName="copy", topicRulePayload=PAYLOAD),
    "RegisterCACertificate": lambda iot, _: fleet_calls.register_ca(iot),
    "UpdateCACertificate": lambda iot, estate: iot.update_ca_certificate(
        certificateId=estate.ca, newAutoRegistrationStatus="ENABLE"
    ),
    "CreateProvisioningTemplate": lambda iot, _: fleet_calls.make_template(iot, "second-line"),
    "CreateProvisioningTemplateVersion": lambda iot, _: fleet_calls.write_template_version(iot, "line"),
    "UpdateProvisioningTemplate": lambda iot, _: iot.update_provisioning_template(
        templateName="line", defaultVersionId=1
    ),
    "CreateProvisioningClaim": lambda iot, _: iot.create_provisioning_claim(templateName="line"),
    "CreateAuthorizer": lambda iot, _: fleet_calls.make_unsigned_authorizer(iot, "anyone"),
    "UpdateAuthorizer": lambda iot, _: iot.update_authorizer(authorizerName="anyone", status="ACTIVE"),
    "SetDefaultAuthorizer": lambda iot, _: iot.set_default_authorizer(authorizerName="anyone"),
    "CreateStream": lambda iot, _: fleet_calls.make_stream(iot, "firmware"),
    "UpdateStream": lambda iot, _: iot.update_stream(streamId="firmware", description="new image"),
    "CreateOTAUpdate": lambda iot, _: fleet_calls.update_firmware(iot, "spring", "firmware"),
    "CreateJob": lambda iot, _: fleet_calls.run_everywhere(iot, "spring"),
    "SetV2LoggingOptions": lambda iot, _: iot.set_v2_logging_options(disableAllLogs=True),
    "SetV2LoggingLevel": lambda iot, _: iot.set_v2_logging_level(
        logTarget={"targetType": "DEFAULT"}, logLevel="DISABLED"
    ),
    "DeleteV2LoggingLevel": lambda iot, _: iot.delete_v2_logging_level(
        targetType="THING_GROUP", targetName="all"
    ),
    "SetLoggingOptions": lambda iot, _: iot.set_logging_options(
        loggingOptionsPayload={"roleArn": fleet_calls.DEVICE_ROLE, "logLevel": "DISABLED"}
    ),
    "DeleteAccountAuditConfiguration": lambda iot, _: iot.delete_account_audit_configuration(
        deleteScheduledAudits=True
    ),
    "UpdateAccountAuditConfiguration": lambda iot, _: iot.update_account_audit_configuration(
        auditCheckConfigurations={"LOGGING_DISABLED_CHECK": {"enabled": False}}
    ),
    "DeleteScheduledAudit": lambda iot, _: iot.delete_scheduled_audit(scheduledAuditName="daily"),
    "DeleteSecurityProfile": lambda iot, _: iot.delete_security_profile(securityProfileName="usual"),
    "DetachSecurityProfile": lambda iot, _: iot.detach_security_profile(
        securityProfileName="usual", securityProfileTargetArn=SCOPE
    ),
    "TransferCertificate": lambda iot, estate: iot.transfer_certificate(
        certificateId=estate.certificate, targetAwsAccount=OTHER_ACCOUNT
    ),
    "AcceptCertificateTransfer": lambda iot, estate: iot.accept_certificate_transfer(
        certificateId=estate.certificate, setAsActive=True
    ),
    "CancelCertificateTransfer": lambda iot, estate: iot.cancel_certificate_transfer(
        certificateId=estate.certificate
    ),
    "RejectCertificateTransfer": lambda iot, estate: iot.reject_certificate_transfer(
        certificateId=estate.certificate
    ),
    "UpdateCertificate": lambda iot, estate: iot.update_certificate(
        certificateId=estate.certificate, newStatus="REVOKED"
    ),
    "DeleteCertificate": lambda iot, estate: iot.delete_certificate(
        certificateId=estate.certificate, forceDelete=True
    ),
    "CreateThing": lambda iot, _: iot.create_thing(thingName="lamp"),
    "DeleteThing": lambda iot, _: iot.delete_thing(thingName="lamp"),
}
GREENGRASS: dict[str, Callable[[Any], Any]] = {
    "CreateComponentVersion": lambda greengrass: fleet_calls.make_component(greengrass, "com.example.shell"),
    "CreateDeployment": lambda greengrass: fleet_calls.deploy_component(greengrass, "com.example.shell"),
}


@dataclass(frozen=True)
class Event:
    """An event on the bus, what the SDK was given, and what it answered."""

    source: str
    record: Mapping[str, Any]
    given: Mapping[str, Any]
    answer: Mapping[str, Any]


@pytest.fixture
def event_of(api_events: Callable[[], Any]) -> Callable[..., Event]:
    """Return a function that makes a call with a client, and waits for the event of just this call."""

    def make(client: Any, call: Callable[[Any], Any]) -> Event:
        given: dict[str, Any] = {}

        def note(params: Mapping[str, Any], **_rest: Any) -> None:
            given.update(params)

        client.meta.events.register("provide-client-params.*.*", note)
        answer = call(client)
        request = answer.pop("ResponseMetadata")["RequestId"]
        event = api_events()
        while event["detail"]["requestID"] != request:
            event = api_events()
        return Event(event["source"], event["detail"], given, answer)

    return make


@pytest.mark.parametrize("operation", IOT)
def test_a_call_of_iot_leaves_its_record(
    actor: Actor, estate: Estate, event_of: Callable[..., Event], operation: str
) -> None:
    event = event_of(actor.iot, lambda iot: IOT[operation](iot, estate))

    assert "aws.iot" == event.source
    assert ("iot.amazonaws.com", operation) == (event.record["eventSource"], event.record["eventName"])
    assert event.given == event.record["requestParameters"]
    _assert_answer_without_secrets(event)


@pytest.mark.parametrize("operation", GREENGRASS)
def test_a_call_of_greengrass_leaves_its_record(
    actor: Actor, event_of: Callable[..., Event], operation: str
) -> None:
    event = event_of(actor.greengrass, GREENGRASS[operation])

    assert "aws.greengrass" == event.source
    assert ("greengrass.amazonaws.com", operation) == (event.record["eventSource"], event.record["eventName"])
    assert set(event.given) <= set(event.record["requestParameters"])
    assert "engineer" == event.record["userIdentity"]["userName"]
    _assert_answer_without_secrets(event)


def test_a_tunnel_leaves_its_record_without_its_tokens(actor: Actor, event_of: Callable[..., Event]) -> None:
    event = event_of(actor.tunneling, lambda tunneling: fleet_calls.open_tunnel(tunneling, "lamp"))

    assert "aws.iotsecuredtunneling" == event.source
    assert ("iotsecuredtunneling.amazonaws.com", "OpenTunnel") == (
        event.record["eventSource"],
        event.record["eventName"],
    )
    assert event.given == event.record["requestParameters"]
    assert f"arn:aws:iot:{REGION}:{ACCOUNT}:tunnel/{event.answer['tunnelId']}" == event.answer["tunnelArn"]
    assert "HIDDEN_DUE_TO_SECURITY_REASONS" == event.record["responseElements"]["sourceAccessToken"]
    _assert_answer_without_secrets(event)


def test_an_imitated_answer_gives_back_what_the_caller_named(actor: Actor) -> None:
    prefix = f"arn:aws:iot:{REGION}:{ACCOUNT}"
    alias = actor.iot.create_role_alias(roleAlias="camera", roleArn=fleet_calls.DEVICE_ROLE)
    stream = fleet_calls.make_stream(actor.iot, "firmware")
    destination = fleet_calls.make_destination(actor.iot, URL)["topicRuleDestination"]
    transfer = actor.iot.transfer_certificate(certificateId="c" * 64, targetAwsAccount=OTHER_ACCOUNT)
    component = fleet_calls.make_component(actor.greengrass, "com.example.shell", "1.2.3")

    assert ("camera", f"{prefix}:rolealias/camera") == (alias["roleAlias"], alias["roleAliasArn"])
    assert ("firmware", f"{prefix}:stream/firmware") == (stream["streamId"], stream["streamArn"])
    assert destination["arn"].startswith(f"{prefix}:ruledestination/http/")
    assert f"arn:aws:iot:{REGION}:{OTHER_ACCOUNT}:cert/{'c' * 64}" == transfer["transferredCertificateArn"]
    assert ("com.example.shell", "1.2.3") == (component["componentName"], component["componentVersion"])
    assert (
        f"arn:aws:greengrass:{REGION}:{ACCOUNT}:components:com.example.shell:versions:1.2.3"
        == component["arn"]
    )


def test_a_read_that_is_not_implemented_is_refused_as_before(actor: Actor) -> None:
    with pytest.raises(ClientError, match="Unsupported IoT path"):
        actor.iot.describe_stream(streamId="firmware")
    with pytest.raises(ClientError, match="does not know GET"):
        actor.greengrass.list_components()
    with pytest.raises(ClientError, match="does not know POST"):
        actor.tunneling.list_tunnels()


def test_a_recipe_that_is_not_json_still_makes_a_component(actor: Actor) -> None:
    answer = actor.greengrass.create_component_version(inlineRecipe=b"ComponentName: com.example.shell")

    assert "made-up" == answer["componentName"]


DENIED: dict[str, tuple[str, Callable[[Actor], Any]]] = {
    "CreatePolicy": (
        "iot:CreatePolicy",
        lambda actor: actor.iot.create_policy(policyName="new", policyDocument=fleet_calls.document("iot:*")),
    ),
    "SetV2LoggingOptions": (
        "iot:SetV2LoggingOptions",
        lambda actor: actor.iot.set_v2_logging_options(disableAllLogs=True),
    ),
    "CreateDeployment": (
        "greengrass:CreateDeployment",
        lambda actor: fleet_calls.deploy_component(actor.greengrass, "com.example.shell"),
    ),
    "OpenTunnel": ("iot:OpenTunnel", lambda actor: fleet_calls.open_tunnel(actor.tunneling, "lamp")),
}


@pytest.mark.parametrize("operation", DENIED)
def test_an_actor_is_denied_and_succeeds_once_it_is_allowed(
    aws: EmbeddedAws, records: Callable[[], Any], operation: str
) -> None:
    mallory = make_actor(aws, "mallory")
    action, call = DENIED[operation]
    aws.enforce_iam()

    with pytest.raises(ClientError, match="AccessDenied"):
        call(mallory)
    denied = records()
    fleet_calls.allow(aws, mallory, action)
    call(mallory)
    done = records()

    assert (operation, operation) == (denied["eventName"], done["eventName"])
    assert "mallory" == denied["userIdentity"]["userName"] == done["userIdentity"]["userName"]
    assert denied["errorCode"].startswith("AccessDenied")
    assert action in denied["errorMessage"]
    assert denied["responseElements"] is None
    assert "errorCode" not in done


def _assert_answer_without_secrets(event: Event) -> None:
    tokens = [value for name, value in event.answer.items() if name.endswith("AccessToken")]
    keys = [event.answer["keyPair"]["PrivateKey"]] if "keyPair" in event.answer else []
    assert set(event.answer) == set(event.record["responseElements"] or {})
    assert [] == [secret for secret in tokens + keys if json.dumps(secret)[1:-1] in json.dumps(event.record)]
