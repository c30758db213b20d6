"""The operator's one file, `config/alerts.yaml`: its model, and everything that is wrong with it at once."""

from rulebook.config.check import CheckedConfig, check_config, check_source, load_config
from rulebook.config.delivery import Operators
from rulebook.config.model import Config, KnownAutomation, Override, effective_severity
from rulebook.config.rules import CustomRule

__all__ = [
    "CheckedConfig",
    "Config",
    "CustomRule",
    "KnownAutomation",
    "Operators",
    "Override",
    "check_config",
    "check_source",
    "effective_severity",
    "load_config",
]
