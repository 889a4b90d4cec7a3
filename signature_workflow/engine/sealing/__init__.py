"""Certifying a document and checking a certified one."""
