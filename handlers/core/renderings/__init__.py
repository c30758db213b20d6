"""Renderings of an alert: Slack blocks, SNS texts, plain text. Pure functions of the alert."""
