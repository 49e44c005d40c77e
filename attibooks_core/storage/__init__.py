"""What has to outlive the process: tables, and the only SQL of the host.

Every table carries the workspace, and every query takes it. Kept are ids, hashes and error texts; what holds customer
data (a frozen payload, a kept answer) or a secret is sealed by the vault and dropped when it has served.
"""
