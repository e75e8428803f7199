"""What `make up` shows in the end: what became of everything that was sent, and the answers of the warehouse.

gather      the report as a whole
datasets    records: topic, raw, curated, quarantine, duplicates and ledger, by position
captured    changes of the shop's tables: database and raw
bridge      messages: topic, Pub/Sub and failure queue, by position
published   snapshots shared with Azure: table and files
marts       a mart and an independent query over the source
write       report.json, the page, the terminal
"""
