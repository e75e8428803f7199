"""The capabilities of the backbone, one ComponentResource a file.

Components do not know each other: each takes typed arguments and gives typed outputs, and `__main__` hands one's
outputs to another. Whoever owns a thing grants access to it (`grant_*`); no policy about it is written elsewhere.
"""
