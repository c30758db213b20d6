"""What runs on the developer's own machine: the embedded AWS, the local Slack, the demo."""
