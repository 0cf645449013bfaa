"""The report of an inspection as one HTML page."""
