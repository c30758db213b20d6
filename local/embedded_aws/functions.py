"""Rule → function, as EventBridge and Lambda's asynchronous invocation do it.

MiniStack hands a rule's event to the function once, in the foreground, and forgets it. Here it becomes an
asynchronous invocation, with Lambda's retries and on-failure destination; what can not be handed over at all
goes to the dead-letter queue of the rule's target.
"""

import json
import logging
import threading
import time
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge, lambda_svc, sqs

from . import lifetime, pinned

_log = logging.getLogger(__name__)

_delivery: ContextVar[tuple[dict[str, Any], dict[str, Any]]] = ContextVar("delivery")
_holds_place: ContextVar[bool] = ContextVar("holds_place", default=False)
# The life in which the asynchronous event that this context serves was accepted; None for any other
# invocation.
_accepted_in: ContextVar[int | None] = ContextVar("accepted_in", default=None)

# Lambda tries a throttled event again for six hours; here a throttle ends as soon as another function
# returns.
_THROTTLE_PAUSE_SECONDS = 0.05


def install(concurrency: int) -> None:
    """Mend rule → function, and let at most `concurrency` functions run at a time."""
    pinned.function(lambda_svc, "_get_func_record_for_ref", "function_ref")
    pinned.function(lambda_svc, "_get_base_func_record_for_ref", "function_ref")
    pinned.function(lambda_svc, "_execution_record_for_config", "func, config")
    pinned.function(lambda_svc, "_reserved_concurrency", "func, config")
    pinned.attribute(lambda_svc, "_invoke_depth")
    pinned.function(sqs, "_queue_by_arn", "arn")
    pinned.function(sqs, "_act_send_message", "data, qurl")
    pinned.function(iam_evaluator, "evaluate_resource_policy", "doc, ctx, service, named_only, direct_only")
    _bound_concurrency(concurrency)
    _end_with_the_life()
    _remember_delivery()
    pinned.replace(eventbridge, "_dispatch_to_lambda", "arn, payload", _hand_over)


def _bound_concurrency(places: int) -> None:
    """Queue invocations beyond `places`: a burst would start one Python process per event."""
    free = threading.BoundedSemaphore(places)

    def execute(func: dict[str, Any], event: Any) -> Any:
        # MiniStack re-enters this function under the function's own account, and a function that was invoked
        # by another one runs while its caller waits: neither may wait for a place that is held on its behalf.
        if _holds_place.get() or lambda_svc._invoke_depth.get() > 1:
            return original(func, event)
        accepted_in = _accepted_in.get()
        while accepted_in is None or accepted_in == lifetime.current():
            with free:
                held = _holds_place.set(True)
                try:
                    result = original(func, event)
                finally:
                    _holds_place.reset(held)
            if accepted_in is None or not result.get("throttle") or _is_switched_off(func):
                return result
            time.sleep(_THROTTLE_PAUSE_SECONDS)
        return {"body": None}  # accepted before a reset: it has nowhere to run any more

    original = pinned.replace(lambda_svc, "_execute_function", "func, event", execute)


def _is_switched_off(func: dict[str, Any]) -> bool:
    """A function with a reserved concurrency of 0 never runs: its events fail, they do not wait."""
    return bool(lambda_svc._reserved_concurrency(func, func.get("config") or func) == 0)


def _end_with_the_life() -> None:
    """Tie each asynchronous event to the life it was accepted in, retries included."""

    def invoke(func: dict[str, Any], event: Any) -> None:
        token = _accepted_in.set(lifetime.current())
        try:
            original(func, event)  # copies this context into the thread that retries
        finally:
            _accepted_in.reset(token)

    original = pinned.replace(lambda_svc, "invoke_async_with_retry", "func, event", invoke)


def _remember_delivery() -> None:
    """Keep the target and the rule at hand: MiniStack passes only the function's ARN on."""

    def invoke_target(
        target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None
    ) -> None:
        token = _delivery.set((target, rule))
        try:
            original(target, event, rule, view)
        finally:
            _delivery.reset(token)

    original = pinned.replace(eventbridge, "_invoke_target", "target, event, rule, view", invoke_target)


def _hand_over(arn: str, payload: str) -> None:
    """Invoke the function asynchronously, or put the event into the dead letters of the rule's target."""
    target, rule = _delivery.get()
    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        _to_dead_letters(target, rule, payload, "RESOURCE_NOT_FOUND", f"Function not found: {arn}")
    elif not _may_invoke(rule, arn):
        reason = (
            f"Not authorized to invoke {name}: its policy does not allow events.amazonaws.com for this rule"
        )
        _to_dead_letters(target, rule, payload, "NO_PERMISSIONS", reason)
    else:
        record = lambda_svc._execution_record_for_config(function, config)
        record["event_invoke_config"] = _invoke_config(arn)
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))


def _invoke_config(arn: str) -> dict[str, Any] | None:
    """The retries and destinations that are configured for the qualifier in the ARN, else for $LATEST."""
    function, _config, name = lambda_svc._get_base_func_record_for_ref(arn)
    qualifier = arn.partition(f":function:{name}:")[2] or "$LATEST"
    configured: dict[str, dict[str, Any]] = function.get("event_invoke_configs") or {}
    return configured.get(qualifier) or (
        function.get("event_invoke_config") if qualifier == "$LATEST" else None
    )


def _may_invoke(rule: dict[str, Any], arn: str) -> bool:
    function, _config, _name = lambda_svc._get_base_func_record_for_ref(arn)
    return _allows(function.get("policy"), "lambda:InvokeFunction", arn, rule)


def _to_dead_letters(
    target: dict[str, Any], rule: dict[str, Any], payload: str, code: str, message: str
) -> None:
    """Send the event, and why it failed, to the dead-letter queue of the target, if there is one."""
    _log.warning("rule %s could not reach %s: %s", rule.get("Name"), target.get("Arn"), message)
    queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue_arn:
        return
    queue = sqs._queue_by_arn(queue_arn)
    if queue is None or not _allows(queue["attributes"].get("Policy"), "sqs:SendMessage", queue_arn, rule):
        _log.warning("the dead-letter queue %s is missing or does not allow events.amazonaws.com", queue_arn)
        return
    attributes = {
        "RULE_ARN": rule["Arn"],
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": code,
        "ERROR_MESSAGE": message,
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "RETRY_ATTEMPTS": "0",
    }
    sqs._act_send_message(
        {
            "QueueUrl": queue["url"],
            "MessageBody": payload,
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        },
        queue["url"],
    )


def _allows(policy: Any, action: str, resource: str, rule: dict[str, Any]) -> bool:
    """Whether a resource's policy lets EventBridge do this on behalf of the rule."""
    context = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=True,
        service_context={"aws:sourcearn": rule.get("Arn", ""), "aws:sourceaccount": get_account_id()},
    )
    decision = iam_evaluator.evaluate_resource_policy(
        policy, context, service="events.amazonaws.com"
    ).decision
    return bool(decision == "Allow")
