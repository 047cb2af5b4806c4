"""How much one request may hold, and how long its client may keep it waiting. Operators read of these limits in
docs/operations.md; what a name or a value may be is in `podium.domain.names`.
"""

MAX_HEAD_BYTES = 64 << 10  # URL and headers together
MAX_JSON_BYTES = 64 << 20
MAX_PIPELINED = 32

# A body that arrives slower than this is not one that anybody waits for. It holds for what a client has had time to
# send in excess of its time-out, so short bodies on bad lines are never held to it.
MIN_BODY_BYTES_PER_S = 1024

# The key in the scope under which the connection hands on what has come of the request, to those who enforce limits.
CYCLE = "podium.cycle"

# The key in the scope of an answer that ends only with its connection: the time at which it began.
ENDLESS = "podium.endless"

# The key in the scope of a request that is nobody's concern: it gets no line in the log.
UNLOGGED = "podium.unlogged"
