"""The static site: the lesson and the player as files for any web host, with the model in the visitor's browser."""
