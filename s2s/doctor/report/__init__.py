"""A diagnosis for people: ``words`` says it line by line, ``page`` as one HTML file."""
