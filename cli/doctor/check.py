"""What a check is, what it finds, and how checks are run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cli.deployment import NotReached, aws_errors_told
from cli.doctor.site import Gone, Site
from handlers.core.severity import Severity

SET_BACK = "npx cdk deploy --revert-drift"
"""Sets back to the template what somebody changed or deleted by hand."""

Status = Literal["fine", "wrong", "unknown"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found, and of what is wrong the command that mends it."""

    is_fine: bool
    said: str
    command: str = ""


def fine(said: str) -> Found:
    """Nothing to do."""
    return Found(is_fine=True, said=said)


def wrong(said: str, command: str) -> Found:
    """Something to mend."""
    return Found(is_fine=False, said=said, command=command)


@dataclass(frozen=True, slots=True)
class Check:
    """Looks at one thing of an account and Region, and changes nothing."""

    name: str
    severity: Severity
    """How bad it is where something is wrong."""
    why: str
    """Why it matters, in words that end "… if not"."""
    look: Callable[[Site], Found]


@dataclass(frozen=True, slots=True)
class Result:
    """A check that was run. It is unknown where AWS did not let us look, or what it looks at is not there."""

    check: Check
    status: Status
    said: str
    command: str = ""

    def as_data(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "name": self.check.name,
            "severity": self.check.severity.value,
            "status": self.status,
            "found": self.said,
            "why": self.check.why,
            "command": self.command,
        }


def run_checks(checks: Sequence[Check], site: Site) -> Iterator[Result]:
    """Run each check; one that fails stops no other."""
    for check in checks:
        try:
            with aws_errors_told():
                found = check.look(site)
        except Gone as error:
            found = wrong(str(error), SET_BACK)
        except (NotReached, LookupError) as error:
            yield Result(check, "unknown", f"can not be looked at: {_say(error)}")
            continue
        yield Result(check, "fine" if found.is_fine else "wrong", found.said, site.complete(found.command))


def _say(error: Exception) -> str:
    return str(error) if isinstance(error, NotReached) else f"AWS answered without {error}"
