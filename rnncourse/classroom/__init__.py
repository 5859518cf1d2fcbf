"""A classroom on one machine: JupyterHub, nbgrader's exchange, a teacher, two learners.

A demonstration and a rehearsal, not a server for a class: everybody shares one system
user, so nothing keeps a learner from reading another's files.
"""
