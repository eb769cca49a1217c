"""The dashboards' numbers: declared panels, one named query each, served as JSON and CSV."""
