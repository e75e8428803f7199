"""A stand-in of the Database Migration Service: PostgreSQL tables to Parquet files in S3, a full load and then changes.

It is configured by nothing but what the program declares in DMS: endpoints, table mappings, replication settings.

    control       what DMS says: replications, their endpoints, their secret
    mappings      table mappings: which tables and columns, under which names
    pgoutput      messages of PostgreSQL's logical decoding
    types         a column's PostgreSQL type -> what DMS writes to Parquet
    source        the database: slot, publication, columns, rows
    files         rows -> Parquet files in S3, named as DMS names them
    load          the full load, inside the slot's snapshot
    stream        the changes after it, confirmed only once their files are in S3
    replication   the life of one replication
    progress      status and statistics on disk, which DescribeReplications reads
    runtime       the process: one replication for each that is started

Promises: every committed change lands at least once, those of a table in the order of their commits; after a crash of
this process or of the server nothing is missing.
"""
