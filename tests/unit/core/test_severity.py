from handlers.core.severity import Severity


def test_severities_are_ordered_from_informational_to_critical() -> None:
    assert sorted(Severity, key=lambda severity: severity) == [
        Severity.INFORMATIONAL,
        Severity.LOW,
        Severity.MEDIUM,
        Severity.HIGH,
        Severity.CRITICAL,
    ]


def test_the_worst_of_several_is_their_maximum() -> None:
    assert Severity.HIGH == max(Severity.LOW, Severity.HIGH, Severity.MEDIUM)
