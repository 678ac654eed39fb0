"""Proofs over the log: a Merkle tree in the order of positions, signed heads, receipts, and who watches them.

What needs no database and no Django lies in files of its own: `tree`, `growing`, `tiles`, `leaf`, `note`, `checkpoint`,
`receipt`, `verifying`, `watching`.
"""
