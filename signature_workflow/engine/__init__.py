"""The engine: pure Python, without Odoo and without a database.

Bytes and frozen dataclasses go in and come out. Time, randomness, keys and fonts are arguments.
Errors carry a stable code and parameters; the models turn them into translated messages.
"""
