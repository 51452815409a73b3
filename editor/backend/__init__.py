"""Where the network's work is done: in threads here, in processes, or on other machines.

What a page, a program or a benchmark asks for is a ``Job`` of values that other processes can read
(job.py, contract.py). A backend is a function from a job to its items, one step after the other:
threads.py and processes.py are two; serve/ has one for clusters, ui/lent.py one for GPUs that are
lent. To stop is to close.
"""
