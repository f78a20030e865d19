"""The same search behind other servers, each as the documentation of its server recommends.

Every server gets the same request (a form with ``image`` and ``text``; BentoML, whose batches need one argument, JSON),
two processes, one thread per graph run, and answers with the same products.
"""
