"""AWS's own service models of the IoT family, reduced to what the catalog is checked against.

One JSON file a service, written by `make models` from botocore: every operation with its HTTP method, and the
shapes that requests and responses of the writing operations are made of. The catalog is checked
against these and not against the installed botocore, which the embedded AWS holds back, and which
has dropped the services that AWS retired.
"""
