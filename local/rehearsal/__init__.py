"""The rehearsal of the shop: a real retailer's orders through the whole platform, and an account of each of them.

    up          `make up` and `make down`: build, replay, run, report
    report      what became of every record, change, message and snapshot; report.json and its page
    capture     the shop's database: filled, loaded, changed, while the replication follows
    arrival     waiting until what was sent has arrived, in raw and in Pub/Sub
    pipeline    the state machine, run once
    positions   the records of a topic by (partition, offset)
    clients     boto3 clients of the platform's AWS
    replay      the events and changes themselves, and what they must come to

Each knows those below it only (import-linter's layers in pyproject.toml), and `local.clouds`, which knows nothing of
the shop.
"""
