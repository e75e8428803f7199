"""What the Glue jobs do, as plain PySpark and plain Python.

The archive `lakehouse.zip` has this folder at its root. Nothing here knows where it runs: catalog,
endpoints and credentials come from the job's Spark properties and environment, what a dataset is
from the compiled contract (`contract.py`).

    main, session, log             entry: Glue's arguments in, one JSON line an event out
    contract                       the compiled contract, typed
    scalars, record, amounts       one record: parsed exactly, enforced, conformed; no Spark
    orders_record, orders          what is particular to orders: derived amounts; fold into tables
    judge, settle                  a batch: each row judged, then given the one place where it ends
    iceberg, source, books         tables as Iceberg has them: snapshots, merge, publish; watermark; ledger
    curate, mart, days             two jobs, and the days that one tells the other
    publish, exchange, arrow       the third job: snapshots of shared tables, and the folders they lie in
"""
