"""What makes each built-in sequence fire, and what nearly does."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.support.count_histories import (
    ALIAS,
    ALLOW_ALIAS,
    ARN,
    AUTHORIZER,
    BLINDED,
    CA,
    DEVICE,
    GREENGRASS,
    TUNNEL,
    TUNNELING,
    URL,
    WIDE,
    attach,
    certificate,
    certificate_arn,
    denied,
    deploy,
    detach,
    identity,
    run_job,
    send_to,
    switch_off,
)
from tests.support.histories import DENIED, Call, document
from tests.support.records import ACCOUNT


@dataclass(frozen=True)
class Steps:
    """What completes a sequence, and what nearly does."""

    steps: dict[str, Call]
    also: frozenset[str] = frozenset()
    """Other rules that the same calls make fire."""
    instead: tuple[tuple[str, Call], ...] = ()
    """Calls that are a step as well."""
    nearly: tuple[tuple[str, Call], ...] = ()
    """Calls that are none."""


SEQUENCES = {
    "denied-then-done": Steps(
        {"refused": replace(attach(), error=DENIED), "done": attach()},
        instead=(("refused", replace(attach("q", 2), error="AccessDenied")),),
        nearly=(
            ("refused", replace(attach(), error="ThrottlingException")),
            ("done", replace(attach(), error="InvalidRequestException")),
            ("done", identity()),
            ("done", replace(attach(), account="444455556666")),
        ),
    ),
    "denied-then-tunnel": Steps(
        {"refused": denied(1), "succeeded": switch_off(1, "ACTIVE"), "tunnel": TUNNEL},
        nearly=(
            ("succeeded", Call("TagResource", {"resourceArn": f"{ARN}:thing/t"})),
            ("succeeded", Call("CreateThing", {"thingName": "t"})),
            ("tunnel", replace(TUNNEL, error="LimitExceededException")),
            ("tunnel", Call("CloseTunnel", {"tunnelId": "x"}, source=TUNNELING)),
        ),
    ),
    "permissive-identity": Steps(
        {"identity": identity(), "policy": Call("CreatePolicy", WIDE), "attached": attach()},
        also=frozenset({"permissive-policy-in-use"}),
        instead=(
            ("identity", identity(operation="CreateCertificateFromCsr")),
            ("identity", identity(operation="RegisterCertificateWithoutCA")),
            ("policy", Call("CreatePolicyVersion", WIDE)),
            ("attached", Call("AttachPrincipalPolicy", {"policyName": "p", "principal": certificate_arn(1)})),
        ),
        nearly=(
            ("identity", Call("RegisterCACertificate", {}, {"certificateId": certificate(1)})),
            (
                "policy",
                Call("CreatePolicy", {**WIDE, "policyDocument": document("iot:Connect", f"{ARN}:client/t")}),
            ),
            ("attached", replace(attach(), error=DENIED)),
        ),
    ),
    "permissive-policy-in-use": Steps(
        {"written": Call("CreatePolicyVersion", WIDE), "attached": attach().by_another()},
        nearly=(
            ("attached", attach("q")),
            ("attached", replace(attach(), region="us-east-1")),
            ("attached", replace(attach(), account="444455556666")),
        ),
    ),
    "wide-access-for-new-identity": Steps(
        {"identity": identity(), "permission": attach("fleet-admin").by_another()},
        instead=(("identity", identity(operation="RegisterCertificate")), ("identity", DEVICE)),
        nearly=(("permission", attach("fleet-admin", number=2)), ("permission", attach("device-policy"))),
    ),
    "aws-role-for-devices": Steps(
        {"alias": ALIAS, "allowed": Call("CreatePolicyVersion", ALLOW_ALIAS), "attached": attach()},
        instead=(("alias", replace(ALIAS, operation="UpdateRoleAlias")),),
        nearly=(
            ("alias", Call("UpdateRoleAlias", {"roleAlias": "camera", "credentialDurationSeconds": 900})),
            (
                "allowed",
                Call("CreatePolicy", {"policyName": "p", "policyDocument": document("iot:Connect", "x")}),
            ),
            ("attached", detach(1)),
        ),
    ),
    "certificate-changed-hands": Steps(
        {
            "offered": Call(
                "TransferCertificate", {"certificateId": certificate(1), "targetAwsAccount": "444455556666"}
            ),
            "accepted": Call(
                "AcceptCertificateTransfer",
                {"certificateId": certificate(1)},
                by="other",
                account="444455556666",
            ),
        },
        nearly=(
            ("accepted", Call("AcceptCertificateTransfer", {"certificateId": certificate(2)})),
            ("accepted", Call("RejectCertificateTransfer", {"certificateId": certificate(1)})),
        ),
    ),
    "ca-enrols-devices": Steps(
        {"ca": CA, "device": DEVICE},
        instead=(
            ("ca", replace(CA, parameters={"allowAutoRegistration": "true"})),
            (
                "ca",
                Call("UpdateCACertificate", {"certificateId": "9", "newAutoRegistrationStatus": "ENABLE"}),
            ),
        ),
        nearly=(
            ("ca", replace(CA, parameters={"allowAutoRegistration": False})),
            ("ca", Call("UpdateCACertificate", {"certificateId": "9", "newStatus": "ACTIVE"})),
            ("device", identity(operation="RegisterCertificate")),
            ("device", replace(DEVICE, region="us-east-1")),
        ),
    ),
    "template-change-then-claim": Steps(
        {
            "template": Call(
                "CreateProvisioningTemplateVersion", {"templateName": "line", "setAsDefault": True}
            ),
            "claim": Call("CreateProvisioningClaim", {"templateName": "line"}, by="line-operator"),
        },
        instead=(
            ("template", Call("UpdateProvisioningTemplate", {"templateName": "line", "defaultVersionId": 2})),
        ),
        nearly=(
            ("template", Call("CreateProvisioningTemplateVersion", {"templateName": "line"})),
            ("template", Call("UpdateProvisioningTemplate", {"templateName": "line", "enabled": True})),
            ("claim", Call("CreateProvisioningClaim", {"templateName": "other"})),
        ),
    ),
    "unsigned-authorizer-by-default": Steps(
        {
            "unsigned": AUTHORIZER,
            "default": Call("SetDefaultAuthorizer", {"authorizerName": "anyone"}, by="x"),
        },
        instead=(
            (
                "unsigned",
                replace(AUTHORIZER, parameters={"authorizerName": "anyone", "signingDisabled": "true"}),
            ),
            (
                "default",
                Call("UpdateDomainConfiguration", {"authorizerConfig": {"defaultAuthorizerName": "anyone"}}),
            ),
        ),
        nearly=(
            ("unsigned", replace(AUTHORIZER, parameters={"authorizerName": "anyone"})),
            ("default", Call("SetDefaultAuthorizer", {"authorizerName": "other"})),
            ("default", Call("UpdateDomainConfiguration", {"domainConfigurationName": "anyone"})),
        ),
    ),
    "messages-sent-out": Steps(
        {
            "destination": Call("ConfirmTopicRuleDestination", {"confirmationToken": "***"}),
            "rule": send_to(http={"url": URL}),
        },
        instead=(
            ("destination", Call("UpdateTopicRuleDestination", {"arn": "x", "status": "ENABLED"})),
            ("rule", replace(send_to(http={"url": URL}), operation="ReplaceTopicRule")),
            ("rule", send_to(kafka={"destinationArn": f"{ARN}:ruledestination/vpc/1"})),
            ("rule", send_to(sqs={"queueUrl": "q", "roleArn": "arn:aws:iam::444455556666:role/theirs"})),
        ),
        nearly=(
            ("destination", Call("UpdateTopicRuleDestination", {"arn": "x", "status": "DISABLED"})),
            ("destination", Call("CreateTopicRuleDestination", {})),
            ("rule", send_to(sqs={"queueUrl": "q", "roleArn": f"arn:aws:iam::{ACCOUNT}:role/ours"})),
        ),
    ),
    "firmware-rollout": Steps(
        {
            "firmware": Call("CreateStream", {"streamId": "s"}),
            "rollout": Call("CreateOTAUpdate", {"otaUpdateId": "o"}),
        },
        instead=(
            ("firmware", Call("UpdateStream", {"streamId": "s"})),
            ("firmware", Call("CreatePackageVersion", {"packageName": "f", "versionName": "2"})),
            ("rollout", run_job()),
        ),
        nearly=(("rollout", run_job("SNAPSHOT")), ("firmware", Call("DeleteStream", {"streamId": "s"}))),
    ),
    "component-rollout": Steps(
        {"component": Call("CreateComponentVersion", source=GREENGRASS), "deployment": deploy()},
        nearly=(("deployment", deploy(f"{ARN}:thing/core")),),
    ),
    "blinded-then-acted": Steps(
        {"blinded": BLINDED, "acted": identity()},
        instead=(
            ("blinded", Call("SetV2LoggingOptions", {"defaultLogLevel": "DISABLED"})),
            (
                "blinded",
                Call("SetV2LoggingLevel", {"logTarget": {"targetType": "DEFAULT"}, "logLevel": "DISABLED"}),
            ),
            ("blinded", Call("SetLoggingOptions", {"loggingOptionsPayload": {"logLevel": "DISABLED"}})),
            ("blinded", Call("DeleteAccountAuditConfiguration")),
            ("blinded", Call("DeleteScheduledAudit", {"scheduledAuditName": "daily"})),
            ("blinded", Call("DeleteSecurityProfile", {"securityProfileName": "usual"})),
            ("blinded", Call("DetachSecurityProfile", {"securityProfileName": "usual"})),
            ("blinded", Call("UpdateSecurityProfile", {"deleteBehaviors": True})),
            (
                "blinded",
                Call(
                    "UpdateAccountAuditConfiguration",
                    {"auditCheckConfigurations": {"LOGGING_DISABLED_CHECK": {"enabled": False}}},
                ),
            ),
            ("acted", Call("CreatePolicy", WIDE)),
            ("acted", attach("fleet-admin")),
            ("acted", send_to(http={"url": URL})),
            ("acted", send_to(sqs={"roleArn": "arn:aws:iam::444455556666:role/theirs"})),
            ("acted", AUTHORIZER),
            ("acted", CA),
            ("acted", Call("UpdateCACertificate", {"newAutoRegistrationStatus": "ENABLE"})),
            ("acted", ALIAS),
            ("acted", replace(ALIAS, operation="UpdateRoleAlias")),
            (
                "acted",
                Call("CreateProvisioningTemplateVersion", {"templateName": "t", "setAsDefault": "true"}),
            ),
            ("acted", Call("CreateProvisioningClaim", {"templateName": "t"})),
            ("acted", Call("CreateOTAUpdate", {"otaUpdateId": "o"})),
            ("acted", run_job()),
            ("acted", switch_off(1)),
            ("acted", deploy()),
            ("acted", TUNNEL),
            ("acted", Call("TransferCertificate", {"certificateId": certificate(1)})),
        ),
        nearly=(
            ("blinded", Call("SetV2LoggingOptions", {"defaultLogLevel": "INFO"})),
            ("blinded", Call("UpdateSecurityProfile", {"securityProfileName": "usual"})),
            ("acted", Call("CreateThing", {"thingName": "t"})),
            ("acted", attach("device-policy")),
            ("acted", run_job("SNAPSHOT")),
            ("acted", deploy(f"{ARN}:thing/core")),
            ("acted", switch_off(1, "ACTIVE")),
        ),
    ),
}
