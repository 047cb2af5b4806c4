"""What W&B's client filters and sorts by: documents in MongoDB's style and orders into `podium.domain.filters`. No I/O.

Call `parse_run_filter(text)` and `parse_run_order(text)`; `mongo.parse_filter` is for other things than runs, which
give it their own names. W&B's names on the left of an arrow become Podium's:

    name -> slug                        displayName, display_name -> name
    createdAt, created_at -> start_time heartbeatAt, heartbeat_at, updatedAt, updated_at -> heartbeat_at
    username, user -> user_id           state -> status and note
    duration (seconds)                  group, jobType, notes, description, host, sweep: tags
    config.KEY, config.KEY.value -> the param KEY; nested keys are joined by dots
    summary_metrics.KEY, summary.KEY, summaryMetrics.KEY -> the metric KEY's latest value
    tags -> the list in the tag that holds it

Operators: `$eq $ne $gt $gte $lt $lte $in $nin $exists $regex` (with `$options: "i"`), `$not`, and `$and $or $nor`
around them. As in MongoDB, `$ne`, `$nin` and `$not` hold where there is no value, and null is equal to that.

Of the config, numbers are equal to the text that Python writes for them, and are compared as numbers; the summary's
values are compared as numbers alone.
"""

from podium.protocols.wandb.grammar.runs import parse_run_filter, parse_run_order

__all__ = ["parse_run_filter", "parse_run_order"]
