"""What instructors run: many hand-ins, in a sandbox, with the verdict outside of it.

A hand-in is rebuilt on the released notebook, run in a kernel that is forked from a
warm process behind walls, and judged here: what crosses the wall are inputs one way
and plain values the other. Everything else is nbgrader's: its converter, its
gradebook, its formgrader and feedback.

This file imports nothing, since the sandbox loads it too.
"""
