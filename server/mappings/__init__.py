"""Mappings of a workspace: saved, versioned, checked, and tried on a sample."""
