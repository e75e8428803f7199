"""The stacks: each file reads as the table of contents of what its stack has, in the order of the data's flow.

Only here does one component's output become another's input. The parts of an environment are in `parts`, a file each:
a function that takes what was made before, and returns what it made.
"""
