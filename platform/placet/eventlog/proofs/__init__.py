"""Proofs over the log: a Merkle tree in the order of positions, signed tree heads, receipts and monitors.

Modules without database and Django: `tree`, `append_tree`, `tiles`, `leaf`, `signed_note`, `tree_head`, `receipt`,
`verify`, `monitor`.
"""
