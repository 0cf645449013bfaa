"""Stories of users in a real browser, and random walks over every control (README.md)."""
