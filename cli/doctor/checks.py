"""Every check, in the order in which an alert goes its way."""

from __future__ import annotations

from cli.doctor import functions, way_in, way_out
from cli.doctor.check import Check

CHECKS: tuple[Check, ...] = (*way_in.CHECKS, *functions.CHECKS, *way_out.CHECKS)
