"""The operator's tool, on the same core as the Lambda functions."""
