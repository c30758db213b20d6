"""From people's YAML to the compiled ruleset: the catalog, the config, their checks. Never in Lambda."""
