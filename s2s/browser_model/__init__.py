"""The model in the visitor's browser: a network, search and text in JavaScript, and what Python prepares for them."""
