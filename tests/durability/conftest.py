"""Power cuts need a C compiler, to record what the server does to its files. Without one they are not collected, and
`test_sync_order.py` remains.
"""

from support.power_cut import COMPILER

collect_ignore = [] if COMPILER else ["test_power_cut.py"]
