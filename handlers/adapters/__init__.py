"""One file for each outside thing: what the pipeline's Protocols mean on AWS, in Slack, in memory."""
