"""Names for runs whose makers give none: `calm-heron-417`."""

import secrets

_ADJECTIVE_TEXT = """
able amber apt bold brave brief bright brisk calm candid cheery civil clear clever cosy crisp curious dapper
daring deft eager early earnest easy even exact fair fancy fast fine firm fond frank free fresh gentle glad
golden grand happy hardy honest humble ideal jolly keen kind lively loyal lucid lucky mellow merry mighty mild
modest neat nimble noble patient placid plucky polite proud quick quiet rapid ready robust rosy serene sharp
silent silver sleek smart smooth snug solid spry stable steady stout subtle sunny swift tidy tranquil true
upbeat useful valiant vivid warm wise witty zesty
"""
_NOUN_TEXT = """
acorn alder aspen badger beacon beaver birch bison brook canyon cedar cliff clover cloud comet condor coral
crane creek curlew dale delta dune eagle ember falcon fern finch fjord forest fox garnet geyser glade grove
gull harbor hare hazel heron hill ibis iris island ivy jay juniper kestrel lagoon lake lark laurel lichen lily
linden lynx magpie maple marsh marten meadow merlin mesa moose moss oak olive orchid osprey otter owl pebble
pine plover pond poplar puffin quail quartz raven reef ridge river robin rowan sage salmon shore sparrow spring
spruce stork stream summit swan tern thistle trout valley walnut willow wren
"""
_ADJECTIVES, _NOUNS = _ADJECTIVE_TEXT.split(), _NOUN_TEXT.split()


def random_run_name() -> str:
    """An adjective, a noun and a number. Names need not be unique."""
    return f"{secrets.choice(_ADJECTIVES)}-{secrets.choice(_NOUNS)}-{secrets.randbelow(1000)}"
