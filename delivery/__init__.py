"""How a change of this repository gets into the accounts: what the workflows of `.github/workflows` run.

A change is classed (`changes`) from a plan of the engine (`plan`) or from two reviewed graphs (`graphs`), written as
Markdown (`comment`), and told on GitHub once (`github`). `python -m delivery` has the commands; the Makefile has a
target for each, so that what a workflow does runs on any machine.
"""
