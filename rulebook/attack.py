"""The MITRE ATT&CK techniques that the catalog names, version 19: https://attack.mitre.org/versions/v19/."""

from __future__ import annotations

from collections.abc import Mapping

TECHNIQUES: Mapping[str, str] = {
    "T1020": "Automated Exfiltration",
    "T1021.004": "Remote Services: SSH",
    "T1040": "Network Sniffing",
    "T1069.003": "Permission Groups Discovery: Cloud Groups",
    "T1070": "Indicator Removal",
    "T1072": "Software Deployment Tools",
    "T1078.004": "Valid Accounts: Cloud Accounts",
    "T1098": "Account Manipulation",
    "T1098.001": "Account Manipulation: Additional Cloud Credentials",
    "T1098.003": "Account Manipulation: Additional Cloud Roles",
    "T1110": "Brute Force",
    "T1136.003": "Create Account: Cloud Account",
    "T1195.002": "Supply Chain Compromise: Compromise Software Supply Chain",
    "T1199": "Trusted Relationship",
    "T1219": "Remote Access Tools",
    "T1484": "Domain or Tenant Policy Modification",
    "T1485": "Data Destruction",
    "T1486": "Data Encrypted for Impact",
    "T1489": "Service Stop",
    "T1526": "Cloud Service Discovery",
    "T1528": "Steal Application Access Token",
    "T1530": "Data from Cloud Storage",
    "T1531": "Account Access Removal",
    "T1537": "Transfer Data to Cloud Account",
    "T1553.004": "Subvert Trust Controls: Install Root Certificate",
    "T1556": "Modify Authentication Process",
    "T1557": "Adversary-in-the-Middle",
    "T1565.001": "Data Manipulation: Stored Data Manipulation",
    "T1565.002": "Data Manipulation: Transmitted Data Manipulation",
    "T1567": "Exfiltration Over Web Service",
    "T1601.001": "Modify System Image: Patch System Image",
    "T1610": "Deploy Container",
    "T1648": "Serverless Execution",
    "T1649": "Steal or Forge Authentication Certificates",
    "T1651": "Cloud Administration Command",
    "T1685": "Disable or Modify Tools",
    "T1685.002": "Disable or Modify Tools: Disable or Modify Cloud Log",
}
"""Names by id. Version 19 revoked T1562 for T1685, and T1562.008 for T1685.002."""
