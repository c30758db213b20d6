"""IAM enforcement that can be switched on after the deployment, to prove least privilege."""

from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator

from . import pinned, workers

# Batch calls that AWS authorizes as the single call. MiniStack asks for an action of the batch's own name.
_SINGLE_ACTIONS = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sns:PublishBatch": "sns:Publish",
}

# ListTargetsForPolicy, which AWS authorizes on the policy. MiniStack knows no resource for it:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html
_TARGETS = "/policy-targets/"


def install() -> None:
    """Make enforcement usable over loopback, and ask for the actions that AWS asks for."""
    pinned.attribute(app, "AUTH")
    pinned.function(iam_evaluator, "pin_request_origin", "source_ip, secure_transport")

    def over_tls(source_ip: str, secure_transport: bool) -> None:  # noqa: ARG001, FBT001 - MiniStack's signature
        original(source_ip, True)  # noqa: FBT003 - MiniStack's signature

    # Policies that refuse plain HTTP (aws:SecureTransport) stay in the template; loopback counts as TLS.
    original = pinned.replace(app, "pin_request_origin", "source_ip, secure_transport", over_tls)

    def action(*request: Any) -> str | None:
        named: str | None = extract(*request)
        return _SINGLE_ACTIONS.get(named, named) if named else named

    parameters = "service, method, path, headers, body, query_params"
    extract = pinned.replace(iam_actions, "extract_iam_action", parameters, action)

    def resource(service: str, method: str, path: str, *request: Any) -> str:
        if service == "iot" and path.startswith(_TARGETS):
            path = path.replace(_TARGETS, "/policies/", 1)
        named: str = extract_resource(service, method, path, *request)
        return named

    parameters = "service, method, path, headers, body, query_params, region, account_id"
    extract_resource = pinned.replace(iam_actions, "extract_resource_arn", parameters, resource)


def switch(*, on: bool) -> None:
    """Enforce IAM policies from now on, or stop to.

    Workers that were started before hold the account root's credentials, or a role's that is no longer looked
    at: they are retired, so that the next invocation runs under the rules that now hold.
    """
    if on != app.AUTH:
        app.AUTH = on
        workers.retire()
