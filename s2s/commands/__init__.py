"""The command line's commands, one or two a module: ``add(commands)`` declares, a function of the name runs.

They are all imported to show ``--help``, so that torch is imported only inside what runs.
"""
