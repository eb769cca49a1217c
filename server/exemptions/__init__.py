"""Columns that a workspace may send card numbers in: who allowed it, when and why."""
