"""What runs in Lambda, and nothing else.

Entry points (`detect`, `deliver`) wire the adapters once and call the pipeline; the
pipeline asks the pure core to decide and lets the adapters act.
"""
