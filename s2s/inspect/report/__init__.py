"""An inspection as one HTML page."""
